package io.lanyard.config;

import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The names of a network whose addresses the configuration gives, whether a machine runs there or
 * not: forwards lead to them and DNS answers them.
 */
public final class FixedNames {
  private FixedNames() {}

  /**
   * Collects those of IPv4: the hosts of DNS, the reservations that have a name, and the guests for
   * whose NIC an address is reserved. Of two with one name the first in this order has it.
   * Reservations count also where the network's own DHCP server is off.
   *
   * @param network the network's name
   * @param gateway the network's gateway, with its reservations and hosts
   * @param guests all guests
   * @return addresses by name, as the file writes it; a name may be a wildcard ({@code *.apps})
   */
  public static Map<String, Address> of(
      String network, GatewayConfig gateway, Collection<GuestConfig> guests) {
    Map<String, Address> names = new LinkedHashMap<>(gateway.dns().hosts());
    Map<MacAddress, Address> reserved = new HashMap<>();
    for (ReservationConfig reservation : gateway.dhcp().reservations()) {
      Address address = reservation.address();
      String name = reservation.hostname();
      if (address != null) {
        reserved.put(reservation.mac(), address);
        if (name != null) {
          names.putIfAbsent(name, address);
        }
      }
    }
    for (GuestConfig guest : guests) {
      guest
          .nicOn(network)
          .map(nic -> reserved.get(nic.mac()))
          .ifPresent(address -> names.putIfAbsent(guest.name(), address));
    }
    return names;
  }
}
