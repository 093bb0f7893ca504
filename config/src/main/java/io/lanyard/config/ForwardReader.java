package io.lanyard.config;

import io.lanyard.config.ForwardConfig.Target;
import io.lanyard.config.ForwardConfig.ToAddress;
import io.lanyard.config.ForwardConfig.ToGuest;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Transport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads a network's forwards, and finds the addresses of the names that they lead to. */
final class ForwardReader {
  private static final Kind<Transport> PROTOCOL = Kind.oneOf(Transport.class);

  private final Claims claims;
  private final Ipv4Config ipv4;
  private final Map<String, Address> addresses;
  private final Map<String, MacAddress> guests = new HashMap<>();

  private record HostAndPort(String host, int port) {}

  private static final Kind<HostAndPort> TARGET =
      new Kind<>("a guest and a port such as web:80", ForwardReader::hostAndPort);

  ForwardReader(
      Claims claims,
      Map<String, GuestConfig> allGuests,
      String network,
      Ipv4Config ipv4,
      DhcpConfig dhcp,
      DnsConfig dns) {
    this.claims = claims;
    this.ipv4 = ipv4;
    addresses = FixedNames.of(network, dhcp, dns, allGuests.values());
    for (GuestConfig guest : allGuests.values()) {
      guest.nicOn(network).ifPresent(nic -> guests.put(guest.name(), nic.mac()));
    }
  }

  private static HostAndPort hostAndPort(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 0) {
      throw new IllegalArgumentException("the port is missing");
    }
    String host = text.substring(0, colon);
    if (host.matches("[0-9.]+")) {
      Address.parse(host);
    } else {
      host = Kind.DOMAIN.parser().apply(host);
    }
    return new HostAndPort(host, Endpoint.parsePort(text.substring(colon + 1)));
  }

  List<ForwardConfig> read(Fields network) {
    List<ForwardConfig> forwards = new ArrayList<>();
    Claims names = new Claims(network.problems());
    network.items(
        "forwards",
        (path, node) -> {
          Fields forward =
              Fields.open(network.problems(), Section.FORWARD, path, node.place(), node);
          if (forward == null) {
            return;
          }
          String name = forward.value("name", Kind.FORWARD_NAME);
          if (name != null) {
            names.claim("the name", name, path + ".name", forward.placeOf("name"));
          }
          Transport protocol = forward.value("protocol", PROTOCOL);
          Endpoint listen = forward.value("listen", Kind.ENDPOINT);
          if (protocol != null && listen != null) {
            claims.listen(protocol.name(), listen, path + ".listen", forward.placeOf("listen"));
          }
          Target target = target(forward);
          if (protocol != null && listen != null && target != null) {
            forwards.add(new ForwardConfig(name, protocol, listen, target));
          }
        });
    return forwards;
  }

  private @Nullable Target target(Fields forward) {
    HostAndPort to = forward.value("to", TARGET);
    if (to == null) {
      return null;
    }
    String host = to.host();
    Address address = host.matches("[0-9.]+") ? Address.parse(host) : addresses.get(host);
    if (address == null) {
      MacAddress mac = guests.get(host);
      if (mac != null) {
        return new ToGuest(host, mac, to.port());
      }
      List<String> known = new ArrayList<>(addresses.keySet());
      known.addAll(guests.keySet());
      known.sort(String::compareTo);
      forward.problem(
          "to",
          "no guest, reservation or DNS host of this network has the name "
              + Quoted.quote(host)
              + Quoted.hint(host, known));
      return null;
    }
    if (!ipv4.subnet().isHost(address)) {
      forward.problem(
          "to",
          "expected an address of a host in " + ipv4.subnet() + ", found " + named(host, address));
      return null;
    }
    if (address.equals(ipv4.gateway()) || address.equals(ipv4.host())) {
      String whose = address.equals(ipv4.gateway()) ? "the gateway's" : "the host's";
      forward.problem("to", named(host, address) + " is " + whose + "; give a guest's");
      return null;
    }
    return new ToAddress(host, address, to.port());
  }

  private static String named(String host, Address address) {
    return host.equals(address.toString()) ? host : host + ", which is " + address;
  }
}
