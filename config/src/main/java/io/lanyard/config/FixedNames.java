package io.lanyard.config;

import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The names of a network whose addresses the configuration gives, whether a machine runs there or
 * not: forwards lead to them and DNS answers them.
 */
public final class FixedNames {
  private FixedNames() {}

  /**
   * Collects them: the hosts of DNS, the reservations that have a name, and the guests for whose
   * NIC addresses are reserved. Of two with one name the first in this order says its addresses of
   * a family. Reservations count also where the network's own DHCP server is off.
   *
   * @param network the network's name
   * @param gateway the network's gateway, with its reservations and hosts
   * @param guests all guests
   * @return addresses of both families by name, as the file writes it; a name may be a wildcard
   *     ({@code *.apps})
   */
  public static Map<String, List<Address>> of(
      String network, GatewayConfig gateway, Collection<GuestConfig> guests) {
    Map<String, List<Address>> names = new LinkedHashMap<>();
    gateway.dns().hosts().forEach((name, its) -> names.put(name, new ArrayList<>(its)));
    Map<MacAddress, List<Address>> reserved = new HashMap<>();
    for (ReservationConfig reservation : gateway.dhcp().reservations()) {
      List<Address> its =
          Stream.of(reservation.address(), reservation.ipv6()).filter(Objects::nonNull).toList();
      reserved.put(reservation.mac(), its);
      String name = reservation.hostname();
      if (name != null) {
        add(names, name, its);
      }
    }
    for (GuestConfig guest : guests) {
      guest
          .nicOn(network)
          .map(nic -> reserved.get(nic.mac()))
          .ifPresent(its -> add(names, guest.name(), its));
    }
    return names;
  }

  /** Adds the addresses of the families of which the name has none yet. */
  private static void add(Map<String, List<Address>> names, String name, List<Address> more) {
    List<Address> its = names.computeIfAbsent(name, key -> new ArrayList<>());
    List<Address> before = List.copyOf(its);
    for (Address each : more) {
      if (before.stream().noneMatch(other -> other.isIpv4() == each.isIpv4())) {
        its.add(each);
      }
    }
  }
}
