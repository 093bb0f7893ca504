package io.lanyard.daemon.change;

import io.lanyard.base.LogEvent;
import io.lanyard.base.Threads;
import io.lanyard.config.Configuration;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.change.Change;
import io.lanyard.control.api.EventType;
import io.lanyard.daemon.guest.GuestSlot;
import io.lanyard.daemon.metric.Metrics;
import io.lanyard.daemon.network.Network;
import io.lanyard.daemon.network.SubnetClashes;
import io.lanyard.net.Subnet;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The networks and guests that are there, running or not.
 *
 * <p>Thread: the readers any: they see a whole tree, before or after a change. One thread at a time
 * changes it, the conductor's once it is there.
 */
public final class RunningTree {
  private static final System.Logger LOG = System.getLogger(RunningTree.class.getName());

  private final Network.Shared shared;
  private final GuestSlot.Shared forGuests;
  private volatile Map<String, Network> networks = Map.of();
  private volatile Map<String, GuestSlot> guests = Map.of();

  /** Whether a change is being made that may be refused. On the conductor's thread. */
  private boolean trying;

  /** Whether a change waits for no guest any more. On the conductor's thread. */
  private boolean hurried;

  /**
   * Makes an empty tree.
   *
   * @param shared what networks share
   * @param forGuests what guests share
   */
  public RunningTree(Network.Shared shared, GuestSlot.Shared forGuests) {
    this.shared = shared;
    this.forGuests = forGuests;
  }

  /** Makes and starts networks, each on its own loop: the slowest decides, not the sum. */
  public void addNetworks(Collection<NetworkConfig> added, Map<String, GuestConfig> declared) {
    Map<String, Network> all = new LinkedHashMap<>(networks);
    // Each is told of all, so that no guest reaches another network for a moment.
    for (NetworkConfig config : added) {
      shared.host().subnetsOf(config).forEach(shared.host().subnets()::add);
    }
    List<Thread> starts = new ArrayList<>();
    for (NetworkConfig config : added) {
      Network network = new Network(config, shared, declared);
      if (trying) {
        network.holdFailures();
      }
      all.put(config.name(), network);
      starts.add(Thread.ofVirtual().name("start-" + config.name()).start(network::start));
    }
    starts.forEach(Threads::joinUninterruptibly);
    networks = Collections.unmodifiableMap(all);
    for (NetworkConfig config : added) {
      shared.events().publish(EventType.NETWORK_ADDED, config.name(), config.name(), Map.of());
    }
  }

  /**
   * Begins a change that may be refused: the log hears of ports that fail when it is decided, and
   * only of those that are still there.
   */
  void tryChange() {
    trying = true;
    networks.values().forEach(Network::holdFailures);
  }

  /** Says that the change is made, or undone. */
  void changeDecided() {
    trying = false;
    networks.values().forEach(Network::tellFailures);
  }

  /** Lists networks and guests as a configuration does; those that were made anew are the last. */
  void order(Configuration configuration) {
    networks = ordered(networks, configuration.networks().keySet());
    guests = ordered(guests, configuration.guests().keySet());
  }

  private static <T> Map<String, T> ordered(Map<String, T> present, Collection<String> names) {
    Map<String, T> ordered = new LinkedHashMap<>();
    for (String name : names) {
      T there = present.get(name);
      if (there != null) {
        ordered.put(name, there);
      }
    }
    present.forEach(ordered::putIfAbsent);
    return Collections.unmodifiableMap(ordered);
  }

  /** Ends a network. Guests with a NIC on it lose that one's other end. */
  void removeNetwork(String name) {
    Map<String, Network> rest = new LinkedHashMap<>(networks);
    Network gone = rest.remove(name);
    networks = Collections.unmodifiableMap(rest);
    if (gone != null) {
      try {
        String _ = gone.hostAdapter(null); // a persistent one stays when the daemon ends, not here
      } finally {
        gone.close();
      }
      shared.host().subnetsOf(gone.config()).forEach(shared.host().subnets()::remove);
      shared.events().publish(EventType.NETWORK_REMOVED, name, name, Map.of());
    }
  }

  /**
   * The subnets of another configuration that the host reaches elsewhere. Blocks.
   *
   * @return a text for each that this configuration has not, with its network's path; none if the
   *     host cannot be looked at, which the log says
   */
  List<String> clashes(Configuration before, Configuration after) {
    try {
      return clashes(clashesOf(after), before, after);
    } catch (RuntimeException e) {
      unknown(e);
      return List.of();
    }
  }

  /**
   * The same of a configuration that runs since just now. Each network is told of its clashes, so
   * that none has those of its former subnets.
   */
  List<String> noteClashes(Configuration before, Configuration present) {
    try {
      SubnetClashes ofHost = clashesOf(present);
      networks.values().forEach(network -> network.noteClashes(ofHost));
      return clashes(ofHost, before, present);
    } catch (RuntimeException e) {
      unknown(e);
      return List.of();
    }
  }

