package io.lanyard.cli;

import io.lanyard.base.PrintableText;
import io.lanyard.control.api.DaemonStatus;
import io.lanyard.control.api.FlowInfo;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.control.api.NetworkInfo;
import io.lanyard.control.api.PortInfo;
import io.lanyard.control.json.JsonText;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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
    Look all = look();
    if (output.json()) {
      output.print(all);
    } else {
      lines(all).forEach(output::line);
    }
    return Lanyard.DONE;
  }

  /** Everything that is shown: records of the API, those of what is busy with their speeds. */
  record Look(
      DaemonStatus status,
      List<NetworkInfo> networks,
      List<Map<String, @Nullable Object>> ports,
      List<Map<String, @Nullable Object>> flows,
      List<Map<String, @Nullable Object>> guests) {}

  private Look look() {
    return api.ask(daemon -> {
      DaemonStatus status = daemon.status().value();
      List<NetworkInfo> networks = daemon.networks().list().value();
      List<PortInfo> ports = daemon.networks().ports("").value();
      List<FlowInfo> flows = daemon.networks().flows("").value();
      List<GuestInfo> guests = daemon.guests().list().value();
      rates.begin();
      return new Look(
          status,
          networks,
          busiest(ports.stream().map(this::row).toList()),
          busiest(flows.stream().map(this::row).toList()),
          guests.stream().map(this::row).toList());
    });
  }

  /** A row with its speed in bytes. */
  private record Busy(double rate, Map<String, @Nullable Object> row) {}

  private Busy row(PortInfo port) {
    String key = "port " + port.network() + '/' + port.name();
    Map<String, @Nullable Object> row = JsonText.members(port);
    row.put("loop", percent(rates.of(key + " loop", port.loopNanos()) / 1e9));
    return busy(row, key, port.receivedBytes(), port.transmittedBytes());
  }

  private Busy row(FlowInfo flow) {
    String key = "flow " + flow.network() + '/' + flow.id();
    return busy(JsonText.members(flow), key, flow.toGuestBytes(), flow.fromGuestBytes());
  }

  private Map<String, @Nullable Object> row(GuestInfo guest) {
    Map<String, @Nullable Object> row = GuestCommand.withAddresses(guest);
    long nanos = Math.round(guest.processorSeconds() * 1e9);
    row.put("cpu", percent(rates.of("guest " + guest.name(), nanos) / 1e9));
    return row;
  }

  private Busy busy(Map<String, @Nullable Object> row, String key, long in, long out) {
    double inRate = rates.of(key + " in", in);
    double outRate = rates.of(key + " out", out);
    row.put("inRate", speed(inRate));
    row.put("outRate", speed(outRate));
    row.put("rate", inRate + outRate);
    return new Busy(inRate + outRate, row);
  }

  /** The rows that carry most. */
  private static List<Map<String, @Nullable Object>> busiest(List<Busy> rows) {
    return rows.stream()
        .sorted(Comparator.comparingDouble(Busy::rate).reversed())
        .limit(MOST_ROWS)
        .map(Busy::row)
        .toList();
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
  private static List<String> live(Look all) {
    List<String> lines = lines(all);
    lines.set(0, lines.getFirst() + (Screen.hasKeys() ? "  (q leaves)" : "  (Ctrl-C leaves)"));
    return lines;
  }

  private static List<String> lines(Look all) {
    DaemonStatus status = all.status();
    Sections sections = new Sections();
    sections.add(
        PrintableText.of(
            "lanyard "
                + status.version()
                + "  up "
                + Units.duration((double) status.uptimeSeconds())
                + "  resident "
                + Units.bytes(status.residentBytes())
                + "  problems "
                + status.problems().size()));
    sections.add(
        all.networks(),
        "name=NETWORK",
        "mode",
        "state",
        "subnet",
        "ports",
        "leases",
        "flows",
        "problems#");
    sections.add(all.guests(), "name=GUEST", "state", "cpu", "memory", "addresses", "reason");
    sections.add(
        all.ports(), "name=PORT", "network", "kind", "state", "inRate=IN", "outRate=OUT", "loop");
    sections.add(
        all.flows(),
        "id=FLOW",
        "network",
        "port",
        "protocol",
        "guest",
        "remote",
        "state",
        "inRate=TO GUEST",
        "outRate=FROM GUEST",
        "ageSeconds");
    return sections.lines();
  }
}
