package io.lanyard.daemon.change;

import io.lanyard.base.LogEvent;
import io.lanyard.config.Configuration;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.config.change.Change;
import io.lanyard.daemon.guest.GuestSlot;
import io.lanyard.daemon.network.Network;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.VmmException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes the step of each kind of change.
 *
 * <p>Thread: the conductor's.
 */
final class StepMaker {
  private static final System.Logger LOG = System.getLogger(StepMaker.class.getName());

  private final RunningTree tree;
  private final OwnSettings settings;

  /**
   * Makes one.
   *
   * @param tree what runs
   * @param settings what concerns no network and no guest
   */
  StepMaker(RunningTree tree, OwnSettings settings) {
    this.tree = tree;
    this.settings = settings;
  }

  /**
   * The step of a change; null for one that is part of a network's settings, or waits for the next
   * start.
   */
  @Nullable Step step(Change change, Configuration before, Configuration after) {
    return switch (change) {
      case Change.NetworkAdded added -> addition(change, added.after(), after);
      case Change.NetworkRemoved removed -> removal(change, removed.before(), before);
      case Change.HostAdapterChanged changed -> hostAdapter(changed);
      case Change.PortAdded added -> port(change, added.after());
      case Change.PortRemoved removed -> inverse(change, port(change, removed.before()));
      case Change.PortReplaced replaced ->
          replacing(change, port(change, replaced.before()), port(change, replaced.after()));
      case Change.PortPolicyChanged changed -> policy(change, changed.before(), changed.after());
      case Change.ForwardAdded added -> forward(change, added.after());
      case Change.ForwardRemoved removed -> inverse(change, forward(change, removed.before()));
      case Change.ForwardChanged changed -> forward(change, changed);
      case Change.GuestAdded added -> guest(change, added.after());
      case Change.GuestRemoved removed -> new GuestRemoval(change.describe(), removed.before());
      case Change.GuestChanged changed ->
          tree.isMadeAnew(changed)
              ? new GuestReplacement(change.describe(), changed.before(), changed.after())
              : guest(change, changed.before(), changed.after());
      case Change.LogChanged one ->
          setting(change, () -> settings.log(one.after()), () -> settings.log(one.before()));
      case Change.HooksChanged one ->
          setting(change, () -> settings.hooks(one.after()), () -> settings.hooks(one.before()));
      case Change.MetricsChanged one ->
          served(change, settings::metrics, one.before(), one.after());
      case Change.ApiChanged one -> served(change, settings::api, one.before(), one.after());
      default -> null;
    };
  }

  /** The step that takes over a network's settings. */
  Step settings(String network, Configuration before, Configuration after) {
    return new Pair(
        "networks." + network,
        () -> {
          configure(network, after);
          return MissingOutbound.of(before.networks().get(network), after.networks().get(network));
        },
        () -> configure(network, before));
  }

  /** The step that removes a network, so that another one takes its place. */
  Step removal(Change change, NetworkConfig network, Configuration with) {
    return inverse(change, addition(change, network, with));
  }

  /** The step that adds a network, with the NICs that are on it. */
  Step addition(Change change, NetworkConfig network, Configuration with) {
    return new Pair(
        change.describe(),
        () -> add(network, with.guests()),
        () -> tree.removeNetwork(network.name()));
  }

  /** The step that presses the power buttons of guests that later steps end. */
  Step powerButtons(List<String> guests) {
    return new PowerButtons(tree, guests);
  }

  /** An attempt; answers why its result does not work yet, or an empty text. */
  @FunctionalInterface
  private interface Attempt {
    String make() throws VmmException;
  }

  /** A step back. */
  @FunctionalInterface
  private interface Undoing {
    void make() throws VmmException;
  }

  private record Pair(String describe, Attempt attempt, Undoing undoing) implements Step {
    @Override
    public String run() throws VmmException {
      return attempt.make();
    }

    @Override
    public void undo() throws VmmException {
      undoing.make();
    }
  }

  /** A removal: an addition, the other way round. */
  private static Step inverse(Change change, Step adding) {
    return new Pair(
        change.describe(),
        () -> {
          adding.undo();
          return "";
        },
        adding::run);
  }

  /** A removal and an addition in its place. The former is back if the latter throws. */
  private static Step replacing(Change change, Step former, Step adding) {
    return new Pair(
        change.describe(),
        () -> {
          former.undo();
          try {
            return adding.run();
          } catch (VmmException | RuntimeException e) {
            String _ = former.run();
            throw e;
          }
        },
        () -> {
          adding.undo();
          String _ = former.run();
        });
  }

  /** A change that takes effect at once and cannot fail. */
  private static Step setting(Change change, Undoing forth, Undoing back) {
    return new Pair(
        change.describe(),
        () -> {
          forth.make();
          return "";
        },
        back);
  }

