package io.lanyard.cli;

import io.lanyard.base.PrintableText;
import io.lanyard.control.api.ConnectorInfo;
import io.lanyard.control.api.PatchInfo;
import io.lanyard.control.api.StationInfo;
import io.lanyard.control.api.SwitchInfo;
import io.lanyard.control.api.TopologyInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A topology as a tree of text: switches, their ports, the stations behind them. */
final class TopologyTree {
  private final List<String> lines = new ArrayList<>();

  private TopologyTree() {}

  static List<String> lines(TopologyInfo topology) {
    TopologyTree tree = new TopologyTree();
    for (SwitchInfo one : topology.switches()) {
      tree.add("", words(one.network(), one.mode(), one.state(), one.subnet(), one.ipv6Subnet()));
      List<ConnectorInfo> ports = one.ports();
      for (int i = 0; i < ports.size(); i++) {
        tree.add(one, ports.get(i), i == ports.size() - 1, topology.patches());
      }
    }
    return tree.lines;
  }

  private void add(SwitchInfo at, ConnectorInfo port, boolean isLast, List<PatchInfo> patches) {
    add(
        isLast ? "└─ " : "├─ ",
        words(
            port.name(),
            port.kind(),
            port.state(),
            group(port),
            beyond(at.network(), port, patches)));
    List<StationInfo> stations = port.stations();
    for (int i = 0; i < stations.size(); i++) {
      add(
          (isLast ? "   " : "│  ") + (i == stations.size() - 1 ? "└─ " : "├─ "),
          station(stations.get(i)));
    }
  }

  private void add(String indent, String text) {
    lines.add(indent + PrintableText.of(text));
  }

  /** The port group of a port, in words; empty for none. */
  static String group(ConnectorInfo port) {
    return port.group().isEmpty() ? "" : "group " + port.group();
  }

  /** A station in a line: its addresses and its name. */
  static String station(StationInfo station) {
    return words(
        station.mac(),
        station.vlan() == 0 ? "" : "vlan " + station.vlan(),
        String.join(" ", station.addresses()),
        station.hostname());
  }

  /** The other end of a port: a guest, another network, or a place of the host. */
  static String beyond(String network, ConnectorInfo port, List<PatchInfo> patches) {
    if (!port.guest().isEmpty()) {
      return "guest " + port.guest() + " (" + port.guestState() + ")";
    }
    for (PatchInfo patch : patches) {
      if (patch.network().equals(network) && patch.port().equals(port.name())) {
        return "to " + patch.peerNetwork() + "/" + patch.peerPort();
      }
      if (patch.peerNetwork().equals(network) && patch.peerPort().equals(port.name())) {
        return "to " + patch.network() + "/" + patch.port();
      }
    }
    return port.at();
  }

  private static String words(String... words) {
    return String.join("  ", Stream.of(words).filter(word -> !word.isEmpty()).toList());
  }
}
