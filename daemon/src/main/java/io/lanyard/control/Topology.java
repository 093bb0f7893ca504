package io.lanyard.control;

import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.control.api.ConnectorInfo;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.control.api.NetworkInfo;
import io.lanyard.control.api.PatchInfo;
import io.lanyard.control.api.PortInfo;
import io.lanyard.control.api.StationInfo;
import io.lanyard.control.api.SwitchInfo;
import io.lanyard.control.api.TopologyInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.guest.GuestHandle;
import io.lanyard.daemon.network.KnownStation;
import io.lanyard.daemon.network.Network;
import io.lanyard.daemon.network.NetworkReport;
import io.lanyard.daemon.network.PortEnds;
import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The connections of all switches, put together from the networks and the guests. */
final class Topology {
  /** The guests by the ports of their NICs, as {@code network/guest.nic}. */
  private final Map<String, GuestInfo> guests = new HashMap<>();

  /** The states of the ports, as {@code network/port}. */
  private final Map<String, String> states = new HashMap<>();

  private Topology(List<GuestInfo> guests) {
    for (GuestInfo guest : guests) {
      for (GuestInfo.NicInfo nic : guest.nics()) {
        this.guests.put(nic.network() + "/" + guest.name() + "." + nic.name(), guest);
      }
    }
  }

  /**
   * Puts it together. Not on a loop.
   *
   * @return a snapshot
   */
  static TopologyInfo of(Daemon daemon) {
    List<GuestInfo> guests =
        daemon.guestNames().stream()
            .map(daemon::guest)
            .filter(Objects::nonNull) // else it was removed meanwhile
            .map(GuestHandle::info)
            .toList();
    Topology topology = new Topology(guests);
    List<SwitchInfo> switches =
        new ArrayList<>(ControlServer.present(daemon.networks(), topology::drawn));
    switches.sort(Comparator.comparing(SwitchInfo::network));
    return new TopologyInfo(
        switches, topology.patches(daemon.networks().stream().map(Network::config).toList()));
  }

  private SwitchInfo drawn(Network network) {
    NetworkReport report = network.report();
    NetworkInfo info = report.info();
    Map<String, List<StationInfo>> stations = new HashMap<>();
    for (KnownStation station : report.stations()) {
      stations.computeIfAbsent(station.port(), port -> new ArrayList<>()).add(station(station));
    }
    Map<String, String> ends = PortEnds.of(network.config());
    List<ConnectorInfo> connectors = new ArrayList<>();
    for (PortInfo port : report.ports()) {
      String name = port.name();
      String place = info.name() + "/" + name;
      states.put(place, port.state());
      GuestInfo guest = guests.get(place);
      connectors.add(
          new ConnectorInfo(
              name,
              port.group(),
              port.kind(),
              port.state(),
              ends.getOrDefault(name, ""),
              guest == null ? "" : guest.name(),
              guest == null ? "" : guest.state(),
              stations.getOrDefault(name, List.of())));
    }
    connectors.sort(Comparator.comparing(ConnectorInfo::name));
    return new SwitchInfo(
        info.name(), info.mode(), info.state(), info.subnet(), info.ipv6Subnet(), connectors);
  }

  private static StationInfo station(KnownStation station) {
    return new StationInfo(
        new MacAddress(station.mac()).toString(),
        station.vlan(),
        station.addresses().stream().map(Address::toString).toList(),
        station.hostname());
  }

  /** Each patch once, though both ends declare it. */
  private List<PatchInfo> patches(List<NetworkConfig> networks) {
    List<PatchInfo> patches = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (NetworkConfig network : networks) {
      for (PortConfig port : network.ports()) {
        if (port instanceof PortConfig.Patch patch) {
          String here = network.name() + "/" + patch.name();
          String there = patch.network() + "/" + patch.peer();
          if (!seen.contains(there + " " + here)) {
            seen.add(here + " " + there);
            patches.add(
                new PatchInfo(
                    network.name(),
                    patch.name(),
                    patch.network(),
                    patch.peer(),
                    "up".equals(states.get(here)) && "up".equals(states.get(there))));
          }
        }
      }
    }
    return patches;
  }
}
