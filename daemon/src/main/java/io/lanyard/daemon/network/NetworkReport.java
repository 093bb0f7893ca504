package io.lanyard.daemon.network;

import io.lanyard.base.MemoryBudget;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.Ipv6Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.control.api.FlowInfo;
import io.lanyard.control.api.ForwardInfo;
import io.lanyard.control.api.LeaseInfo;
import io.lanyard.control.api.MacInfo;
import io.lanyard.control.api.NetworkInfo;
import io.lanyard.control.api.PortGroupInfo;
import io.lanyard.control.api.PortInfo;
import io.lanyard.daemon.watch.Problems;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.flow.FlowRecord;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.Switch;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The present state of a network, for people and for the API: its problems, its ports, stations,
 * leases, flows and forwards. Changes nothing.
 *
 * <p>Thread: any but the loop. The state is the loop's: a method asks the loop and waits for the
 * answer, which is a snapshot.
 */
public final class NetworkReport {
  private final String name;
  private final Supplier<NetworkConfig> config;
  private final Supplier<Map<String, GuestConfig>> guests;
  private final Supplier<List<String>> clashes;
  private final HostResources host;
  private final NetworkLoop loop;
  private final Switch ethernet;
  private final NetworkPorts ports;
  private final NetworkGateway gateway;
  private final StartingParts parts;
  private final Problems problems = new Problems();

  /**
   * Makes the report of a network that has not started.
   *
   * @param config the network as it is configured at present
   * @param guests the guests that the configuration declares at present
   * @param clashes the subnets that the host reaches elsewhere, a text for each
   * @param parts the parts that could not start yet
   * @param memory the network's part of the memory that ports may hold
   */
  NetworkReport(
      Supplier<NetworkConfig> config,
      Supplier<Map<String, GuestConfig>> guests,
      Supplier<List<String>> clashes,
      HostResources host,
      NetworkLoop loop,
      Switch ethernet,
      NetworkPorts ports,
      NetworkGateway gateway,
      StartingParts parts,
      MemoryBudget.Share memory) {
    this.name = ethernet.name();
    this.config = config;
    this.guests = guests;
    this.clashes = clashes;
    this.host = host;
    this.loop = loop;
    this.ethernet = ethernet;
    this.ports = ports;
    this.gateway = gateway;
    this.parts = parts;
    problems.addAll(parts::problems);
    problems.addAll(ports.report()::problems);
    problems.addAll(gateway::problems);
    problems.addAll(() -> shortage(memory));
  }

  private static List<String> shortage(MemoryBudget.Share memory) {
    String problem = memory.problem();
    return problem.isEmpty() ? List.of() : List.of(problem);
  }

  /**
   * The network as a whole.
   *
   * @return a snapshot
   */
  public NetworkInfo info() {
    return loop.call(this::infoOnLoop);
  }

  /**
   * The same, for a caller who does not wait long.
   *
   * @return a snapshot, when the network's loop has taken it
   */
  public Future<NetworkInfo> ask() {
    return loop.submit(this::infoOnLoop);
  }

  /**
   * The problems of the network's parts, which it has by itself on any host.
   *
   * @return a text for each
   */
  public List<String> ownProblems() {
    return loop.call(problems::present);
  }

  /** All problems, clashes too where the adapter has failed: that may be for another reason. */
  private List<String> allProblems() {
    List<String> all = new ArrayList<>(problems.present());
    all.addAll(clashes.get());
    return all;
  }

  private NetworkInfo infoOnLoop() {
    NetworkConfig config = this.config.get();
    GatewayConfig offered = config.gateway();
    Ipv4Config ipv4 = offered == null ? null : offered.ipv4();
    Subnet ipv6 = host.ipv6SubnetOf(config);
    return new NetworkInfo(
        config.name(),
        config.mode().text(),
        !config.enabled() ? Network.STOPPED : parts.problems().isEmpty() ? "running" : "failed",
        ipv4 == null ? "" : ipv4.subnet().toString(),
        !gateway.isThere() || ipv4 == null ? "" : ipv4.gateway().toString(),
        ipv6 == null ? "" : ipv6.toString(),
        !gateway.isThere() || ipv6 == null ? "" : Ipv6Config.gateway(ipv6).toString(),
        config.mtu(),
        ports.hasHostAdapter() && config.hostAdapter() != null ? config.hostAdapter().name() : "",
        HostServices.text(config, ipv6, ports.hasHostAdapter()),
        gateway.nat64Prefixes(),
        ethernet.ports().size(),
        gateway.boundLeases(),
        gateway.flowCount(),
        ports.report().busiest(),
        allProblems());
  }