  private static void unknown(RuntimeException cause) {
    LogEvent.of("clashes-unknown").log(LOG, Level.WARNING, cause);
  }

  private SubnetClashes clashesOf(Configuration configuration) {
    return SubnetClashes.ofHost(
        configuration.networks().values().stream()
            .flatMap(network -> shared.host().subnetsOf(network).stream())
            .toList());
  }

  private List<String> clashes(SubnetClashes ofHost, Configuration before, Configuration after) {
    List<String> all = new ArrayList<>();
    for (NetworkConfig network : after.networks().values()) {
      NetworkConfig former = before.networks().get(network.name());
      List<Subnet> subnets = new ArrayList<>(shared.host().subnetsOf(network));
      if (former != null && former.enabled()) {
        subnets.removeAll(shared.host().subnetsOf(former));
      }
      ofHost
          .of(network, subnets, SubnetClashes.formerDevices(network.name(), before, after))
          .forEach(text -> all.add("networks." + network.name() + ": " + text));
    }
    return all;
  }

  /** Tries those parts of networks again that could not start. One thread at a time. */
  void restartFailed() {
    networks.values().stream().filter(Network::isRestartDue).forEach(Network::restart);
  }

  /** Whether a guest has to start anew, or be made anew while it is off, to become another. */
  boolean isMadeAnew(Change.GuestChanged change) {
    GuestSlot slot = guests.get(change.before().name());
    return change.needsRestart()
        && !(change.isPluggable() && slot != null && slot.canPlug(change.after()));
  }

  /** Adds a guest, which is not made yet. */
  public GuestSlot addGuest(GuestConfig config) {
    GuestSlot slot = new GuestSlot(config, forGuests, this::network);
    Map<String, GuestSlot> all = new LinkedHashMap<>(guests);
    all.put(config.name(), slot);
    guests = Collections.unmodifiableMap(all);
    Metrics metrics = shared.metrics();
    metrics.guest(config.name(), "running", () -> slot.isRunning() ? 1 : 0);
    metrics.guest(
        config.name(), "processor_seconds", () -> slot.statistics().processorNanos() / 1e9);
    metrics.guest(config.name(), "instructions", () -> slot.statistics().instructions());
    metrics.guest(config.name(), "overhead_bytes", () -> slot.statistics().overhead());
    return slot;
  }

  /**
   * Ends a guest by its power button and forgets it. Where the caller is interrupted, this guest
   * and those that are removed after it are powered off at once.
   */
  void removeGuest(String name) {
    GuestSlot gone = guests.get(name);
    if (gone != null && !hurried) {
      try {
        gone.awaitStop();
      } catch (InterruptedException e) {
        // The daemon stops. The change is brought to its end, for which the calls of VMMs must not
        // be interrupted too.
        hurried = true;
      }
    }
    discardGuest(name);
  }

  /** Powers a guest off at once and forgets it. */
  void discardGuest(String name) {
    Map<String, GuestSlot> rest = new LinkedHashMap<>(guests);
    GuestSlot gone = rest.remove(name);
    guests = Collections.unmodifiableMap(rest);
    if (gone != null) {
      gone.close();
      shared.metrics().removeGuest(name);
    }
  }

  /** The networks, in the order of the configuration. */
  public Map<String, Network> networks() {
    return networks;
  }

  public @Nullable Network network(String name) {
    return networks.get(name);
  }

  /** The guests, in the order of the configuration. */
  public Map<String, GuestSlot> guests() {
    return guests;
  }

  /** Does something to guests, all at a time, and waits until it is done to each. */
  public void onGuests(Collection<String> names, Consumer<GuestSlot> what) {
    List<Thread> threads = new ArrayList<>();
    for (String name : names) {
      GuestSlot slot = guests.get(name);
      if (slot != null) {
        threads.add(Thread.ofVirtual().name("guest-" + name).start(() -> what.accept(slot)));
      }
    }
    threads.forEach(Threads::joinUninterruptibly);
  }

  /** Lets {@link #close} wait for no guest to stop. */
  public void hurry() {
    guests.values().forEach(GuestSlot::hurry);
  }

  private static void stop(GuestSlot slot) {
    if (slot.keepsRunning()) {
      slot.release();
      return;
    }
    try {
      slot.awaitStop();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    slot.close();
  }

  /**
   * Ends everything, the guests first, by their power buttons. Those that are to keep running go
   * on.
   */
  public void close() {
    onGuests(guests.keySet(), RunningTree::stop);
    forGuests.plugins().close();
    networks.values().forEach(Network::close);
  }
}
