package io.lanyard.config;

import io.lanyard.config.ForwardConfig.Keys;
import io.lanyard.config.ForwardConfig.Keys.HostAndPorts;
import io.lanyard.config.ForwardConfig.Keys.Listen;
import io.lanyard.config.ForwardConfig.Keys.Ports;
import io.lanyard.config.ForwardConfig.Target;
import io.lanyard.config.ForwardConfig.ToAddress;
import io.lanyard.config.ForwardConfig.ToGuest;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Subnet;
import io.lanyard.net.Transport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads a network's forwards, and finds the addresses of the names that they lead to. */
final class ForwardReader {
  private final Claims claims;
  private final @Nullable Ipv4Config ipv4;
  private final @Nullable Ipv6Config ipv6;
  private final Map<String, Address> addresses = new HashMap<>();
  private final Map<String, MacAddress> guests = new HashMap<>();

  ForwardReader(
      Claims claims, Map<String, GuestConfig> allGuests, String network, GatewayConfig gateway) {
    this.claims = claims;
    ipv4 = gateway.ipv4();
    ipv6 = gateway.ipv6();
    FixedNames.of(network, gateway, allGuests.values())
        .forEach((name, its) -> addresses.put(name, preferred(its)));
    for (GuestConfig guest : allGuests.values()) {
      guest.nicOn(network).ifPresent(nic -> guests.put(guest.name(), nic.mac()));
    }
  }

  /** Of several addresses of a name the first of IPv4, where the network has that. */
  private Address preferred(List<Address> its) {
    boolean four = ipv4 != null;
    return its.stream().filter(each -> each.isIpv4() == four).findFirst().orElseGet(its::getFirst);
  }

  List<ForwardConfig> read(Fields network) {
    List<ForwardConfig> forwards = new ArrayList<>();
    Claims names = new Claims(network.problems());
    for (Fields forward : network.value(NetworkMode.Nat.Keys.FORWARDS)) {
      String name = forward.find(Keys.NAME);
      if (name != null) {
        names.claim("the name", name, forward.pathOf(Keys.NAME), forward.placeOf(Keys.NAME));
      }
      Transport protocol = forward.find(Keys.PROTOCOL);
      Listen listen = forward.find(Keys.LISTEN);
      if (protocol != null && listen != null) {
        claim(protocol, listen, forward);
      }
      HostAndPorts to = forward.find(Keys.TO);
      if (to == null) {
        continue;
      }
      if (listen != null && listen.ports().count() != to.ports().count()) {
        forward.problem(
            Keys.TO, "listen has " + ports(listen.ports()) + ", and this has " + ports(to.ports()));
      }
      Target target = target(forward, to);
      if (protocol != null && listen != null && target != null) {
        forwards.add(
            new ForwardConfig(name, protocol, listen.first(), target, listen.ports().count()));
      }
    }
    return forwards;
  }

  private static String ports(Ports ports) {
    return ports.count() == 1 ? "1 port" : ports.count() + " ports";
  }

  /** Claims each port; one is enough of a range that others have. */
  private void claim(Transport protocol, Listen listen, Fields forward) {
    for (int i = 0; i < listen.ports().count(); i++) {
      Endpoint port = new Endpoint(listen.address(), listen.ports().first() + i);
      if (!claims.listen(
          protocol.name(), port, forward.pathOf(Keys.LISTEN), forward.placeOf(Keys.LISTEN))) {
        return;
      }
    }
  }

  private @Nullable Target target(Fields forward, HostAndPorts to) {
    String host = to.host();
    int port = to.ports().first();
    if (host.startsWith("[")) {
      Address said = Address.parseIpv6(host.substring(1, host.length() - 1));
      return ipv6Target(forward, host, said, port);
    }
    Address address = host.matches("[0-9.]+") ? Address.parse(host) : addresses.get(host);
    if (address == null) {
      MacAddress mac = guests.get(host);
      if (mac != null) {
        return new ToGuest(host, mac, port);
      }
      List<String> known = new ArrayList<>(addresses.keySet());
      known.addAll(guests.keySet());
      known.sort(String::compareTo);
      forward.problem(
          Keys.TO,
          "no guest, reservation or DNS host of this network has the name "
              + Quoted.quote(host)
              + Quoted.hint(host, known));
      return null;
    }
    if (!address.isIpv4()) {
      return ipv6Target(forward, host, address, port);
    }
    if (ipv4 == null) {
      forward.problem(
          Keys.TO, "the network has no ipv4, found " + named(host, address) + "; name a guest");
      return null;
    }
    if (!ipv4.subnet().isHost(address)) {
      forward.problem(
          Keys.TO,
          "expected an address of a host in " + ipv4.subnet() + ", found " + named(host, address));
      return null;
    }
    if (address.equals(ipv4.gateway()) || address.equals(ipv4.host())) {
      String whose = address.equals(ipv4.gateway()) ? "the gateway's" : "the host's";
      forward.problem(Keys.TO, named(host, address) + " is " + whose + "; give a guest's");
      return null;
    }
    return new ToAddress(host, address, port);
  }

  private @Nullable Target ipv6Target(Fields forward, String host, Address address, int port) {
    Subnet subnet = ipv6 == null ? null : ipv6.subnet();
    if (subnet == null) {
      forward.problem(
          Keys.TO, "an IPv6 address needs a network that says its own: ipv6: {subnet: ...}");
      return null;
    }
    if (!subnet.isHost(address)) {
      forward.problem(
          Keys.TO,
          "expected an address of a host in " + subnet + ", found " + named(host, address));
      return null;
    }
    if (address.equals(Ipv6Config.gateway(subnet)) || address.equals(Ipv6Config.host(subnet))) {
      String whose = address.equals(Ipv6Config.gateway(subnet)) ? "the gateway's" : "the host's";
      forward.problem(Keys.TO, named(host, address) + " is " + whose + "; give a guest's");
      return null;
    }
    return new ToAddress(host, address, port);
  }

  private static String named(String host, Address address) {
    return host.equals(address.toString()) || host.startsWith("[")
        ? address.toString()
        : host + ", which is " + address;
  }
}
