package io.lanyard.daemon.network;

import io.lanyard.base.Clock;
import io.lanyard.base.Directories;
import io.lanyard.base.DumpNode;
import io.lanyard.base.LogEvent;
import io.lanyard.base.MemoryBudget;
import io.lanyard.base.TimerWheel;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.config.PortPolicy;
import io.lanyard.control.api.EgressTestInfo;
import io.lanyard.daemon.event.EventBus;
import io.lanyard.daemon.metric.Metrics;
import io.lanyard.daemon.watch.Watchdog;
import io.lanyard.dhcp.LeaseStore;
import io.lanyard.nat.HostResources;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.vmm.Nic;
import io.lanyard.vswitch.LoopAlarm;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.policy.PortAddresses;
import io.lanyard.vswitch.port.Framing;
import io.lanyard.vswitch.port.Patches;
import io.lanyard.vswitch.port.PortContext;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoop;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A network that runs: its loop, its switch, its ports, and what its mode adds.
 *
 * <p>A part that cannot run (a TAP device without privilege, an address that is taken) is a problem
 * of its own: it is logged, shown, and the rest of the network runs.
 *
 * <p>Thread: {@link #start} and {@link #close} once each; the others any but the loop. State
 * belongs to the loop; what is asked for is taken there.
 */
public final class Network implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Network.class.getName());

  /** The state of a network that is configured and does not run, and of what is on it. */
  static final String STOPPED = "stopped";

  /** The host adapter's port. */
  public static final String HOST_PORT = "host";

  /** The port of a bridged network's uplink. */
  public static final String UPLINK_PORT = "uplink";

  /** The gateway's port. */
  static final String GATEWAY_PORT = "gateway";

  /** The ports that a network has by itself. */
  public static final Set<String> OWN_PORTS = Set.of(GATEWAY_PORT, HOST_PORT, UPLINK_PORT);

  /**
   * All that networks share.
   *
   * @param directories where sockets are
   * @param clock time
   * @param leases where leases are kept
   * @param host the host's resources
   * @param metrics the daemon's metrics
   * @param events hears of what happens
   * @param watchdog watches the loops
   * @param patches where the ends of patches between networks find each other
   */
  public record Shared(
      Directories directories,
      Clock clock,
      LeaseStore leases,
      HostResources host,
      Metrics metrics,
      EventBus events,
      Watchdog watchdog,
      Patches patches) {}

  private final Clock clock;
  private final LeaseStore leases;
  private final HostResources host;
  private final Metrics metrics;
  private final EventBus events;
  private final Watchdog watchdog;
  private final NetworkLoop loop;
  private final TimerWheel timers;
  private final MemoryBudget.Share memory;
  private final Switch ethernet;
  private final PortAddresses addresses = new PortAddresses(new SecureRandom().nextLong());
  private final NetworkPorts ports;
  private final NetworkGateway gateway;
  private final NetworkCaptures captures;
  private final ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
  private final StartingParts parts;
  private final NetworkReport report;
  private volatile NetworkConfig config;
  private volatile Map<String, GuestConfig> guests;

  /** Two look, after a change and in between: the one that was late must not count. */
  private final Object clashLock = new Object();

  private volatile List<String> clashes = List.of();

  public Network(NetworkConfig config, Shared shared, Map<String, GuestConfig> guests) {
    this.config = config;
    this.clock = shared.clock();
    this.leases = shared.leases();
    this.guests = guests;
    this.host = shared.host();
    this.metrics = shared.metrics();
    this.events = shared.events();
    this.watchdog = shared.watchdog();
    this.parts = new StartingParts(config.name(), clock);
    this.loop = new NetworkLoop(config.name());
    this.timers = LoopAlarm.wheel(loop.eventLoop(), clock, loop.faults());
    this.memory = MemoryBudget.ofProcess().share(config.name());
    this.ethernet =
        new Switch(config.name(), timers, loop.afterBatch(), loop.faults(), allocator, memory);
    this.gateway = new NetworkGateway(config.name(), loop, metrics);
    this.ports =
        new NetworkPorts(
            config,
            loop,
            new PortContext(
                loop.loop(),
                timers,
                ethernet,
                allocator,
                task -> Thread.ofVirtual().name("ports-" + config.name()).start(task)),
            shared.directories().runtime(),
            shared.patches(),
            host.prefixes(),
            metrics,
            events,
            addresses,
            host::ipv6SubnetOf,
            new HostAdapterRules(gateway),
            guestMacs(config, guests));
    this.captures =
        new NetworkCaptures(
            loop,
            ethernet,
            ports,
            clock,
            allocator,
            new NetworkCaptures.Labels(
                ethernet, () -> this.config, () -> this.guests, gateway::services));
    this.report =
        new NetworkReport(
            () -> this.config,
            () -> this.guests,
            () -> clashes,
            host,
            loop,
            ethernet,
            ports,
            gateway,
            parts,
            memory);
  }

  private static List<Long> guestMacs(NetworkConfig config, Map<String, GuestConfig> guests) {
    return guests.values().stream()
        .flatMap(guest -> guest.nics().stream())
        .filter(nic -> nic.network().equals(config.name()))
        .map(nic -> nic.mac().bits())
        .toList();
  }

  /**
   * The network's name.
   *
   * @return as in the configuration
   */
  public String name() {
    return config.name();
  }

  /** Whether it is configured and does not run. */
  public boolean isStopped() {
    return !config.enabled();
  }

  /** The largest IP packet, in bytes. */
  public int mtu() {
    return config.mtu();
  }

  /** The configuration that runs. */
  public NetworkConfig config() {
    return config;
  }

  /**
   * Takes over what can change while a network runs and cannot fail: what its switch, its gateway
   * and its services do. Its ports and forwards have methods of their own.
   *
   * @param next the same network with other settings; its ports and forwards are taken for granted
   * @param declared the guests that the configuration declares from now on
   */
  public void configure(NetworkConfig next, Map<String, GuestConfig> declared) {
    loop.call(() -> {
      ports.configure(next, guestMacs(next, declared));
      gateway.configure(next, declared);
      config = next;
      guests = declared;
      return true;
    });
  }

  /**
   * Makes a port, and waits until it has tried to open.
   *
   * @return why it does not work, with the remedy; empty if it does
   */
  public String addPort(PortConfig port) {
    return config.enabled() ? ports.add(port) : "";
  }

  /**
   * Keeps the failures of ports and forwards that are started from now on out of the log: a change
   * may be refused because of them, and takes them away again.
   */
  public void holdFailures() {
    ports.holdFailures();
    gateway.holdFailures();
  }

  /** Logs the failures that were kept back, of ports and forwards that are still there. */
  public void tellFailures() {
    ports.tellFailures();
    gateway.tellFailures();
  }

  /**
   * Gives a connection that stands a port of its own, for as long as it lives. Its frames have
   * lengths as gvproxy's {@code /connect} has them.
   *
   * @param descriptor a connected UNIX stream socket, closed if the network cannot have it
   * @param first what was read from it already
   */
  public void take(int descriptor, byte[] first) {
    ports.handedOver().take(descriptor, first);
  }

  /**
   * Gives a socket that another process has opened a port of its own, for as long as it is
   * connected.
   *
   * @param descriptor a connected UNIX or TCP stream socket, closed if the network cannot have it
   * @param framing how frames lie in it
   * @return the port's name
   * @throws IllegalArgumentException if it is no such socket
   * @throws IllegalStateException if there are too many
   */
  public String take(int descriptor, Framing framing) {
    return ports.handedOver().take(descriptor, framing);
  }

  /** Ends a port that the configuration declared, and the flows of what was behind it. */
  public void removePort(String port) {
    ports.remove(port);
  }

  /**
   * Gives the host another adapter on the network, and waits until that has tried to open.
   *
   * @param adapter the adapter; null for none
   * @return why it does not work, with the remedy; empty if it does
   */
  public String hostAdapter(@Nullable HostAdapterConfig adapter) {
    return config.enabled() ? ports.hostAdapter(adapter) : "";
  }

  /** Gives a port or a guest's NIC another policy. */
  public void govern(String port, PortPolicy policy) {
    ports.govern(port, policy);
  }

  /**
   * Switches the link of a port off or on.
   *
   * @param port the port's name
   * @param up whether it is on
   * @return false if there is no such port that guests attach to
   */
  public boolean link(String port, boolean up) {
    return ports.link(port, up);
  }

  /**
   * Opens a forward.
   *
   * @return why it does not listen, with the remedy; empty if it does
   */
  public String addForward(ForwardConfig forward) {
    return config.enabled() ? gateway.addForward(forward) : "";
  }

  /** Closes a forward, and ends its flows. */
  public void removeForward(ForwardConfig forward) {
    gateway.removeForward(forward);
  }

  /** Lets a forward that goes on listening lead elsewhere; its present flows stay. */
  public void changeForward(ForwardConfig before, ForwardConfig after) {
    gateway.changeForward(before, after);
  }

  /** Exceptions and errors that reached the loop. On any thread. */
  public long loopFailures() {
    return loop.faults().count();
  }

  /**
   * Starts every part, or none if it is to be stopped. Never throws: what fails is noted, and tried
   * again by {@link #restart}.
   */
  public void start() {
    watchdog.watch(watched(), loop.eventLoop());
    if (config.enabled()) {
      parts.add("its host adapter", () -> ports.hostAdapter(config.hostAdapter()));
      parts.add("its uplink", ports::startUplink);
      parts.add("its gateway", this::startGateway);
      parts.add("its switch", ports::start);
      parts.start();
    }
    // Read while the loop works: a value may be a frame behind, and a loop that hangs hides none.
    metrics.network(name(), "ports", () -> ethernet.ports().size());
    metrics.network(name(), "leases", gateway::boundLeases);
    metrics.network(name(), "port_memory_bytes", memory::used);
    metrics.network(name(), "floods", ethernet::floods);
    metrics.network(name(), "moves", ethernet::moves);
    metrics.network(name(), "evictions", ethernet::evictions);
  }

  /**
   * Whether a part could not start, and it is time to try again. On any thread.
   *
   * @return true if {@link #restart} has something to do
   */
  public boolean isRestartDue() {
    return parts.isDue();
  }

  /** Tries those parts again that could not start. Never throws, and never with another change. */
  public void restart() {
    parts.startAgain();
  }

  /** Makes the gateway with its services, where the mode has one. */
  private void startGateway() {
    if (config.gateway() == null) {
      return;
    }
    gateway.start(() -> {
      NetworkServices made =
          new NetworkServices(
              config,
              loop.eventLoop(),
              ethernet,
              timers,
              allocator,
              leases.network(name(), loop.eventLoop()),
              guests,
              host);
      made.nat().portRules(ports.egress());
      made.bind(addresses, ports.hasHostAdapter());
      made.addListener(new LeaseEvents(name(), events));
      made.nat().flows().listen(new FlowEvents(name(), events, timers));
      made.nat().forwards().listen(new ForwardEvents(name(), events));
      made.measure(metrics);
      return made;
    });
  }

  /** The address that a NIC's lease gives it, as text; empty for none. */
  public String addressOf(long mac) {
    return gateway.addressOf(mac);
  }

  /**
   * Attaches a guest's NIC to a port of that name.
   *
   * @param mtu the largest IP packet, in bytes; null for the network's
   */
  public void attach(String port, Nic nic, @Nullable Integer mtu, PortPolicy policy) {
    ports.attach(port, nic, mtu == null ? config.mtu() : mtu, policy);
  }

  /** Notes whether the guest behind a port is powered on. Does not block. */
  public void powered(String port, boolean on) {
    ports.powered(port, on);
  }

  /** Removes the port of a NIC, if it is there. */
  public void detach(String port) {
    ports.detach(port);
  }

  /**
   * How many flows another configuration would forbid.
   *
   * @param next the network
   * @param declared the guests
   */
  public long flowsEndedBy(NetworkConfig next, Map<String, GuestConfig> declared) {
    return gateway.flowsEndedBy(next, () -> ports.egressUnder(next, declared.values()));
  }

  /**
   * Finds out what would become of a guest's flow. Nothing is counted.
   *
   * @param port the name of the port that the guest is behind
   * @param question the flow
   * @return an answer for each address that the flow may lead to; at least one
   */
  public List<EgressTestInfo> testEgress(String port, EgressQuestion question) {
    List<EgressTestInfo> answers = gateway.testEgress(ethernet, port, question);
    return answers.isEmpty()
        ? List.of(EgressInquiry.withoutGateway(config, port, question))
        : answers;
  }

  /** Its subnets of either family, whether it runs or not. */
  public List<Subnet> subnets() {
    return List.copyOf(host.subnetsOf(config));
  }

  /**
   * Looks whether the host reaches the network's subnets elsewhere. Blocks; not on the loop.
   *
   * @param ofHost the host; ignored if it was looked at for other subnets, before a change
   */
  public void noteClashes(SubnetClashes ofHost) {
    synchronized (clashLock) {
      Collection<Subnet> present = host.subnetsOf(config);
      if (ofHost.covers(present)) {
        clashes = ofHost.of(config, present);
      }
    }
  }

  /**
   * Ends a flow, both sides by a reset.
   *
   * @param id its number
   * @return false if there is no such flow any more
   */
  public boolean endFlow(long id) {
    return gateway.endFlow(id);
  }

  /**
   * Ends a lease, as if its client had given it back.
   *
   * @param address the address
   * @return false if nobody has it; the lease store has it otherwise when this returns
   */
  public boolean release(Address address) {
    return gateway.release(address);
  }

  /**
   * The network as it is at present, for people and for the API.
   *
   * @return the one object for the life of the network
   */
  public NetworkReport report() {
    return report;
  }

  /**
   * The captures of what passes.
   *
   * @return the one object for the life of the network
   */
  public NetworkCaptures captures() {
    return captures;
  }

  public DumpNode dump() {
    return loop.call(() -> {
      DumpNode.Builder node =
          DumpNode.of("network " + name())
              .with("mode", config.mode().text())
              .with("mtu", config.mtu())
              .with("running", config.enabled() && parts.problems().isEmpty())
              .child(ethernet.dump());
      node.child(timers.dump());
      gateway.dump(node);
      return node.build();
    });
  }

  @Override
  public void close() {
    try {
      loop.call(() -> {
        gateway.close();
        for (Port port : List.copyOf(ethernet.ports())) {
          ethernet.detach(port);
          port.close();
        }
        ports.close();
        ethernet.close();
        return true;
      });
    } catch (RuntimeException e) {
      event("network-not-closed").log(LOG, Level.WARNING, e);
    }
    watchdog.forget(watched());
    metrics.removeNetwork(name());
    memory.close();
    loop.close();
  }

  private LogEvent event(String event) {
    return LogEvent.of(event).with("network", name());
  }

  private String watched() {
    return "network " + name();
  }

  /**
   * The network's loop. The product itself has no use for it; a test keeps it busy.
   *
   * @return the one object for the life of the network
   */
  public EventLoop eventLoop() {
    return loop.eventLoop();
  }
}
