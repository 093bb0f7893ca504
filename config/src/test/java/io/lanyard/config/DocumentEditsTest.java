package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many edits are laid in one pass, and the text below them is checked as well. */
@Timeout(300)
class DocumentEditsTest {
  private static final Instant NOON = Instant.parse("2026-11-29T12:00:00Z");
  private static final int LISTS = 2000;

  private static final String BASE =
      """
      version: 1
      networks:
        lan:
          mode: nat
          ipv4: {subnet: 10.1.0.0/24}
          dns: {hosts: {Web: 10.1.0.3, db: 10.1.0.4, mail: 10.1.0.5}, records: [{name: www, cname: Web}]}
          dhcp: {}
          egress:
            rules: [{deny: 10.0.0.0/8}, {allow: "*:53"}]
          forwards:
            - {name: web, protocol: tcp, listen: "127.0.0.1:8080", to: "10.1.0.3:80"}
            - {protocol: udp, listen: "*:53", to: "10.1.0.3:53"}
      log: {level: info}
      """;

  private static final List<String> PATHS =
      List.of(
          "log",
          "log.level",
          "networks",
          "networks.lan",
          "networks.lan.mtu",
          "networks.lan.mode",
          "networks.lan.dns",
          "networks.lan.dns.hosts",
          "networks.lan.dns.hosts.web",
          "networks.lan.dns.hosts.db",
          "networks.lan.dns.hosts.mail",
          "networks.lan.dns.hosts.new",
          "networks.lan.dns.records",
          "networks.lan.dns.records[www/cname/web]",
          "networks.lan.dns.records[six/aaaa/fd00:0::6]",
          "networks.lan.dns.records[www/cname/web].cname",
          "networks.lan.dhcp",
          "networks.lan.dhcp.reservations[52:54:00:00:00:01]",
          "networks.lan.dhcp.reservations[52:54:00:00:00:01].address",
          "networks.lan.egress",
          "networks.lan.egress.rules",
          "networks.lan.egress.rules[0]",
          "networks.lan.egress.rules[1].allow",
          "networks.lan.egress.rules[2]",
          "networks.lan.forwards",
          "networks.lan.forwards[web]",
          "networks.lan.forwards[web].to",
          "networks.lan.forwards[udp/*:53]",
          "networks.lan.forwards[new].to",
          "networks.lab",
          "networks.lab.dns.hosts.a",
          "networks.lab.dns.hosts.b",
          "networks.lab.nat.timeouts.udp");

  private static final List<String> VALUES =
      List.of(
          "1",
          "info",
          "\"nat\"",
          "10.1.0.4",
          "~",
          "{}",
          "[]",
          "{level: info}",
          "{hosts: {Web: 10.1.0.3, db: 10.1.0.4, mail: 10.1.0.5}}",
          "{deny: 10.0.0.0/8}",
          "[{deny: 10.0.0.0/8}, {allow: '*:53'}]",
          "{protocol: tcp, listen: '127.0.0.1:8080', to: '10.1.0.3:80'}",
          "{mode: nat, dns: {hosts: {a: 10.1.0.4}}}");

  private final SplittableRandom random = new SplittableRandom(20_261_129);

  private static Document base() throws ConfigException {
    return Document.of("base.yaml", BASE, Samples.NOWHERE);
  }

  private static Edit set(String path, String value) {
    return Edit.set(DocumentPath.parse(path), value, "alice", NOON);
  }

  private static Edit remove(String path) {
    return Edit.remove(DocumentPath.parse(path), "bob", NOON);
  }

  private Edit edit(int number) {
    DocumentPath path = DocumentPath.parse(PATHS.get(random.nextInt(PATHS.size())));
    Instant when = NOON.plusSeconds(number);
    return random.nextInt(3) == 0
        ? Edit.remove(path, "bob", when)
        : Edit.set(path, VALUES.get(random.nextInt(VALUES.size())), "alice", when);
  }

  private static void assertSame(Document a, Document b) throws ConfigException {
    assertThat(a.edits()).isEqualTo(b.edits());
    assertThat(a.effectiveText()).isEqualTo(b.effectiveText());
    assertThat(a.settings(false)).isEqualTo(b.settings(false));
  }

  @Test
  void aListOfEditsMakesWhatTheyMakeOneByOne() throws ConfigException {
    int laid = 0;
    for (int n = 0; n < LISTS; n++) {
      Document oneByOne = base();
      List<Edit> edits = new ArrayList<>();
      for (int i = random.nextInt(1, 40); i > 0; i--) {
        Edit edit = edit(i);
        try {
          oneByOne = oneByOne.with(edit);
          edits.add(edit);
        } catch (ConfigException e) {
          assertThat(e.problems()).isNotEmpty();
        }
      }
      int half = random.nextInt(edits.size() + 1);
      Document inTwo = base().with(edits.subList(0, half)).with(edits.subList(half, edits.size()));

      assertSame(base().with(edits), oneByOne);
      assertSame(inTwo, oneByOne);
      assertSame(base().withKept(oneByOne.edits()), oneByOne);
      laid += edits.size();
    }
    assertThat(laid).isGreaterThan(4 * LISTS);
  }

