package io.lanyard.config;

import io.lanyard.config.NetworkConfig.Keys;
import io.lanyard.config.NetworkMode.Word;
import io.lanyard.net.Address;
import io.lanyard.net.AddressRange;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads a network; its services, forwards and ports have readers of their own. */
final class NetworkReader {
  private final Claims claims;
  private final Map<String, GuestConfig> guests;
  private final EgressReader egressReader;
  private final List<PlacedSubnet> subnets = new ArrayList<>();
  private final Map<String, PortGroups> groups = new HashMap<>();

  /** The daemon's part in the subnet of the network that is read; empty for none. */
  private String choice = "";

  private record PlacedSubnet(Subnet subnet, String path, Place place) {}

  NetworkReader(Claims claims, Map<String, GuestConfig> guests, EgressReader egress) {
    this.claims = claims;
    this.guests = guests;
    egressReader = egress;
  }

  @Nullable NetworkConfig read(String name, Fields network) {
    Word given = network.find(Keys.MODE);
    // Where the mode is wrong the rest is checked all the same, as what is most common.
    Word word = given == null ? Word.NAT : given;
    boolean enabled = network.value(Keys.ENABLED);
    int mtu = network.value(Keys.MTU);
    SwitchConfig switching = PolicyReader.network(network);
    PortReader portReader =
        new PortReader(claims, mtu, switching.guard(), word == Word.NAT, egressReader);
    List<PortConfig> ports;
    NetworkMode mode =
        switch (word) {
          case ISOLATED -> {
            ports = portReader.read(network, false);
            yield new NetworkMode.Isolated();
          }
          case BRIDGED -> {
            ports = portReader.read(network, false);
            yield new NetworkMode.Bridged(uplink(network));
          }
          case NAT, HOST_ONLY -> {
            boolean hasIpv4 = network.has(GatewayConfig.Keys.IPV4);
            if (!hasIpv4 && !network.has(GatewayConfig.Keys.IPV6) && given != null) {
              ports = portReader.read(network, true);
              yield null;
            }
            int before = network.problems().count();
            Ipv4Config ipv4 = ipv4(network, name);
            Ipv6Config ipv6 = ipv6(network, mtu);
            if (!hasIpv4 && ipv6 == null && given != null) {
              network.problem(
                  GatewayConfig.Keys.IPV6, "the network has no ipv4, so it needs IPv6: say on");
            }
            HostAdapterConfig adapter = hostAdapter(network, name, word);
            ServicesReader services = new ServicesReader(network, word, hasIpv4, ipv4, ipv6);
            DhcpConfig dhcp = services.dhcp();
            DnsConfig dns = services.dns();
            NatConfig nat = word == Word.NAT ? services.nat(adapter != null) : null;
            EgressConfig egress =
                egressReader.network(network.mapping(NetworkMode.Nat.Keys.EGRESS), dns.enabled());
            ports = portReader.read(network, dns.enabled());
            if (hasIpv4 ? ipv4 == null : ipv6 == null) {
              yield null;
            }
            GatewayConfig gateway = new GatewayConfig(ipv4, ipv6, dhcp, dns);
            List<ForwardConfig> forwards =
                nat == null
                    ? List.of()
                    : new ForwardReader(claims, guests, name, gateway).read(network);
            if (ipv4 != null) {
              explainChoice(network, ipv4.subnet(), before);
            }
            if (nat == null) {
              yield adapter == null ? null : new NetworkMode.HostOnly(gateway, adapter);
            }
            yield new NetworkMode.Nat(gateway, adapter, nat, egress, forwards);
          }
        };
    groups.put(name, portReader.groups());
    return mode == null
        ? null
        : new NetworkConfig(name, enabled, mode, mtu, switching, portReader.groups().all(), ports);
  }

  /** The port groups of a network that was read; null if there is no such network. */
  @Nullable PortGroups groups(String network) {
    return groups.get(network);
  }

