package io.lanyard.config;

import io.lanyard.net.Address;
import io.lanyard.net.AddressRange;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads a network; its services, forwards and ports have readers of their own. */
final class NetworkReader {
  /** RFC 791 section 3.2: what every IPv4 host must take. */
  private static final int LEAST_MTU = 576;

  /** An offload header, an Ethernet header and this are below 64 KiB. */
  private static final int MOST_MTU = 65_520;

  /**
   * Below the smallest, host, gateway and a pool do not fit; above the largest are the reserved.
   */
  private static final int LONGEST_PREFIX = 29;

  private static final int SHORTEST_PREFIX = 8;

  private static final Kind<NetworkMode> MODE =
      new Kind<>(
          "one of nat, host-only, isolated",
          text -> {
            if (text.equals("bridged")) {
              throw new IllegalArgumentException(
                  "a bridged network needs an uplink, which is not supported by this version");
            }
            return Kind.oneOf(NetworkMode.class).parser().apply(text);
          });

  private final Claims claims;
  private final Map<String, GuestConfig> guests;
  private final List<PlacedSubnet> subnets = new ArrayList<>();

  private record PlacedSubnet(Subnet subnet, String path, Place place) {}

  NetworkReader(Claims claims, Map<String, GuestConfig> guests) {
    this.claims = claims;
    this.guests = guests;
  }

  @Nullable NetworkConfig read(Problems problems, String name, YamlNode.Entry entry) {
    String path = Fields.join("networks", name);
    Fields network = Fields.open(problems, Section.NETWORK, path, entry.keyPlace(), entry.value());
    if (network == null) {
      return null;
    }
    NetworkMode given = network.value("mode", MODE);
    // Where the mode is wrong the rest is checked all the same, as what is most common.
    NetworkMode mode = given == null ? NetworkMode.NAT : given;
    int mtu = network.number("mtu", LEAST_MTU, MOST_MTU, 1500);
    SwitchConfig switching = PolicyReader.network(network);
    List<PortConfig> ports = new PortReader(claims, mtu, switching.guard()).read(network);
    if (mode == NetworkMode.ISOLATED) {
      for (String key :
          List.of("ipv4", "host-adapter", "dhcp", "dns", "nat", "egress", "forwards")) {
        network.refuse(key, "an isolated network is a switch alone and has no " + key);
      }
      return new NetworkConfig(
          name,
          mode,
          mtu,
          null,
          null,
          null,
          null,
          null,
          EgressConfig.DEFAULT,
          List.of(),
          switching,
          ports);
    }
    if (mode == NetworkMode.HOST_ONLY) {
      network.refuse("nat", "a host-only network leads nowhere and has no NAT");
      network.refuse("egress", "a host-only network leads nowhere and has no egress rules");
      network.refuse("forwards", "only a network of mode nat has forwards");
    }
    if (!network.has("ipv4") && given != null) {
      problems.add(
          network.place(),
          path,
          "the key \"ipv4\" is missing: a network of mode " + Kind.word(mode) + " has a subnet");
      return null;
    }
    Ipv4Config ipv4 = ipv4(network);
    HostAdapterConfig adapter = hostAdapter(network, name, mode);
    ServicesReader services = new ServicesReader(network, ipv4);
    DhcpConfig dhcp = services.dhcp(mode);
    DnsConfig dns = services.dns(mode);
    NatConfig nat = mode == NetworkMode.NAT ? services.nat(adapter != null) : null;
    EgressConfig egress = EgressReader.read(network);
    if (ipv4 == null) {
      return null;
    }
    List<ForwardConfig> forwards =
        mode == NetworkMode.NAT
            ? new ForwardReader(claims, guests, name, ipv4, dhcp, dns).read(network)
            : List.of();
    return new NetworkConfig(
        name, mode, mtu, ipv4, adapter, dhcp, dns, nat, egress, forwards, switching, ports);
  }

