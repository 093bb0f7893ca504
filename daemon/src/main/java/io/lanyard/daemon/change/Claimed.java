package io.lanyard.daemon.change;

import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.config.change.Change;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Things of which only one holder can be at a time, which changes give back and take: names,
 * devices, sockets, listen addresses, MAC addresses, disks.
 */
final class Claimed {
  private Claimed() {}

  /** The things that a change gives back, or replaces; empty for one that adds. */
  static Set<String> before(Change change) {
    Set<String> all = new HashSet<>();
    switch (change) {
      case Change.NetworkRemoved removed -> network(all, removed.before());
      case Change.PortRemoved removed -> port(all, removed.network(), removed.before());
      case Change.PortReplaced replaced -> port(all, replaced.network(), replaced.before());
      case Change.ForwardRemoved removed -> forward(all, removed.network(), removed.before());
      case Change.ForwardChanged changed -> forward(all, changed.network(), changed.before());
      case Change.GuestRemoved removed -> guest(all, removed.before());
      case Change.GuestChanged changed -> guest(all, changed.before());
      default -> {}
    }
    return all;
  }

  /** The things that a change needs; empty for one that removes. */
  static Set<String> after(Change change) {
    Set<String> all = new HashSet<>();
    switch (change) {
      case Change.NetworkAdded added -> network(all, added.after());
      case Change.PortAdded added -> port(all, added.network(), added.after());
      case Change.PortReplaced replaced -> port(all, replaced.network(), replaced.after());
      case Change.ForwardAdded added -> forward(all, added.network(), added.after());
      case Change.ForwardChanged changed -> forward(all, changed.network(), changed.after());
      case Change.GuestAdded added -> guest(all, added.after());
      case Change.GuestChanged changed -> guest(all, changed.after());
      default -> {}
    }
    return all;
  }

  /** The networks of a guest that is added, removed or changed; empty for another change. */
  static List<String> networksOfGuest(Change change) {
    List<GuestConfig> guests =
        switch (change) {
          case Change.GuestAdded added -> List.of(added.after());
          case Change.GuestRemoved removed -> List.of(removed.before());
          case Change.GuestChanged changed -> List.of(changed.before(), changed.after());
          default -> List.of();
        };
    return guests.stream()
        .flatMap(guest -> guest.nics().stream())
        .map(GuestConfig.Nic::network)
        .distinct()
        .toList();
  }

  private static void network(Set<String> all, NetworkConfig network) {
    all.add("network " + network.name());
    // Subnets that overlap need not be equal: one network waits for all that go.
    all.add("a subnet");
    network.forwards().forEach(forward -> forward(all, network.name(), forward));
    network.ports().forEach(port -> port(all, network.name(), port));
  }

  private static void forward(Set<String> all, String network, ForwardConfig forward) {
    // Addresses that overlap need not be equal either.
    all.add("listen " + forward.protocol() + " " + forward.listen().port());
    all.add("forward " + network + " " + forward.label());
  }

  private static void port(Set<String> all, String network, PortConfig port) {
    all.add("port " + network + " " + port.name());
    for (PortConfig.Held held : port.holds()) {
      all.add(
          // Addresses that overlap need not be equal.
          held instanceof PortConfig.Held.Listening at
              ? "listen " + at.transport() + " " + at.endpoint().port()
              : held.toString());
    }
  }

  private static void guest(Set<String> all, GuestConfig guest) {
    all.add("guest " + guest.name());
    guest.nics().forEach(nic -> all.add("mac " + nic.mac()));
    guest.disks().forEach(disk -> all.add("disk " + disk.path()));
  }
}
