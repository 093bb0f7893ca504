package io.lanyard.cli;

import io.lanyard.base.PrintableText;
import io.lanyard.control.api.ConnectorInfo;
import io.lanyard.control.api.PatchInfo;
import io.lanyard.control.api.StationInfo;
import io.lanyard.control.api.SwitchInfo;
import io.lanyard.control.api.TopologyInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A topology as a picture: switches in the left column, their ports with the stations behind them
 * in the middle, guests on the right. Patches are arcs on the left.
 *
 * <p>Lengths are pixels. Text is of a fixed width, so that boxes are as wide as their longest line.
 */
final class TopologySvg {
  private static final int FONT = 12;

  /** The width of a character of a monospaced font of that size, rounded up. */
  private static final double CHARACTER = 7.3;

  private static final int LINE = 16;
  private static final int PADDING = 8;
  private static final int GAP = 12;

  /** Between the columns, for the lines that join them. */
  private static final int ALLEY = 70;

  /** On the left, for patches. */
  private static final int MARGIN = 60;

  /** A box with lines of text. */
  private record Box(String style, List<String> lines, int x, int y) {
    int width() {
      int longest =
          lines.stream().mapToInt(line -> line.codePointCount(0, line.length())).max().orElse(0);
      return (int) Math.ceil(longest * CHARACTER) + 2 * PADDING;
    }

    int height() {
      return lines.size() * LINE + 2 * PADDING;
    }

    int middle() {
      return y + height() / 2;
    }

    Box at(int left, int top) {
      return new Box(style, lines, left, top);
    }
  }

  private final TopologyInfo topology;
  private final Map<String, Box> switches = new LinkedHashMap<>();
  private final Map<String, Box> ports = new LinkedHashMap<>();
  private final Map<String, Box> guests = new LinkedHashMap<>();
  private final List<String> links = new ArrayList<>();

  private TopologySvg(TopologyInfo topology) {
    this.topology = topology;
  }

  static List<String> lines(TopologyInfo topology) {
    return new TopologySvg(topology).draw();
  }

