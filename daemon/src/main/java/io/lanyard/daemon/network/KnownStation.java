package io.lanyard.daemon.network;

import io.lanyard.base.EnumText;
import io.lanyard.control.api.MacInfo;
import io.lanyard.dhcp.Lease;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import io.lanyard.vswitch.MacTable;
import io.lanyard.vswitch.Switch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A MAC address that a switch knows, with what the gateway knows of it.
 *
 * @param vlan the VLAN that it was heard in; 0 for frames without a tag
 * @param mac the address
 * @param port the name of the port where it is
 * @param hold how it came there
 * @param ageNanos since it last sent a frame, or was pinned
 * @param addresses its IP addresses, leased and heard, in order
 * @param hostname the name in its lease, or empty
 */
public record KnownStation(
    int vlan,
    long mac,
    String port,
    MacTable.Hold hold,
    long ageNanos,
    List<Address> addresses,
    String hostname) {
  /** Copies the list. */
  public KnownStation {
    addresses = List.copyOf(addresses);
  }

  /**
   * All stations of a network, by port and address. On its loop.
   *
   * @param ethernet its switch
   * @param services its gateway; null if it has none
   * @param own the IP addresses of the daemon's own ports, by their names
   */
  static List<KnownStation> all(
      Switch ethernet, @Nullable NetworkServices services, Map<String, List<Address>> own) {
    Map<Long, TreeSet<Address>> addresses = new HashMap<>();
    Map<Long, String> names = new HashMap<>();
    if (services != null) {
      for (Neighbour neighbour : services.nat().gateway().stations().neighbours().list()) {
        addresses.computeIfAbsent(neighbour.mac(), mac -> new TreeSet<>()).add(neighbour.address());
      }
      for (Lease lease : services.leases()) {
        addresses.computeIfAbsent(lease.mac(), mac -> new TreeSet<>()).add(lease.address());
        String hostname = lease.hostname();
        if (hostname != null) {
          names.put(lease.mac(), hostname);
        }
      }
    }
    List<KnownStation> all = new ArrayList<>();
    for (Switch.Address known : ethernet.addresses()) {
      long mac = known.mac();
      if (known.hold() == MacTable.Hold.PINNED) {
        addresses
            .computeIfAbsent(mac, any -> new TreeSet<>())
            .addAll(own.getOrDefault(known.port().name(), List.of()));
      }
      all.add(
          new KnownStation(
              known.vlan(),
              mac,
              known.port().name(),
              known.hold(),
              known.ageNanos(),
              List.copyOf(addresses.getOrDefault(mac, new TreeSet<>())),
              names.getOrDefault(mac, "")));
    }
    all.sort(
        Comparator.comparing(KnownStation::port)
            .thenComparingLong(KnownStation::mac)
            .thenComparingInt(KnownStation::vlan));
    return all;
  }

  /** The same as the API shows it. */
  MacInfo info(String network) {
    return new MacInfo(
        network,
        new MacAddress(mac).toString(),
        vlan,
        port,
        EnumText.word(hold),
        ageNanos / 1_000_000_000,
        addresses.stream().map(Address::toString).toList());
  }
}