  private @Nullable Ipv4Config ipv4(Fields network) {
    Fields ipv4 = network.mapping("ipv4", Section.IPV4);
    Subnet subnet = ipv4 == null ? null : ipv4.value("subnet", Kind.SUBNET);
    if (ipv4 == null || subnet == null) {
      return null;
    }
    if (subnet.prefix() > LONGEST_PREFIX || subnet.prefix() < SHORTEST_PREFIX) {
      ipv4.problem(
          "subnet",
          "the subnet "
              + subnet
              + " is too "
              + (subnet.prefix() > LONGEST_PREFIX ? "small" : "large")
              + ": expected a prefix length from 8 to 29");
      return null;
    }
    int first = subnet.network().ipv4() >>> 24;
    if (first == 0 || first == 127 || first >= 224) {
      ipv4.problem("subnet", "guests cannot have addresses of " + subnet);
      return null;
    }
    subnets.add(new PlacedSubnet(subnet, ipv4.path() + ".subnet", ipv4.placeOf("subnet")));
    Address gateway = address(ipv4, "gateway", subnet, subnet.at(2));
    Address host = address(ipv4, "host", subnet, subnet.at(1));
    if (host.equals(gateway)) {
      ipv4.problem(
          ipv4.has("gateway") ? "gateway" : "host",
          "the gateway and the host have the same address, " + host);
    }
    return new Ipv4Config(subnet, gateway, host, pool(ipv4, subnet, gateway, host));
  }

  private static Address address(Fields ipv4, String key, Subnet subnet, Address otherwise) {
    Address address = ipv4.value(key, Kind.ADDRESS, otherwise);
    if (!subnet.isHost(address)) {
      ipv4.problem(key, "expected an address of a host in " + subnet + ", found " + address);
      return otherwise;
    }
    return address;
  }

  private static AddressRange pool(Fields ipv4, Subnet subnet, Address gateway, Address host) {
    int size = 1 << (32 - subnet.prefix());
    AddressRange upperHalf = new AddressRange(subnet.at(size >>> 1), subnet.at(size - 2));
    AddressRange pool = ipv4.value("pool", Kind.RANGE, upperHalf);
    if (!subnet.isHost(pool.first()) || !subnet.isHost(pool.last())) {
      ipv4.problem("pool", "expected addresses of hosts in " + subnet + ", found " + pool);
      return upperHalf;
    }
    for (Address taken : List.of(gateway, host)) {
      if (pool.contains(taken)) {
        ipv4.problem(
            "pool",
            "the pool "
                + pool
                + " contains the "
                + (taken.equals(gateway) ? "gateway's" : "host's")
                + " address "
                + taken);
      }
    }
    return pool;
  }

  private @Nullable HostAdapterConfig hostAdapter(Fields network, String name, NetworkMode mode) {
    if (!network.has("host-adapter") && mode != NetworkMode.HOST_ONLY) {
      return null;
    }
    Fields adapter = network.mapping("host-adapter", Section.HOST_ADAPTER);
    Fields at = adapter == null ? network : adapter;
    String device = adapter == null ? null : adapter.value("name", Kind.DEVICE);
    if (device == null) {
      if (adapter != null && adapter.has("name")) {
        return null;
      }
      device = name;
      if (name.length() > 15) {
        at.problems()
            .add(
                at.place(),
                at.path(),
                "the network's name is too long for its host adapter: "
                    + "expected host-adapter: {name: ...} with at most 15 characters");
        return null;
      }
    }
    claims.claim("the device", device, at.path(), at.place());
    return new HostAdapterConfig(device);
  }

  /**
   * Reports subnets that share addresses. Sorted, because a subnet overlaps its neighbours only.
   */
  void checkSubnets(Problems problems) {
    List<PlacedSubnet> byAddress = new ArrayList<>(subnets);
    byAddress.sort((a, b) -> a.subnet().compareTo(b.subnet()));
    PlacedSubnet widest = null;
    for (PlacedSubnet next : byAddress) {
      if (widest == null || !widest.subnet().overlaps(next.subnet())) {
        widest = next;
        continue;
      }
      boolean inOrder = widest.place().line() <= next.place().line();
      PlacedSubnet first = inOrder ? widest : next;
      PlacedSubnet second = inOrder ? next : widest;
      problems.add(
          second.place(),
          second.path(),
          "the subnet "
              + second.subnet()
              + " overlaps "
              + first.subnet()
              + " of "
              + first.path()
              + " (line "
              + first.place().line()
              + ")");
    }
  }
}