  @Test
  void theFirstEditOfAListThatCannotBeLaidIsTheProblem() throws ConfigException {
    Document base = base();
    List<Edit> edits =
        List.of(set("log.level", "debug"), remove("networks.lab"), remove("networks.other"));

    assertThatThrownBy(() -> base.with(edits))
        .hasMessage(
            "change by bob at 2026-11-29T12:00:00Z:1:1: networks.lab: there is no such value to"
                + " remove");
  }

  @Test
  void oneDocumentHasTwoThousandEditsAtMost() throws ConfigException {
    List<Edit> edits = new ArrayList<>();
    for (int i = 0; i < EditPass.MOST_EDITS; i++) {
      edits.add(set("networks.lan.dns.hosts.h" + i, "10.1.0.9"));
    }
    Document full = base().with(edits);

    assertThat(full.edits()).hasSize(EditPass.MOST_EDITS);
    assertThat(full.with(set("networks.lan.dns.hosts.h7", "10.1.0.8")).edits())
        .hasSize(EditPass.MOST_EDITS);
    assertThatThrownBy(() -> full.with(set("networks.lan.mtu", "1400")))
        .hasMessage(
            "change by alice at 2026-11-29T12:00:00Z:1:1: networks.lan.mtu: there are 2000 changes"
                + " over the file already; apply a file instead");
  }

  @Test
  void aBadValueOfTheFileIsAProblemAlsoWhereAChangeHidesIt() throws ConfigException {
    Document bad =
        Document.of("f", BASE.replace("dhcp: {}", "dhcp: {lease-time: 2x}"), Samples.NOWHERE);
    String problem = "f:7:24: networks.lan.dhcp.lease-time: ";

    for (Edit edit :
        List.of(
            set("networks.lan.dhcp.lease-time", "1h"),
            remove("networks.lan.dhcp.lease-time"),
            set("networks.lan", "{mode: isolated}"))) {
      assertThatThrownBy(() -> bad.with(edit).configuration())
          .isInstanceOf(ConfigException.class)
          .message()
          .startsWith(problem)
          .doesNotContain("\n");
    }
  }

  @Test
  void aProblemOfTheFileIsThereOnceWhateverAChangeShifts() throws ConfigException {
    Document bad =
        Document.of("f", BASE.replace("to: \"10.1.0.3:53\"", "to: 5"), Samples.NOWHERE)
            .with(remove("networks.lan.forwards[web]"))
            .with(set("networks.lan.mtu", "1"));

    assertThatThrownBy(bad::configuration)
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.problems())
                    .extracting(Problem::path)
                    .containsExactly("networks.lan.forwards[0].to", "networks.lan.mtu"));
  }

  @Test
  void aRangeOfPortsIsOneItemThatIsKnownInAnyForm() throws ConfigException {
    Document with =
        base()
            .with(
                set(
                    "networks.lan.forwards[tcp/localhost:8000-8010]",
                    "{to: '10.1.0.3:9000-9010'}"));
    NetworkConfig lan = with.configuration().networks().get("lan");

    assertThat(lan).isNotNull();
    ForwardConfig range = lan.forwards().getLast();
    assertThat(range.label()).isEqualTo("tcp/127.0.0.1:8000-8010");
    assertThat(range.toText()).isEqualTo("10.1.0.3:9000-9010");
    assertThat(range.each()).hasSize(11);
    assertThat(range.each().getLast().key()).isEqualTo("tcp/127.0.0.1:8010");
    assertThat(range.each().getLast().toText()).isEqualTo("10.1.0.3:9010");
    assertThat(with.with(remove("networks.lan.forwards[tcp/127.0.0.1:8000-8010]")).configuration())
        .isEqualTo(base().configuration());
  }

  @Test
  void aForwardsNameMayHaveADotAndProblemsSaySo() throws ConfigException {
    String value = "{protocol: tcp, listen: '*:1', to: '10.1.0.3:1'}";
    NetworkConfig lan =
        base().with(set("networks.lan.forwards[a.b]", value)).configuration().networks().get("lan");

    assertThat(lan).isNotNull();
    assertThat(lan.forwards()).extracting(ForwardConfig::label).contains("a.b");
    Document bad = base().with(set("networks.lan.forwards[a b]", value));
    assertThatThrownBy(bad::configuration)
        .hasMessageContaining(
            "expected a forward's name of letters, digits, dots, hyphens and underscores, at most"
                + " 32 characters long, found \"a b\"");
  }
}
