package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lanyard.base.PrintableText;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lanyard top}. */
@Command(
    name = "top",
    description =
        "Shows networks, guests, and the busiest ports and flows, live, until q or Ctrl-C.")
final class TopCommand implements Callable<Integer> {
  private static final long INTERVAL_MILLIS = 1000;

  /** With networks and guests these fill a terminal of 50 lines; a smaller one shows the first. */
  private static final int MOST_ROWS = 15;

  @Mixin Api api = new Api();
  @Mixin Output output = new Output();

  @Option(names = "--once", description = "Look for a second, print that, and end.")
  boolean once;

  private final Rates rates = new Rates();

  /** Speeds of counters, from one look to the next. */
  private static final class Rates {
    private final Map<String, Long> before = new HashMap<>();
    private double seconds;
    private long at;

    void begin() {
      long now = System.nanoTime();
      seconds = at == 0 ? 0 : (now - at) / 1e9;
      at = now;
    }

    /** The growth of a counter a second; 0 for one that is new. */
    double of(String key, long value) {
      Long last = before.put(key, value);
      return last == null || seconds <= 0 ? 0 : Math.max(0, value - last) / seconds;
    }
  }

  @Override
  public Integer call() throws InterruptedException {
    if (!once && !output.json()) {
      return new Screen(INTERVAL_MILLIS, Terminal.isOn(1)).show(() -> live(look()));
    }
    var _ = look();
    Thread.sleep(INTERVAL_MILLIS);
    ObjectNode all = look();
    if (output.json()) {
      output.print(all);
    } else {
      lines(all).forEach(output::line);
    }
    return Lanyard.DONE;
  }

  /** All that is shown, with speeds. */
  private ObjectNode look() {
    ObjectNode all = JsonNodeFactory.instance.objectNode();
    all.set("status", api.get("/v1/status"));
    for (String resource : List.of("networks", "ports", "flows", "guests")) {
      all.set(resource, api.get("/v1/" + resource));
    }
    rates.begin();
    all.set("ports", busiest(all.path("ports"), "receivedBytes", "transmittedBytes"));
    all.set("flows", busiest(all.path("flows"), "toGuestBytes", "fromGuestBytes"));
    for (JsonNode guest : GuestCommand.withAddresses(all.path("guests"))) {
      double share =
          rates.of(
              "guest " + guest.path("name").asText(),
              Math.round(guest.path("processorSeconds").asDouble() * 1e9));
      ((ObjectNode) guest).put("cpu", percent(share / 1e9));
    }
    return all;
  }

  /** Those that carry most, with the speeds of both directions and the share of the loop. */
  private ArrayNode busiest(JsonNode list, String in, String out) {
    List<ObjectNode> rows = new ArrayList<>();
    for (JsonNode row : list) {
      String key = in;
      for (String part : List.of("network", "name", "id", "guest", "remote")) {
        key += '/' + row.path(part).asText();
      }
      double rx = rates.of(key + " in", row.path(in).asLong());
      double tx = rates.of(key + " out", row.path(out).asLong());
      double loop = rates.of(key + " loop", row.path("loopNanos").asLong());
      ObjectNode shown = (ObjectNode) row;
      shown.put("inRate", speed(rx)).put("outRate", speed(tx)).put("rate", rx + tx);
      rows.add(shown.put("loop", percent(loop / 1e9)));
    }
    rows.sort(
        Comparator.comparingDouble((ObjectNode row) -> row.path("rate").asDouble()).reversed());
    ArrayNode top = JsonNodeFactory.instance.arrayNode();
    rows.stream().limit(MOST_ROWS).forEach(top::add);
    return top;
  }

  /** Bits, as links are measured. */
  private static String speed(double bytes) {
    double bits = bytes * 8;
    String[] units = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s"};
    int unit = 0;
    for (; bits >= 999.5 && unit < units.length - 1; unit++) {
      bits /= 1000;
    }
    return String.format(
        Locale.ROOT, unit == 0 || bits >= 99.95 ? "%.0f %s" : "%.1f %s", bits, units[unit]);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f%%", share * 100);
  }

  /** The lines with a heading that says how to leave. */
  private static List<String> live(ObjectNode all) {
    List<String> lines = lines(all);
    lines.set(0, lines.getFirst() + (Screen.hasKeys() ? "  (q leaves)" : "  (Ctrl-C leaves)"));
    return lines;
  }

  private static List<String> lines(ObjectNode all) {
    int width = Terminal.columns();
    JsonNode status = all.path("status");
    List<String> lines = new ArrayList<>();
    lines.add(
        PrintableText.of(
            "lanyard "
                + status.path("version").asText()
                + "  up "
                + Units.text("uptimeSeconds", status.path("uptimeSeconds"))
                + "  resident "
                + Units.text("residentBytes", status.path("residentBytes"))
                + "  problems "
                + status.path("problems").size()));
    add(
        lines,
        all.path("networks"),
        List.of("name=NETWORK", "mode", "state", "subnet", "ports", "leases", "flows", "problems#"),
        width);
    add(
        lines,
        all.path("guests"),
        List.of("name=GUEST", "state", "cpu", "memory", "addresses", "reason"),
        width);
    add(
        lines,
        all.path("ports"),
        List.of("name=PORT", "network", "kind", "state", "inRate=IN", "outRate=OUT", "loop"),
        width);
    add(
        lines,
        all.path("flows"),
        List.of(
            "id=FLOW",
            "network",
            "port",
            "protocol",
            "guest",
            "remote",
            "state",
            "inRate=TO GUEST",
            "outRate=FROM GUEST",
            "ageSeconds"),
        width);
    return lines;
  }

  private static void add(List<String> lines, JsonNode list, List<String> columns, int width) {
    if (!list.isEmpty()) {
      lines.add("");
      lines.addAll(Table.lines(list, columns, width));
    }
  }
}
