package io.lanyard.config.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.ConfigException;
import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.NetworkConfig;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Between any two configurations, the changes lead from the one to the other. */
@Timeout(300)
class RandomChangesTest {
  private static final int DOCUMENTS = 400;
  private static final int PAIRS = 2000;

  private static List<Document> documents = List.of();

  private final SplittableRandom random = new SplittableRandom(20_261_129);

  private String one(String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  private String network() {
    return "networks." + one("a", "b", "c");
  }

  private String subnet() {
    return "10.0." + random.nextInt(6) + ".0/24";
  }

  private String listen() {
    return "'" + one("127.0.0.1", "127.0.0.2", "*", "[::1]") + ":" + random.nextInt(1, 5) + "'";
  }

  private String network(String mode) {
    return switch (mode) {
      case "isolated" -> "{mode: isolated}";
      default -> "{mode: " + mode + ", ipv4: {subnet: " + subnet() + "}}";
    };
  }

  private String port(String name) {
    String at =
        switch (random.nextInt(4)) {
          case 0 -> "kind: qemu-stream, path: " + one("s0", "s1", "s2");
          case 1 -> "kind: qemu-stream, listen: " + listen();
          case 2 -> "kind: qemu-stream, connect: '127.0.0.1:7'";
          default -> "kind: tap, device: " + one("d0", "d1", "a") + one("", ", netns: n");
        };
    return "{name: "
        + name
        + ", "
        + at
        + one("", ", isolated: true", ", mac-limit: 3")
        + one("", ", port-group: x", ", port-group: y")
        + "}";
  }

  private String group() {
    return one(
        "{}", "{isolated: true}", "{guard: strict}", "{mtu: 1400}", "{egress: {default: deny}}");
  }

  private String forward(String name, String prefix) {
    return "{name: "
        + name
        + ", protocol: "
        + one("tcp", "udp")
        + ", listen: "
        + listen()
        + ", to: '"
        + one("g0:80", "web:80", prefix + "20:80", prefix + "21:80")
        + "'}";
  }

  /** The first three numbers of a network's addresses, or others where it has none. */
  private static String prefix(Configuration configuration, String network) {
    NetworkConfig there = configuration.networks().get(network.substring("networks.".length()));
    GatewayConfig gateway = there == null ? null : there.gateway();
    return gateway == null ? "10.0.0." : gateway.ipv4().subnet().toString().replaceAll("0/24$", "");
  }

  /** A change of anything, as path and value; an empty value removes. */
  private String[] change(Configuration configuration) {
    String network = network();
    String prefix = prefix(configuration, network);
    String port = one("p0", "p1", "p2");
    String forward = one("f0", "f1", "f2");
    String mac = "52:54:00:00:00:0" + random.nextInt(4);
    String guest = one("g0", "g1", "g2");
    return switch (random.nextInt(37)) {
      case 0 -> new String[] {network, network(one("nat", "nat", "host-only", "isolated"))};
      case 1 -> new String[] {network, ""};
      case 2 -> new String[] {network + ".ipv4.subnet", subnet()};
      case 3 -> new String[] {network + ".mtu", one("1400", "1500", "")};
      case 4, 5 -> new String[] {network + ".ports[" + port + "]", port(port)};
      case 6 -> new String[] {network + ".ports[" + port + "]", ""};
      case 7, 8, 9, 20, 21, 22 ->
          new String[] {network + ".forwards[" + forward + "]", forward(forward, prefix)};
      case 10 -> new String[] {network + ".forwards[" + forward + "]", ""};
      case 11, 23, 24 -> new String[] {network + ".forwards[" + forward + "].listen", listen()};
      case 12, 25, 26 ->
          new String[] {
            network + ".dhcp.reservations[" + mac + "]",
            "{mac: '"
                + mac
                + "', address: "
                + prefix
                + random.nextInt(9, 12)
                + one(", hostname: web", "")
                + "}"
          };
      case 13 -> new String[] {network + ".dhcp.reservations[" + mac + "]", ""};
      case 14, 27 ->
          new String[] {network + ".dns.hosts.web", one(prefix + "20", prefix + "21", "")};
      case 15 ->
          new String[] {
            "guests." + guest,
            "{image: i, memory: "
                + one("1G", "2G")
                + ", autostart: "
                + one("true", "false")
                + ", nics: [{network: "
                + one("a", "b", "c")
                + one("", ", mac: '" + mac + "'")
                + one("", ", isolated: true")
                + one("", ", port-group: x")
                + "}]}"
          };
      case 16 -> new String[] {"guests." + guest, ""};
      case 17 -> new String[] {network + ".host-adapter", one("{}", "{name: d0}", "")};
      case 18, 28, 29 ->
          new String[] {
            network + one(".nat.host-loopback", ".guard", ".egress.rules[0]", ".nat.timeouts.udp"),
            one("true", "[22]", "learn", "{deny: '*:25'}", "3m", "")
          };
      case 32, 33, 34 -> new String[] {network + ".port-groups." + one("x", "x", "y"), group()};
      case 35 ->
          new String[] {
            network + ".port-groups.x" + one("", ".isolated", ".mtu", ".egress"),
            one("", "true", "1300", "{default: deny}")
          };
      default ->
          new String[] {
            one("metrics.listen", "log.level", "api.socket", "directories.state"),
            one(listen(), "debug", "/x", "")
          };
    };
  }

  private Document step(Document document, Configuration configuration) {
    String[] change = change(configuration);
    DocumentPath path = DocumentPath.parse(change[0]);
    try {
      return document.with(
          change[1].isEmpty()
              ? Edit.remove(path, "r", Instant.EPOCH)
              : Edit.set(path, change[1], "r", Instant.EPOCH));
    } catch (ConfigException e) {
      return document;
    }
  }

  /** Now and then another hook, or another API on TCP. */
  private static Document withHooks(Document document, int kind) throws ConfigException {
    return switch (kind) {
      case 1 -> document.with(hooks("[{on: [lease], run: [/bin/true]}]"));
      case 2 -> document.with(api("{listen: '127.0.0.1:3', tokens: /t}"));
      case 4 -> document.with(hooks("[]"));
      case 5 -> document.with(api("{listen: '*:4', tokens: /u, tls: {certificate: c, key: k}}"));
      case 6 -> document.with(api("{}"));
      default -> document;
    };
  }

  private static Edit api(String value) throws ConfigException {
    return Edit.set(DocumentPath.of("api"), value, "r", Instant.EPOCH);
  }

  private static Edit hooks(String value) throws ConfigException {
    return Edit.set(DocumentPath.of("hooks"), value, "r", Instant.EPOCH);
  }

  private static boolean isValid(Document document) {
    try {
      document.configuration();
      return true;
    } catch (ConfigException e) {
      return false;
    }
  }

  /** Walks from one valid document to the next, now and then over some that are not. */
  private List<Document> walk() throws ConfigException {
    List<Document> all = new ArrayList<>();
    Document last =
        Document.of(
            "base",
            "version: 1\nnetworks: {a: {mode: nat, ipv4: {subnet: 10.0.0.0/24}},"
                + " b: {mode: nat, ipv4: {subnet: 10.0.1.0/24}}}\n",
            Path.of("/nowhere"));
    Configuration configuration = last.configuration();
    Document now = last;
    while (all.size() < DOCUMENTS) {
      for (int n = random.nextInt(1, 4); n > 0; n--) {
        now = step(now, configuration);
      }
      now = withHooks(now, all.size() % 7);
      if (!isValid(now)) {
        now = random.nextInt(6) == 0 ? last : now;
      } else if (!now.equals(last)) {
        all.add(now);
        last = now;
        configuration = last.configuration();
      }
    }
    return all;
  }

  @BeforeAll
  static void walkOnce() throws ConfigException {
    documents = new RandomChangesTest().walk();
  }

  @Test
  void theChangesLeadFromOneConfigurationToTheOther() throws ConfigException {
    Map<String, Integer> seen = new TreeMap<>();
    for (int i = 0; i < PAIRS; i++) {
      int first = random.nextInt(documents.size());
      int distance = random.nextBoolean() ? 1 : random.nextInt(documents.size());
      Document from = documents.get(first);
      Document to = documents.get((first + distance) % documents.size());
      Configuration before = from.configuration();
      Configuration after = to.configuration();
      List<Change> changes = Difference.between(before, after);
      changes.forEach(change -> seen.merge(change.getClass().getSimpleName(), 1, Integer::sum));
      Model model = new Model(before);
      try {
        Model.applyAll(model, changes);
        assertThat(model.content()).isEqualTo(new Model(after).content());
      } catch (AssertionError e) {
        throw new AssertionError(
            from.effectiveText()
                + "---\n"
                + to.effectiveText()
                + "---\n"
                + String.join("\n", changes.stream().map(Change::describe).toList()),
            e);
      }
      assertThat(changes.isEmpty()).isEqualTo(model.content().equals(new Model(before).content()));
      for (Change change : changes) {
        assertThat(change.describe()).contains(change.subject()).doesNotContain("\n");
      }
    }
    for (Class<?> kind : Change.class.getPermittedSubclasses()) {
      assertThat(seen).containsKey(kind.getSimpleName());
    }
  }

  @Test
  void aDocumentWrittenAnewIsAnEqualConfiguration() throws ConfigException {
    for (Document document : documents) {
      Document again = Document.of("again", document.effectiveText(), document.directory());

      assertThat(again.configuration()).isEqualTo(document.configuration());
      assertThat(Difference.between(again.configuration(), document.configuration())).isEmpty();
    }
  }

  @Test
  void changesThatAreKeptMakeTheSameDocument() throws ConfigException {
    for (Document document : documents) {
      Document base = document.without(edit -> true);

      assertThat(base.edits()).isEmpty();
      assertThat(base.withKept(document.edits())).isEqualTo(document);
      assertThat(base.withKept(document.edits()).configuration())
          .isEqualTo(document.configuration());
    }
  }
}