  private UplinkConfig uplink(Fields network) {
    Fields uplink = network.mapping(NetworkMode.Bridged.Keys.UPLINK);
    Key<String> deviceKey = UplinkConfig.Keys.INTERFACE;
    String device = uplink.value(deviceKey);
    String netns = uplink.find(UplinkConfig.Keys.NETNS);
    UplinkConfig.Driver driver = uplink.value(UplinkConfig.Keys.DRIVER);
    UplinkConfig.SharedMac sharedMac = uplink.value(UplinkConfig.Keys.SHARED_MAC);
    Integer tagged = uplink.find(UplinkConfig.Keys.VLAN);
    int vlan = tagged == null ? UplinkConfig.ALL_VLANS : tagged;
    // Two that follow the default route have the same interface at any time.
    claims.vlan(device, netns, vlan, uplink.pathOf(deviceKey), uplink.placeOf(deviceKey));
    if (device.equals(UplinkConfig.Keys.AUTO)) {
      return new UplinkConfig(null, netns, driver, sharedMac, vlan);
    }
    return new UplinkConfig(device, netns, driver, sharedMac, vlan);
  }

  private @Nullable Ipv4Config ipv4(Fields network, String name) {
    Fields ipv4 = network.find(GatewayConfig.Keys.IPV4);
    Subnet given = ipv4 == null ? null : ipv4.find(Ipv4Config.Keys.SUBNET);
    if (ipv4 == null || given == null) {
      return null;
    }
    boolean isChosen = !given.equals(AutoSubnets.UNCHOSEN);
    Edit edit = ipv4.placeOf(Ipv4Config.Keys.SUBNET).edit();
    boolean byDaemon = edit != null && edit.who().equals(AutoSubnets.WHO);
    choice = byDaemon ? "has chosen" : isChosen ? "" : "may choose";
    // Until the daemon chooses, the rest is checked as it would be with the first candidate.
    Subnet subnet = isChosen ? given : AutoSubnets.candidates(name).getFirst();
    int longest = Ipv4Config.Keys.LONGEST_PREFIX;
    int shortest = Ipv4Config.Keys.SHORTEST_PREFIX;
    if (subnet.prefix() > longest || subnet.prefix() < shortest) {
      ipv4.problem(
          Ipv4Config.Keys.SUBNET,
          "the subnet "
              + subnet
              + " is too "
              + (subnet.prefix() > longest ? "small" : "large")
              + ": expected a prefix length from "
              + shortest
              + " to "
              + longest);
      return null;
    }
    int first = subnet.network().ipv4() >>> 24;
    if (first == 0 || first == 127 || first >= 224) {
      ipv4.problem(Ipv4Config.Keys.SUBNET, "guests cannot have addresses of " + subnet);
      return null;
    }
    if (isChosen) {
      subnets.add(
          new PlacedSubnet(
              subnet, ipv4.pathOf(Ipv4Config.Keys.SUBNET), ipv4.placeOf(Ipv4Config.Keys.SUBNET)));
    }
    Key<Address> gatewayKey = Ipv4Config.Keys.GATEWAY_ADDRESS;
    Key<Address> hostKey = Ipv4Config.Keys.HOST_ADDRESS;
    Address gateway = address(ipv4, gatewayKey, subnet, Ipv4Config.Keys.usualGateway(subnet));
    Address host = address(ipv4, hostKey, subnet, Ipv4Config.Keys.usualHost(subnet));
    if (host.equals(gateway)) {
      ipv4.problem(
          ipv4.has(gatewayKey) ? gatewayKey : hostKey,
          "the gateway and the host have the same address, " + host);
    }
    return new Ipv4Config(subnet, gateway, host, pool(ipv4, subnet, gateway, host));
  }

