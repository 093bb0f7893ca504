package io.lanyard.cli;

import io.lanyard.base.PrintableText;
import io.lanyard.control.api.ConnectorInfo;
import io.lanyard.control.api.PatchInfo;
import io.lanyard.control.api.StationInfo;
import io.lanyard.control.api.SwitchInfo;
import io.lanyard.control.api.TopologyInfo;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** A topology in the language of Graphviz. */
final class TopologyDot {
  private TopologyDot() {}

  static List<String> lines(TopologyInfo topology) {
    List<String> lines = new ArrayList<>();
    Set<String> guests = new LinkedHashSet<>();
    lines.add("graph lanyard {");
    lines.add("  rankdir=LR;");
    lines.add("  node [shape=box, fontname=\"sans-serif\"];");
    for (SwitchInfo one : topology.switches()) {
      String at = "switch " + one.network();
      lines.add(
          node(at, List.of(one.network(), one.mode(), one.subnet(), one.ipv6Subnet()), "bold"));
      for (ConnectorInfo port : one.ports()) {
        add(lines, guests, one, port, topology.patches());
      }
    }
    for (PatchInfo patch : topology.patches()) {
      lines.add(
          edge(
              "switch " + patch.network(),
              "switch " + patch.peerNetwork(),
              patch.port() + " - " + patch.peerPort(),
              patch.up()));
    }
    lines.add("}");
    return lines;
  }

  private static void add(
      List<String> lines,
      Set<String> guests,
      SwitchInfo one,
      ConnectorInfo port,
      List<PatchInfo> patches) {
    String at = "switch " + one.network();
    boolean up = port.state().equals("up");
    if (!port.guest().isEmpty()) {
      if (guests.add(port.guest())) {
        lines.add(
            node("guest " + port.guest(), List.of(port.guest(), port.guestState()), "rounded"));
      }
      String label =
          port.group().isEmpty() ? port.name() : port.name() + "\n" + TopologyTree.group(port);
      lines.add(edge(at, "guest " + port.guest(), label, up));
    } else if (!port.kind().equals("patch")) {
      List<String> label = new ArrayList<>(List.of(port.name(), port.kind()));
      label.add(TopologyTree.group(port));
      label.add(TopologyTree.beyond(one.network(), port, patches));
      for (StationInfo station : port.stations()) {
        label.add(TopologyTree.station(station));
      }
      String there = "port " + one.network() + "/" + port.name();
      lines.add(node(there, label, "solid"));
      lines.add(edge(at, there, port.state(), up));
    }
  }

  private static String node(String id, List<String> label, String style) {
    List<String> texts = label.stream().filter(text -> !text.isEmpty()).toList();
    return "  %s [label=%s, style=%s];"
        .formatted(quoted(id), quoted(String.join("\n", texts)), style);
  }

  private static String edge(String from, String to, String label, boolean up) {
    return "  %s -- %s [label=%s%s];"
        .formatted(quoted(from), quoted(to), quoted(label), up ? "" : ", style=dashed");
  }

  /** A string of the language: quotes and backslashes are escaped, and lines end with \n. */
  private static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (String line : text.split("\n", -1)) {
      if (out.length() > 1) {
        out.append("\\n");
      }
      out.append(PrintableText.of(line).replace("\\", "\\\\").replace("\"", "\\\""));
    }
    return out.append('"').toString();
  }
}
