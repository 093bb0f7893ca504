package io.lanyard.daemon.metric;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.Document;
import io.lanyard.control.ControlServer;
import io.lanyard.control.MetricsEndpoint;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The list of metrics in the documents is that of the daemon. */
final class MetricsDocumentTest {
  private static final Pattern ROW =
      Pattern.compile("\\| `(\\w+)` \\| (gauge|counter|summary) \\| (.+) \\|");
  private static final Pattern HELP = Pattern.compile("# HELP (\\w+) (.+)");
  private static final Pattern TYPE = Pattern.compile("# TYPE (\\w+) (\\w+)");

  private static final String CONFIGURATION =
      """
      version: 1
      networks:
        a:
          mode: nat
          ipv4: {subnet: 10.9.8.0/24}
          forwards:
            - {name: web, protocol: tcp, listen: "127.77.0.1:4711", to: "10.9.8.9:80"}
          ports: [{name: p, kind: qemu-stream, path: p.sock}]
      guests:
        g: {vmm: echo, memory: 64M, program: /bin/true, nics: [{network: a}]}
      """;

  private record Metric(String type, String help) {}

  /** The rows of the document, by name. */
  private static Map<String, Metric> document() throws IOException {
    Map<String, Metric> rows = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of("../docs/metrics.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        rows.put(row.group(1), new Metric(row.group(2), row.group(3)));
      }
    }
    return rows;
  }

  /** The metrics that a text for Prometheus has, by name. */
  private static Map<String, Metric> metrics(String text) {
    Map<String, String> help = new TreeMap<>();
    Map<String, Metric> all = new TreeMap<>();
    for (String line : text.split("\n", -1)) {
      Matcher first = HELP.matcher(line);
      Matcher second = TYPE.matcher(line);
      if (first.matches()) {
        help.put(first.group(1), first.group(2));
      } else if (second.matches()) {
        String name = second.group(1);
        all.put(name, new Metric(second.group(2), help.getOrDefault(name, "")));
      }
    }
    return all;
  }

  @Test
  void theDocumentHasEachMetricOfADaemonAndNoOther(@TempDir Path home) throws Exception {
    Map<String, Metric> documented = document();
    Daemon.Settings settings =
        Daemon.Settings.of(
            Document.of("test", CONFIGURATION, home), InProcessDaemon.directories(home));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (Daemon daemon = Daemon.open(settings);
        ControlServer _ = ControlServer.bind(daemon, home.resolve("api"), null);
        MetricsEndpoint _ = MetricsEndpoint.open(daemon, new Endpoint(Address.LOOPBACK_IPV4, 0))) {
      daemon.startGuests();
      daemon.metrics().write(out);
    }
    assertThat(documented).containsAllEntriesOf(metrics(out.toString(UTF_8)));
    Map<String, String> known = new TreeMap<>();
    KnownMetric.all().values().forEach(metric -> known.put(metric.name(), metric.help()));
    Map<String, String> rows = new TreeMap<>();
    documented.forEach((name, metric) -> rows.put(name.replaceAll("_total$", ""), metric.help()));
    assertThat(rows).isEqualTo(known);
  }
}
