package io.lanyard.daemon.network;

import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.Problem;
import io.lanyard.linux.HostRoute;
import io.lanyard.linux.StackedInterfaces;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Finds networks whose subnet is also one that the host reaches elsewhere: its LAN, or what is
 * behind a VPN. Such a network runs, but its guests take the addresses there for neighbours of
 * theirs, and reach none of them.
 *
 * <p>Changes nothing. Reads {@code /proc} and {@code /sys}.
 *
 * <p>Thread: any that may wait, in the network namespace of the host's sockets.
 */
public final class SubnetClashes {
  /** A wider route is one for all the world in parts, as VPNs have it (0.0.0.0/1, 2000::/3). */
  private static final int LEAST_IPV4 = 8;

  /** Unique local addresses have 7 bits in common, and a VPN may route them all. */
  private static final int LEAST_IPV6 = 16;

  private final List<HostRoute> routes;
  private final Set<Subnet> subnets;
  private final Function<String, Set<String>> stack;

  private SubnetClashes(
      List<HostRoute> routes, Set<Subnet> subnets, Function<String, Set<String>> stack) {
    this.routes = routes;
    this.subnets = subnets;
    this.stack = stack;
  }

  /**
   * Looks at the host as it is now.
   *
   * @param subnets those that it may be asked about, of either family
   * @return its routes for them; without any where {@code /proc} does not say
   */
  public static SubnetClashes ofHost(Collection<Subnet> subnets) {
    Map<Boolean, List<Subnet>> families =
        subnets.stream()
            .distinct()
            .collect(Collectors.partitioningBy(subnet -> subnet.network().isIpv4()));
    List<HostRoute> all =
        new ArrayList<>(HostRoute.overlapping(families.getOrDefault(true, List.of()), LEAST_IPV4));
    all.addAll(HostRoute.overlapping(families.getOrDefault(false, List.of()), LEAST_IPV6));
    return new SubnetClashes(all, Set.copyOf(subnets), StackedInterfaces::on);
  }

  /** Whether it has the host's routes for subnets. */
  boolean covers(Collection<Subnet> asked) {
    return subnets.containsAll(asked);
  }

  /**
   * Takes other routes.
   *
   * @param stack the interfaces that stand on another one, or are its other end
   */
  static SubnetClashes of(List<HostRoute> routes, Function<String, Set<String>> stack) {
    return new SubnetClashes(
        routes.stream().filter(SubnetClashes::counts).toList(), Set.of(), stack);
  }

  private static boolean counts(HostRoute route) {
    Subnet to = route.to();
    return to.prefix() >= (to.network().isIpv4() ? LEAST_IPV4 : LEAST_IPV6);
  }

  /**
   * The clashes of a network.
   *
   * @param network its configuration
   * @param subnets its subnets, of either family
   * @return a text for each of the subnets that clashes, with what to do about it
   */
  public List<String> of(NetworkConfig network, Collection<Subnet> subnets) {
    return of(network, subnets, Set.of());
  }

  /**
   * The same where other devices were the daemon's own until now.
   *
   * @param former their names
   */
  public List<String> of(
      NetworkConfig network, Collection<Subnet> subnets, Collection<String> former) {
    if (!network.enabled()) {
      return List.of();
    }
    Set<String> own = null;
    List<String> clashes = new ArrayList<>();
    for (Subnet subnet : subnets) {
      for (HostRoute route : routes) {
        if (!route.to().overlaps(subnet)) {
          continue;
        }
        own = own == null ? devices(network, former) : own;
        if (!own.contains(route.device())) {
          clashes.add(text(network, subnet, route));
          break;
        }
      }
    }
    return clashes;
  }

  private static String text(NetworkConfig network, Subnet subnet, HostRoute route) {
    boolean ipv4 = subnet.network().isIpv4();
    return "its subnet "
        + subnet
        + " overlaps "
        + route.to()
        + ", which the host reaches by "
        + route.device()
        + ": guests cannot reach the addresses there; give the network another subnet"
        + (ipv4
            ? " (`lanyard network set "
                + network.name()
                + " ipv4.subnet=auto`, or `subnet: auto` in the file of a new network, finds a free"
                + " one)"
            : "")
        + ", or remove the route (`ip "
        + (ipv4 ? "" : "-6 ")
        + "route`)";
  }

  /** The host's devices by which it is on the network itself, and those that stand on them. */
  private Set<String> devices(NetworkConfig network, Collection<String> former) {
    Set<String> devices = OwnDevices.of(network);
    devices.addAll(former);
    return OwnDevices.withStacked(devices, stack);
  }

  /**
   * The devices whose routes a change takes away or moves: all host adapters of the networks before
   * it, and what else the network had, or networks that go.
   *
   * @param network the network's name
   * @param before the configuration that runs
   * @param after the one that is to run
   * @return the devices' names
   */
  public static Set<String> formerDevices(
      String network, Configuration before, Configuration after) {
    Set<String> devices = new HashSet<>();
    for (NetworkConfig former : before.networks().values()) {
      if (former.name().equals(network) || !after.networks().containsKey(former.name())) {
        devices.addAll(OwnDevices.of(former));
      } else if (former.hostAdapter() != null) {
        devices.add(former.hostAdapter().name());
      }
    }
    return devices;
  }

  /**
   * The clashes of a configuration that does not run.
   *
   * @param document the document
   * @param configuration its model
   * @return a doubt for each, with its place; none for IPv6 subnets that the daemon derives
   */
  public static List<Problem> doubts(Document document, Configuration configuration) {
    SubnetClashes host =
        ofHost(
            configuration.networks().values().stream()
                .flatMap(network -> said(network).values().stream())
                .toList());
    Set<String> marked =
        OwnDevices.adapters(host.routes.stream().map(HostRoute::device).distinct().toList());
    Set<String> named = new HashSet<>();
    configuration.networks().values().forEach(network -> named.addAll(OwnDevices.of(network)));
    List<Problem> doubts = new ArrayList<>();
    for (NetworkConfig network : configuration.networks().values()) {
      said(network)
          .forEach((family, subnet) -> {
            DocumentPath key = DocumentPath.of("networks", network.name(), family, "subnet");
            Set<String> adapters =
                marked.stream()
                    .filter(device -> named.contains(device) || host.leadsTo(subnet, device))
                    .collect(Collectors.toSet());
            for (String clash : host.of(network, List.of(subnet), adapters)) {
              doubts.add(document.problem(key, clash));
            }
          });
    }
    return doubts;
  }

  /**
   * Whether a device has a subnet itself, neither more nor less: then it may be the adapter of the
   * network that has it here by another name. Else it is that of another daemon's network.
   */
  private boolean leadsTo(Subnet subnet, String device) {
    return routes.stream()
        .anyMatch(route -> route.device().equals(device) && route.to().equals(subnet));
  }

  /** The subnets that a configuration says for a network, by their families. */
  private static Map<String, Subnet> said(NetworkConfig network) {
    Map<String, Subnet> said = new LinkedHashMap<>();
    GatewayConfig gateway = network.gateway();
    if (gateway != null && gateway.ipv4() != null) {
      said.put("ipv4", gateway.ipv4().subnet());
    }
    if (gateway != null && gateway.ipv6() != null && gateway.ipv6().subnet() != null) {
      said.put("ipv6", gateway.ipv6().subnet());
    }
    return said;
  }
}