  /** A server of the daemon's own that listens elsewhere. */
  private static <T> Step served(Change change, Function<T, String> server, T before, T after) {
    return new Pair(
        change.describe(),
        () -> server.apply(after),
        () -> {
          String _ = server.apply(before);
        });
  }

  private Network network(String name) {
    return Objects.requireNonNull(tree.network(name), name);
  }

  private static <T> T of(Map<String, T> map, String name) {
    return Objects.requireNonNull(map.get(name), name);
  }

  /** Adds a network, and answers with its problems. */
  private String add(NetworkConfig added, Map<String, GuestConfig> guests) {
    tree.addNetworks(List.of(added), guests);
    tree.guests().values().forEach(guest -> attachAgain(guest, added.name()));
    return String.join("; ", network(added.name()).report().ownProblems());
  }

  /** Attaches a guest's NICs to a network that was made; a VMM that hangs costs its guest alone. */
  private static void attachAgain(GuestSlot guest, String network) {
    try {
      guest.attachAgain(network);
    } catch (VmmException | RuntimeException e) {
      LogEvent.of("nic-not-attached")
          .with("guest", guest.config().name())
          .with("network", network)
          .with("cause", e)
          .with("advice", "restart the guest when its VMM answers again")
          .log(LOG, Level.WARNING);
    }
  }

  private void configure(String name, Configuration with) {
    network(name).configure(of(with.networks(), name), with.guests());
  }

  private Step port(Change change, PortConfig port) {
    return new Pair(
        change.describe(),
        () -> network(change.network()).addPort(port),
        () -> network(change.network()).removePort(port.name()));
  }

  private Step hostAdapter(Change.HostAdapterChanged changed) {
    return new Pair(
        changed.describe(),
        () -> network(changed.network()).hostAdapter(changed.after()),
        () -> {
          String _ = network(changed.network()).hostAdapter(changed.before());
        });
  }

  private Step policy(Change change, PortConfig before, PortConfig after) {
    return setting(
        change,
        () -> network(change.network()).govern(after.name(), after.policy()),
        () -> network(change.network()).govern(before.name(), before.policy()));
  }

  private Step forward(Change change, ForwardConfig forward) {
    return new Pair(
        change.describe(),
        () -> network(change.network()).addForward(forward),
        () -> network(change.network()).removeForward(forward));
  }

  private Step forward(Change change, Change.ForwardChanged changed) {
    ForwardConfig before = changed.before();
    ForwardConfig after = changed.after();
    return changed.keepsListening()
        ? setting(
            change,
            () -> network(change.network()).changeForward(before, after),
            () -> network(change.network()).changeForward(after, before))
        : replacing(change, forward(change, before), forward(change, after));
  }

  private Step guest(Change change, GuestConfig guest) {
    return new Pair(
        change.describe(),
        () -> add(guest, guest.autostart()),
        () -> tree.discardGuest(guest.name()));
  }

  private Step guest(Change change, GuestConfig before, GuestConfig after) {
    return setting(
        change,
        () -> of(tree.guests(), after.name()).configure(after),
        () -> of(tree.guests(), before.name()).configure(before));
  }

  /** Adds a guest, makes it, and starts it if it is to run; returns what went wrong. */
  private String add(GuestConfig config, boolean start) {
    GuestSlot slot = tree.addGuest(config);
    try {
      slot.create();
      if (start) {
        slot.act("start it", Guest::start);
      }
      return "";
    } catch (VmmException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /**
   * A guest that goes. If it is to stay after all, it is made again and is as it was: on, off or
   * failed.
   */
  private final class GuestRemoval implements Step {
    private final String what;
    private final GuestConfig guest;
    private boolean ran;
    private boolean failed;

    GuestRemoval(String what, GuestConfig guest) {
      this.what = what;
      this.guest = guest;
    }

    /** Whether a guest in its place starts: it ran, or should have and could not. */
    boolean starts(GuestConfig next) {
      return ran || (failed && next.autostart());
    }

    @Override
    public String describe() {
      return what;
    }

    @Override
    public String run() {
      GuestSlot slot = of(tree.guests(), guest.name());
      ran = slot.wasOn();
      failed = !ran && slot.hasProblem();
      tree.removeGuest(guest.name());
      return "";
    }

    @Override
    public void undo() throws VmmException {
      String problem = add(guest, starts(guest));
      if (!problem.isEmpty() && !failed) {
        throw new VmmException(problem);
      }
    }
  }

  /** A guest that is made anew. It runs if it ran before, or had failed to. */
  private final class GuestReplacement implements Step {
    private final GuestRemoval removal;
    private final GuestConfig after;

    GuestReplacement(String what, GuestConfig before, GuestConfig after) {
      this.removal = new GuestRemoval(what, before);
      this.after = after;
    }

    @Override
    public String describe() {
      return removal.describe();
    }

    @Override
    public String run() {
      String _ = removal.run();
      return add(after, removal.starts(after));
    }

    @Override
    public void undo() throws VmmException {
      tree.discardGuest(after.name());
      removal.undo();
    }
  }
}
