package io.lanyard.daemon.network;

import io.lanyard.base.Causes;
import io.lanyard.config.ByteSize;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.HostAdapterConfig;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.Ipv6Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.config.PortConfig;
import io.lanyard.config.PortPolicy;
import io.lanyard.config.UplinkConfig;
import io.lanyard.control.api.PortInfo;
import io.lanyard.daemon.event.EventBus;
import io.lanyard.daemon.metric.Metrics;
import io.lanyard.daemon.network.port.HostAdapterPorts;
import io.lanyard.daemon.network.port.PortKinds;
import io.lanyard.daemon.network.port.PortPlace;
import io.lanyard.daemon.network.port.UplinkPorts;
import io.lanyard.nat.egress.PortEgress;
import io.lanyard.net.Subnet;
import io.lanyard.net.UniqueLocal;
import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.InProcessNic;
import io.lanyard.vmm.Nic;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortListener;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.capture.FrameHistory;
import io.lanyard.vswitch.policy.HostDestinations;
import io.lanyard.vswitch.policy.PortAddresses;
import io.lanyard.vswitch.port.DevicePort;
import io.lanyard.vswitch.port.InProcessPort;
import io.lanyard.vswitch.port.Patches;
import io.lanyard.vswitch.port.PortContext;
import io.lanyard.vswitch.port.TapSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A network's ports: those that the configuration declares, its host adapter or uplink, and one for
 * each attached NIC of a guest.
 *
 * <p>Thread: opening blocks and is done from outside, one call at a time; what a method says that
 * it does on the loop needs the loop.
 */
final class NetworkPorts {
  private static final int OPEN_SECONDS = 5;

  private final NetworkLoop loop;
  private final PortContext context;
  private final Switch ethernet;
  private final PortAddresses addresses;

  private final UniqueLocal identifiers;

  /** The IPv6 subnet of a network, said or derived; null for none. */
  private final Function<NetworkConfig, @Nullable Subnet> ipv6Subnet;

  private final HostDestinations.Rules hostRules;

  /** On the loop. */
  private final PortGovernance governance;

  /** On the loop. */
  private final AttachedPorts attached;

  /** On the loop. */
  private final PortReport report;

  private final HandedOverSockets handedOver;

  private volatile NetworkConfig config;
  private volatile List<Long> guestMacs;

  /** The ports of guests' NICs. On the loop. */
  private final Set<String> nics = new HashSet<>();

  /** Whether what is started now may be taken away again before anybody needs to hear of it. */
  private volatile boolean tried;

  /** The logs of ports that were started meanwhile, by the ports' names. On the loop. */
  private final Map<String, PortLog> waitingLogs = new HashMap<>();

  /** The last frames of the ports; null if they are not kept. On the loop. */
  private @Nullable FrameHistory history;

  /**
   * Makes a network without ports.
   *
   * @param hostRules what guests may send to the host's adapter
   * @param guestMacs the addresses of configured guests' NICs, which no other port may use, whether
   *     the guest is there or not
   */
  NetworkPorts(
      NetworkConfig config,
      NetworkLoop loop,
      PortContext context,
      Path runtimeDirectory,
      Patches patches,
      UniqueLocal identifiers,
      Metrics metrics,
      EventBus events,
      PortAddresses addresses,
      Function<NetworkConfig, @Nullable Subnet> ipv6Subnet,
      HostDestinations.Rules hostRules,
      List<Long> guestMacs) {
    this.config = config;
    this.loop = loop;
    this.context = context;
    this.ethernet = context.network();
    this.addresses = addresses;
    this.governance =
        new PortGovernance(
            ethernet, new PortPolicies(config.switching(), addresses, context.timers().clock()));
    this.identifiers = identifiers;
    PortPlace place = new PortPlace(context, runtimeDirectory, patches, identifiers);
    this.attached = new AttachedPorts(governance, place, metrics, events, this::ended);
    this.report =
        new PortReport(this::config, place::guestMacOf, ethernet, governance, context.timers());
    this.handedOver =
        new HandedOverSockets(loop, context, governance, attached, () -> config().mtu());
    this.ipv6Subnet = ipv6Subnet;
    this.hostRules = hostRules;
    this.guestMacs = guestMacs;
    this.history = history(config);
    guestMacs.forEach(ethernet::reserve);
  }

  private NetworkConfig config() {
    return config;
  }

  private @Nullable FrameHistory history(NetworkConfig network) {
    ByteSize bytes = network.switching().history();
    return bytes == null || !network.enabled()
        ? null
        : FrameHistory.start(ethernet, context.timers().clock(), bytes.bytes());
  }

  /** The last frames of the ports; null if they are not kept. On the loop. */
  @Nullable FrameHistory history() {
    return history;
  }

  /** Gives back what is kept of the ports, which are closed by the owner. On the loop. */
  void close() {
    report.close();
    closeHistory();
  }

  private void closeHistory() {
    if (history != null) {
      history.close();
      history = null;
    }
  }