  /** Explains a subnet of the daemon's choice to a user whose addresses are of another one. */
  private void explainChoice(Fields network, Subnet subnet, int before) {
    if (!choice.isEmpty()) {
      network
          .problems()
          .explain(
              before,
              subnet.toString(),
              "; subnet: auto leaves the subnet to the daemon, which "
                  + choice
                  + " this one: say the subnet of your addresses in its place");
    }
  }

  private @Nullable Ipv6Config ipv6(Fields network, int mtu) {
    Form.OffOr.Given given = network.find(GatewayConfig.Keys.IPV6);
    if (given == null || !given.on()) {
      return null;
    }
    if (mtu < Ipv6Config.Keys.LEAST_MTU) {
      network.problem(
          GatewayConfig.Keys.IPV6,
          "IPv6 needs an MTU of at least "
              + Ipv6Config.Keys.LEAST_MTU
              + ", and the network's is "
              + mtu);
    }
    Fields ipv6 = given.mapping();
    Subnet subnet = ipv6 == null ? null : ipv6.find(Ipv6Config.Keys.SUBNET);
    if (ipv6 != null && subnet != null) {
      subnets.add(
          new PlacedSubnet(
              subnet, ipv6.pathOf(Ipv6Config.Keys.SUBNET), ipv6.placeOf(Ipv6Config.Keys.SUBNET)));
    }
    return new Ipv6Config(subnet);
  }

  private static Address address(Fields ipv4, Key<Address> key, Subnet subnet, Address otherwise) {
    Address address = ipv4.value(key, otherwise);
    if (!subnet.isHost(address)) {
      ipv4.problem(key, "expected an address of a host in " + subnet + ", found " + address);
      return otherwise;
    }
    return address;
  }

  private static AddressRange pool(Fields ipv4, Subnet subnet, Address gateway, Address host) {
    AddressRange usual = Ipv4Config.Keys.usualPool(subnet);
    AddressRange pool = ipv4.value(Ipv4Config.Keys.POOL, usual);
    if (!subnet.isHost(pool.first()) || !subnet.isHost(pool.last())) {
      ipv4.problem(
          Ipv4Config.Keys.POOL, "expected addresses of hosts in " + subnet + ", found " + pool);
      return usual;
    }
    List<String> taken = new ArrayList<>();
    if (pool.contains(gateway)) {
      taken.add("the gateway's address " + gateway);
    }
    if (pool.contains(host)) {
      taken.add("the host's address " + host);
    }
    if (!taken.isEmpty()) {
      ipv4.problem(
          Ipv4Config.Keys.POOL, "the pool " + pool + " contains " + String.join(" and ", taken));
    }
    return pool;
  }

  private @Nullable HostAdapterConfig hostAdapter(Fields network, String name, Word mode) {
    if (!network.has(NetworkMode.HostOnly.Keys.HOST_ADAPTER) && mode != Word.HOST_ONLY) {
      return null;
    }
    Key<String> nameKey = HostAdapterConfig.Keys.NAME;
    Fields adapter = network.find(NetworkMode.HostOnly.Keys.HOST_ADAPTER);
    Fields at = adapter == null ? network : adapter;
    String device = adapter == null ? null : adapter.find(nameKey);
    if (device == null) {
      if (adapter != null && adapter.has(nameKey)) {
        return null;
      }
      device = name;
      if (name.length() > Kind.LONGEST_DEVICE) {
        at.problems()
            .add(
                at.place(),
                at.path(),
                "the network's name is too long for its host adapter: "
                    + "expected host-adapter: {name: ...} with at most "
                    + Kind.LONGEST_DEVICE
                    + " characters");
        return null;
      }
    }
    claims.claim("the device", device, at.path(), at.place());
    boolean persistent = adapter != null && adapter.value(HostAdapterConfig.Keys.PERSISTENT);
    return new HostAdapterConfig(device, persistent);
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
      boolean inOrder = !next.place().isBefore(widest.place());
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
              + " ("
              + first.place().inWords()
              + ")");
    }
  }
}