  /**
   * The ports, those that failed included.
   *
   * @return a snapshot
   */
  public List<PortInfo> ports() {
    return loop.call(() -> ports.report().list(gateway::problems));
  }

  /**
   * The port groups, with the ports that name them.
   *
   * @return in the order of the configuration
   */
  public List<PortGroupInfo> portGroups() {
    NetworkConfig present = config.get();
    return present.portGroups().values().stream()
        .map(group ->
            new PortGroupInfo(
                present.name(), group.name(), group.ports(present, guests.get().values())))
        .toList();
  }

  /**
   * The MAC addresses that the switch knows, with what the gateway knows of them.
   *
   * @return a snapshot, by port and address
   */
  public List<KnownStation> stations() {
    return loop.call(() -> KnownStation.all(ethernet, gateway.services(), ownAddresses()));
  }

  /** The addresses of the gateway's port and of the host's, as far as they are there. */
  private Map<String, List<Address>> ownAddresses() {
    NetworkConfig config = this.config.get();
    GatewayConfig offered = config.gateway();
    if (offered == null) {
      return Map.of();
    }
    List<Address> gateways = new ArrayList<>();
    List<Address> hosts = new ArrayList<>();
    if (offered.ipv4() != null) {
      gateways.add(offered.ipv4().gateway());
      hosts.add(offered.ipv4().host());
    }
    Subnet ipv6 = host.ipv6SubnetOf(config);
    if (ipv6 != null) {
      gateways.add(Ipv6Config.gateway(ipv6));
      hosts.add(Ipv6Config.host(ipv6));
    }
    return Map.of(
        Network.GATEWAY_PORT,
        gateway.isThere() ? gateways : List.of(),
        Network.HOST_PORT,
        ports.hasHostAdapter() ? hosts : List.of());
  }

  /**
   * The same as the API shows it.
   *
   * @return a snapshot, by port and address
   */
  public List<MacInfo> macs() {
    return stations().stream().map(station -> station.info(name)).toList();
  }

  /**
   * The leases that are held.
   *
   * @return a snapshot, by address
   */
  public List<LeaseInfo> leases() {
    return loop.call(gateway::leases);
  }

  /**
   * The flows through the NAT.
   *
   * @return a snapshot
   */
  public List<FlowInfo> flows() {
    return ServiceStatus.flows(name, loop.call(() -> gateway.flows(flow -> true)));
  }

  /**
   * One flow through the network's NAT.
   *
   * @param id its number
   * @return as it stands; empty if there is no such flow any more
   */
  public Optional<FlowInfo> flow(long id) {
    List<FlowRecord> found = loop.call(() -> gateway.flows(flow -> flow.id() == id));
    return ServiceStatus.flows(name, found).stream().findAny();
  }

  /**
   * The port forwards, those that failed included.
   *
   * @return a snapshot
   */
  public List<ForwardInfo> forwards() {
    NetworkConfig config = this.config.get();
    return config.enabled()
        ? loop.call(gateway::forwards).stream()
            .map(status -> ServiceStatus.forward(name, status))
            .toList()
        : config.forwards().stream().map(forward -> ServiceStatus.stopped(name, forward)).toList();
  }

  /** How many flows a port of the switch has begun, or its clients where many share it. */
  public long flowsOfPort(String port) {
    return loop.call(() -> (long) gateway.countFlows(flow -> ports.isOf(port, flow.port())));
  }

  /** How many flows have come in by a forward. */
  public long flowsOfForward(ForwardConfig forward) {
    Set<String> keys = new HashSet<>();
    forward.each().forEach(one -> keys.add(one.key()));
    return loop.call(() ->
        (long) gateway.countFlows(flow -> flow.forward() != null && keys.contains(flow.forward())));
  }
}