  /**
   * Makes and starts what the configuration declares, and waits until each port has tried to open.
   * One that has failed says so in its state and tries again by itself.
   */
  void start() {
    loop.post(report::start);
    List<CompletableFuture<Void>> opened = new ArrayList<>();
    for (PortConfig port : config.ports()) {
      opened.add(start(port));
    }
    await(opened);
  }

  private CompletableFuture<Void> start(PortConfig port) {
    restrict(port.name(), port.policy());
    return start(port.name(), port, policies -> policies.port(port), List.of());
  }

  /**
   * Makes and starts a port while the network runs, and waits until it has tried to open. Not on
   * the loop.
   *
   * @return the reason why it does not work, with its remedy; empty if it does
   */
  String add(PortConfig port) {
    await(List.of(start(port)));
    return loop.call(() -> report.problem(port.name()));
  }

  /** Keeps the failures of ports that are started from now on out of the log. */
  void holdFailures() {
    tried = true;
  }

  /** Logs the failures that were kept back, of ports that are still there. */
  void tellFailures() {
    tried = false;
    loop.post(() -> {
      waitingLogs.values().forEach(PortLog::tell);
      waitingLogs.clear();
    });
  }

  /** Detaches and closes a port, whether or not it works. Not on the loop. */
  void remove(String name) {
    loop.call(() -> {
      report.forget(name);
      waitingLogs.remove(name);
      attached.end(name);
      return true;
    });
  }

  /** Forgets what is kept of a port. On the loop. */
  private void ended(Port port) {
    nics.remove(port.name());
    if (history != null) {
      history.forget(port);
    }
  }

  /** Gives an attached port the rules that follow from another policy of its own. */
  void govern(String name, PortPolicy policy) {
    restrict(name, policy);
    loop.call(() -> {
      governance.govern(
          name, nics.contains(name) ? policies -> policies.nic(policy) : declared(name, policy));
      return true;
    });
  }

  /** Says where the guests behind a port may go, before they can go anywhere. */
  private void restrict(String name, PortPolicy policy) {
    // In its turn before the port is attached, however long the loop takes to come to it.
    loop.post(() -> governance.restrict(name, policy));
  }

  /** The egress of single ports. On the loop. */
  PortEgress egress() {
    return governance.egress();
  }

  /** The same as another configuration has it. On the loop. */
  PortEgress egressUnder(NetworkConfig next, Collection<GuestConfig> guests) {
    return governance.egressUnder(next, guests);
  }

  /** The rules of a port of the configuration, or of one that many connections share. */
  private PortGovernance.Rules declared(String name, PortPolicy policy) {
    for (PortConfig port : config.ports()) {
      if (port.name().equals(name)) {
        PortConfig governed = port.with(policy);
        return policies -> policies.port(governed);
      }
    }
    return policies -> policies.port(policy);
  }

  /** Whether a port is a certain one, or that of one of its clients. On the loop. */
  boolean isOf(String name, String port) {
    return governance.isOf(name, port);
  }

  /**
   * Takes the link of a port down or up. It is up again after the next start.
   *
   * @return false if there is no such port that somebody else may attach to
   */
  boolean link(String name, boolean up) {
    return loop.call(() -> attached.link(name, up));
  }

  /**
   * Takes over what a configuration says of all ports together: the switch's rules, and the
   * addresses of guests' NICs. On the loop.
   */
  void configure(NetworkConfig next, List<Long> macs) {
    boolean governed = !next.switching().equals(config.switching());
    boolean keepsOther = !Objects.equals(next.switching().history(), config.switching().history());
    config = next;
    if (keepsOther) {
      closeHistory();
      history = history(next);
    }
    if (governed) {
      governance.govern(new PortPolicies(next.switching(), addresses, context.timers().clock()));
    }
    for (long former : guestMacs) {
      if (!macs.contains(former)) {
        ethernet.unreserve(former);
      }
    }
    guestMacs = macs;
    guestMacs.forEach(ethernet::reserve);
  }

  /**
   * Ends the host adapter that is there, starts another one, and waits until that has tried to
   * open. A persistent one that is there stays only if the other is the same device.
   *
   * @param adapter the adapter; null for none
   * @return why it does not work, with the remedy; empty if it does
   */
  String hostAdapter(@Nullable HostAdapterConfig adapter) {
    String next = adapter == null ? "" : adapter.name();
    loop.call(() -> {
      if (find(Network.HOST_PORT) instanceof DevicePort former) {
        former.forgo(next);
      }
      return true;
    });
    remove(Network.HOST_PORT);
    GatewayConfig gateway = config.gateway();
    if (adapter == null || gateway == null) {
      return "";
    }
    Ipv4Config ipv4 = gateway.ipv4();
    List<HostDestinations.Own> own = new ArrayList<>();
    if (ipv4 != null) {
      own.add(new HostDestinations.Own(ipv4.host(), ipv4.subnet()));
    }
    Subnet ipv6 = ipv6Subnet.apply(config);
    if (ipv6 != null) {
      own.add(new HostDestinations.Own(Ipv6Config.host(ipv6), ipv6));
    }
    Object model =
        new HostAdapterPorts.HostAdapter(
            Network.HOST_PORT,
            adapter.name(),
            config.mtu(),
            own.stream()
                .map(one -> new TapSettings.HostAddress(one.address(), one.subnet().prefix()))
                .toList(),
            adapter.persistent(),
            // The same for each adapter of the network: guests that know it go on.
            identifiers.macAddress("host of " + config.name()).bits());
    HostDestinations destinations = new HostDestinations(own, hostRules);
    PortListener claim =
        new HostAdapterListener(
            config.name(),
            own.stream().map(HostDestinations.Own::address).toList(),
            ethernet,
            addresses,
            (port, mac) -> {
              attached.pin(mac, port);
              destinations.isAt(mac);
            });
    await(
        List.of(
            start(
                Network.HOST_PORT,
                model,
                policies -> policies.hostAdapter(destinations),
                List.of(claim))));
    return loop.call(() -> report.problem(Network.HOST_PORT));
  }