  private List<String> draw() {
    int left = MARGIN;
    int middle = left + widest(topology.switches().stream().map(TopologySvg::box).toList()) + ALLEY;
    int bottom = place(left, middle);
    int right = middle + widest(List.copyOf(ports.values())) + ALLEY;
    int width = placeGuests(right) + GAP;
    for (Box guest : guests.values()) {
      bottom = Math.max(bottom, guest.y() + guest.height() + GAP);
    }
    link();
    List<String> lines = new ArrayList<>();
    lines.add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">"
            .formatted(width, bottom, width, bottom));
    lines.add("<title>Networks of this host</title>");
    lines.add("<style>");
    lines.add("text { font: " + FONT + "px monospace; fill: #222; white-space: pre }");
    lines.add(
        "rect { stroke: #555; fill: #fff } .switch { fill: #cfe3f5 } .guest { fill: #dff0d8 }");
    lines.add(".failed { fill: #f5d0cd } .idle { fill: #eee; stroke-dasharray: 4 3 }");
    lines.add("path { fill: none; stroke: #555 } path.idle { stroke-dasharray: 4 3 }");
    lines.add("</style>");
    lines.add("<rect width=\"100%\" height=\"100%\" style=\"stroke: none\"/>");
    lines.addAll(links);
    switches.values().forEach(box -> lines.addAll(text(box)));
    ports.values().forEach(box -> lines.addAll(text(box)));
    guests.values().forEach(box -> lines.addAll(text(box)));
    lines.add("</svg>");
    return lines;
  }

  /** Places switches and ports, each switch beside its first ports; tells where the last ends. */
  private int place(int left, int middle) {
    int top = GAP;
    for (SwitchInfo one : topology.switches()) {
      Box box = box(one).at(left, top);
      switches.put(one.network(), box);
      int y = top;
      for (ConnectorInfo port : one.ports()) {
        Box its = box(one, port).at(middle, y);
        ports.put(one.network() + "/" + port.name(), its);
        y += its.height() + GAP;
      }
      top = Math.max(y, top + box.height() + GAP) + GAP;
    }
    return top;
  }

  /** Places guests, each beside its first port if there is room; tells how wide all of it is. */
  private int placeGuests(int right) {
    int top = GAP;
    int end = right - ALLEY;
    for (SwitchInfo one : topology.switches()) {
      for (ConnectorInfo port : one.ports()) {
        Box beside = ports.get(one.network() + "/" + port.name());
        if (!port.guest().isEmpty() && !guests.containsKey(port.guest()) && beside != null) {
          boolean runs = port.guestState().equals("running");
          Box box =
              new Box(
                      runs ? "guest" : style(port.guestState().equals("failed") ? "failed" : ""),
                      List.of(PrintableText.of(port.guest()), port.guestState()),
                      0,
                      0)
                  .at(right, Math.max(top, beside.y()));
          guests.put(port.guest(), box);
          top = box.y() + box.height() + GAP;
          end = Math.max(end, right + box.width());
        }
      }
    }
    return end;
  }

  private void link() {
    for (SwitchInfo one : topology.switches()) {
      Box from = switches.get(one.network());
      for (ConnectorInfo port : one.ports()) {
        Box to = ports.get(one.network() + "/" + port.name());
        Box guest = guests.get(port.guest());
        boolean up = port.state().equals("up");
        if (from != null && to != null) {
          links.add(curve(from.x() + from.width(), from.middle(), to.x(), to.middle(), up));
        }
        if (to != null && guest != null) {
          links.add(curve(to.x() + to.width(), to.middle(), guest.x(), guest.middle(), up));
        }
      }
    }
    int arc = 0;
    for (PatchInfo patch : topology.patches()) {
      Box from = switches.get(patch.network());
      Box to = switches.get(patch.peerNetwork());
      if (from != null && to != null) {
        // Several arcs are of different widths, so that each can be followed.
        int bulge = MARGIN - 8 - arc++ % 6 * 8;
        links.add(
            path(
                "M%d %d C%d %d %d %d %d %d"
                    .formatted(
                        from.x(),
                        from.middle(),
                        from.x() - bulge,
                        from.middle(),
                        to.x() - bulge,
                        to.middle(),
                        to.x(),
                        to.middle()),
                patch.up()));
      }
    }
  }

  private static String curve(int x1, int y1, int x2, int y2, boolean up) {
    int half = (x1 + x2) / 2;
    return path("M%d %d C%d %d %d %d %d %d".formatted(x1, y1, half, y1, half, y2, x2, y2), up);
  }

  private static String path(String shape, boolean up) {
    return "<path%s d=\"%s\"/>".formatted(up ? "" : " class=\"idle\"", shape);
  }

  private static Box box(SwitchInfo one) {
    return new Box(
        one.state().equals("running") ? "switch" : style(one.state()),
        texts(one.network(), one.mode(), one.subnet(), one.ipv6Subnet()),
        0,
        0);
  }

  private Box box(SwitchInfo one, ConnectorInfo port) {
    String beyond =
        port.guest().isEmpty() ? TopologyTree.beyond(one.network(), port, topology.patches()) : "";
    List<String> lines =
        new ArrayList<>(
            texts(
                port.name() + "  " + port.kind() + "  " + port.state(),
                TopologyTree.group(port),
                beyond));
    for (StationInfo station : port.stations()) {
      lines.add(PrintableText.of(TopologyTree.station(station)));
    }
    return new Box(style(port.state()), lines, 0, 0);
  }

  private static String style(String state) {
    return switch (state) {
      case "up" -> "port";
      case "failed" -> "failed";
      default -> "idle";
    };
  }

  private static List<String> texts(String... texts) {
    List<String> all = new ArrayList<>();
    for (String text : texts) {
      if (!text.isEmpty()) {
        all.add(PrintableText.of(text));
      }
    }
    return all;
  }

  private static int widest(List<Box> boxes) {
    return boxes.stream().mapToInt(Box::width).max().orElse(0);
  }

  private static List<String> text(Box box) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>"
            .formatted(box.style(), box.x(), box.y(), box.width(), box.height()));
    for (int i = 0; i < box.lines().size(); i++) {
      lines.add(
          "<text x=\"%d\" y=\"%d\">%s</text>"
              .formatted(
                  box.x() + PADDING,
                  box.y() + PADDING + FONT + i * LINE,
                  escaped(box.lines().get(i))));
    }
    return lines;
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