  /** Starts the uplink of a bridged network, and waits until it has tried to open. */
  void startUplink() {
    if (config.mode() instanceof NetworkMode.Bridged(UplinkConfig uplink)) {
      Object model = new UplinkPorts.Uplink(Network.UPLINK_PORT, uplink, config.mtu());
      PortListener follower = new UplinkListener(config.name(), ethernet);
      await(List.of(start(Network.UPLINK_PORT, model, PortPolicies::uplink, List.of(follower))));
    }
  }

  /** Answers when the port has tried to open. Not on the loop. */
  private CompletableFuture<Void> start(
      String name, Object model, PortGovernance.Rules rules, List<PortListener> listeners) {
    CompletableFuture<Void> opened = new CompletableFuture<>();
    List<PortListener> all = new ArrayList<>();
    all.add((port, before, now) -> opened.complete(null));
    boolean waits = tried;
    PortLog log = attached.log(waits);
    if (waits) {
      loop.post(() -> waitingLogs.put(name, log));
    }
    all.add(log);
    all.addAll(listeners);
    boolean[] added = {false};
    try {
      loop.call(() -> {
        Port port = attached.add(model, rules, all);
        added[0] = true;
        return port;
      });
    } catch (RuntimeException e) {
      String kind = PortKinds.kind(model);
      PortInfo info = PortStatus.failed(config.name(), name, kind, Causes.of(e));
      loop.post(() -> log.failed(name, kind, e));
      loop.post(() -> {
        if (!added[0]) { // else the loop was slow, and has come to it since
          report.failed(info);
        }
      });
      opened.complete(null);
    }
    return opened;
  }

  private static void await(List<CompletableFuture<Void>> opened) {
    CompletableFuture.allOf(opened.toArray(CompletableFuture[]::new))
        .completeOnTimeout(null, OPEN_SECONDS, TimeUnit.SECONDS)
        .join();
  }

  /** Whether the host has an address on the network now. On the loop. */
  boolean hasHostAdapter() {
    Port port = find(Network.HOST_PORT);
    return port != null && port.state().hasCarrier();
  }

  /**
   * Makes the port that goes with the attachment that a guest's NIC has taken. The NIC's own
   * methods are not called on the loop: they may hang.
   *
   * @param mtu the largest IP packet, in bytes
   */
  void attach(String name, Nic nic, int mtu, PortPolicy policy) {
    Attachment by = nic.attachment();
    if (by instanceof Attachment.UnixStream && !config.enabled()) {
      return; // a VMM may wait for other sockets when it starts: those are there
    }
    Object model = NicPorts.model(name, nic, by, mtu, policy);
    Port port = attach(name, model, nic.mac(), policy);
    if (port instanceof InProcessPort near && nic instanceof InProcessNic far) {
      if (config.enabled()) {
        far.connect(new GuestLink.TowardsNetwork(near.network()));
      } else {
        far.disconnect();
      }
    }
  }

  private Port attach(String name, Object model, long mac, PortPolicy policy) {
    restrict(name, policy);
    return loop.call(() -> {
      Port port = attached.add(model, policies -> nicRules(policies.nic(policy)), List.of());
      nics.add(name);
      attached.pin(mac, port);
      return port;
    });
  }

  /** The ports of sockets that other processes hand over. Thread: any but the loop. */
  HandedOverSockets handedOver() {
    return handedOver;
  }

  private PortRules nicRules(PortRules rules) {
    return config.enabled() ? rules : rules.unlinked();
  }

  /** Notes whether the guest behind a port is powered on. Does not block. */
  void powered(String name, boolean on) {
    loop.post(() -> {
      if (find(name) instanceof InProcessPort port) {
        port.carrier(on && config.enabled());
      }
    });
  }

  /** Detaches a guest's NIC, if it is attached. */
  void detach(String name) {
    loop.call(() -> {
      attached.end(name);
      guestMacs.forEach(ethernet::reserve);
      return true;
    });
  }

  /** On the loop. */
  @Nullable Port find(String name) {
    return governance.find(name);
  }

  /** How the ports are. On the loop. */
  PortReport report() {
    return report;
  }
}
