package io.lanyard.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lanyard.testing.Await;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands that show what runs, against answers of a daemon. */
@Timeout(240)
final class ShowingTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String NETWORK =
      """
      {"name":"vmnet8","mode":"nat","state":"running","subnet":"192.168.127.0/24","ports":1,
       "leases":0,"flows":1,"problems":["a long story","another"]}
      """;

  private static final String PORT =
      """
      {"network":"vmnet8","name":"p1","kind":"tap","state":"up","problem":"","receivedFrames":10,
       "receivedBytes":2048,"transmittedFrames":1,"transmittedBytes":1,"loopNanos":81000000,
       "receiveDrops":{"pinned-source":3},"transmitDrops":{}}
      """;

  private static final String GUEST =
      """
      {"name":"web","vmm":"lanyard","state":"running","reason":"","memory":536870912,"harts":1,
       "processorSeconds":10.795603429,"nics":[{"name":"nic0","network":"vmnet8",
       "address":"192.168.127.10"},{"name":"nic1","network":"lab","address":""}]}
      """;

  private static final String FLOW =
      """
      {"network":"vmnet8","id":17,"port":"p1","protocol":"tcp","direction":"out",
       "guest":"192.168.127.10:1","remote":"1.1.1.1:443","state":"established",
       "fromGuestBytes":1,"toGuestBytes":3000000,"ageSeconds":3700,"idleSeconds":0}
      """;

  private static final String CONFIG =
      """
      {"revision":1,"settings":[
        {"path":"networks.vmnet8.ipv4.pool","value":"192.168.127.128-192.168.127.254",
         "origin":"default"},
        {"path":"networks.vmnet8.ports[p1].device","value":"t0","origin":"f:1:1"},
        {"path":"guests.web.disks[0].path","value":"/a.img","origin":"f:1:1"}]}
      """;

  private static final String NAMES =
      """
      {"revision":1,"settings":[
        {"path":"networks.lab.dhcp.reservations[52:54:00:00:00:10].hostname","value":"db"},
        {"path":"networks.lab.dns.hosts.www","value":"10.1.0.9"},
        {"path":"networks.lab.dns.hosts.both","value":"10.1.0.9"},
        {"path":"networks.vmnet8.dhcp.reservations[52:54:00:00:00:10].hostname","value":"both"},
        {"path":"networks.vmnet8.dns.hosts.printer","value":"192.168.127.9"}]}
      """;

  private static final String GROUPS =
      """
      {"revision":1,"settings":[
        {"path":"networks.vmnet8.port-groups.lab.guard","value":"strict","origin":"f:7:1"},
        {"path":"networks.vmnet8.port-groups.lab.limits.new-flows","value":"5","origin":"f:8:1"},
        {"path":"networks.vmnet8.ports[p1].port-group","value":"lab","origin":"f:9:1"},
        {"path":"networks.vmnet8.ports[p1].guard","value":"strict",
         "origin":"networks.vmnet8.port-groups.lab.guard, f:7:1"},
        {"path":"networks.vmnet8.ports[p1].isolated","value":"false","origin":"default"},
        {"path":"guests.web.nics[0].port-group","value":"lab","origin":"f:12:1"},
        {"path":"guests.web.nics[0].guard","value":"strict",
         "origin":"networks.vmnet8.port-groups.lab.guard, f:7:1"}]}
      """;

  private static final String LEVELS =
      """
      {"revision":1,"settings":[
        {"path":"networks.vmnet8.egress.default","value":"allow","origin":"default"},
        {"path":"networks.vmnet8.egress.rules","value":"[]","origin":"default"},
        {"path":"networks.vmnet8.port-groups.lab.egress.rules[0].allow",
         "value":"\\"*.example:443\\"","origin":"f:7:1"},
        {"path":"networks.vmnet8.port-groups.plain.egress","value":"(inherited)",
         "origin":"default"},
        {"path":"networks.vmnet8.ports[p1].kind","value":"tap","origin":"f:9:1"},
        {"path":"networks.vmnet8.ports[p1].egress.default","value":"deny","origin":"f:9:1"},
        {"path":"networks.vmnet8.ports[p2].egress","value":"(inherited)","origin":"default"},
        {"path":"networks.lab.ports[p1].egress.default","value":"allow","origin":"f:10:1"},
        {"path":"guests.web.nics[0].network","value":"lab","origin":"f:11:1"},
        {"path":"guests.web.nics[1].network","value":"vmnet8","origin":"f:11:1"},
        {"path":"guests.web.egress.rules[0].deny","value":"10.0.0.0/8","origin":"f:12:1"},
        {"path":"guests.db.nics[0].network","value":"lab","origin":"f:13:1"},
        {"path":"guests.db.egress.default","value":"deny","origin":"f:14:1"}]}
      """;

  private static final String LEASES =
      """
      [{"network":"vmnet8","address":"192.168.127.130","hostname":"laptop"},
       {"network":"vmnet8","address":"192.168.127.9","hostname":"printer"}]
      """;

  @TempDir Path directory;
  private FakeDaemon daemon;
  private final Said said = new Said();

  @BeforeEach
  void start() throws IOException {
    daemon =
        new FakeDaemon(directory)
            .answer("GET /v1/config", CONFIG)
            .answer("GET /v1/status", "{\"version\":\"1\",\"uptimeSeconds\":90,\"problems\":[]}")
            .answer("GET /v1/networks", "[" + NETWORK + "]")
            .answer("GET /v1/networks/vmnet8", NETWORK)
            .answer("GET /v1/ports", "[" + PORT + "]")
            .answer("GET /v1/forwards", "[]")
            .answer("GET /v1/flows", "[" + FLOW + "]")
            .answer("GET /v1/guests", "[" + GUEST + "]")
            .answer("GET /v1/guests/web", GUEST);
  }

  @AfterEach
  void stop() throws IOException {
    said.close();
    daemon.close();
  }

  private int run(String command) {
    return said.run(daemon.socket, command);
  }

  @Test
  void theStatusLeadsToTheBusiestPorts() {
    daemon.answer(
        "GET /v1/status",
        """
        {"version":"1","uptimeSeconds":90,"problems":[],
         "busiest":[{"network":"vmnet8","port":"p1","percent":43},
                    {"network":"lab","port":"x","percent":2}]}
        """);
    assertThat(run("status")).isZero();
    assertThat(said.out()).doesNotContain("busiest");
    assertThat(run("status")).isZero();
    assertThat(said.out()).contains("busiest ports  p1 of vmnet8 43 %, x of lab 2 %\n");
  }

  @Test
  void whatIsPastedHasTheValuesWithoutTheQuotesOfTheFile() {
    daemon
        .answer(
            "GET /v1/config",
            """
            {"revision":1,"settings":[
              {"path":"networks.vmnet8.ports[u].kind","value":"udp","origin":"f:1:1"},
              {"path":"networks.vmnet8.ports[u].local","value":"\\"127.0.0.1:4001\\""},
              {"path":"networks.vmnet8.ports[u].remote","value":"\\"127.0.0.1:4002\\""},
              {"path":"networks.vmnet8.ports[u].port-group","value":"(none)"}]}
            """)
        .answer("GET /v1/status", "{\"runtimeDirectory\":\"/run/lanyard\"}")
        .answer(
            "GET /v1/ports",
            """
            [{"network":"vmnet8","name":"u","kind":"udp","guestMac":"52:54:00:00:00:10"}]
            """);
    assertThat(run("status")).isZero(); // the usual answers come once
    assertThat(run("port show vmnet8/p1")).isZero();
    assertThat(run("port show vmnet8/u --attach qemu")).as(said.err()).isZero();
    assertThat(said.out())
        .isEqualTo(
            "-netdev dgram,id=net0,local.type=inet,local.host=127.0.0.1,local.port=4002,"
                + "remote.type=inet,remote.host=127.0.0.1,remote.port=4001"
                + " -device virtio-net-pci,netdev=net0,mac=52:54:00:00:00:10\n");
  }

  @Test
  void aPortWithoutLinesForAVmmSaysWhichKindsHaveSome() {
    assertThat(run("port show vmnet8/p1 --attach qemu")).isEqualTo(1);
    assertThat(said.err())
        .startsWith("lanyard: qemu cannot use a port of kind tap\nit can use vhost-user, ");
  }

  @Test
  void theStatusNamesTheTranslatorsThatWereFound() {
    daemon.answer(
        "GET /v1/status",
        """
        {"version":"1","uptimeSeconds":90,
         "translators":["2001:db8:64::/96 of vmnet8","64:ff9b:1::/48 of lab"]}
        """);
    assertThat(run("status")).isZero();
    assertThat(said.out()).doesNotContain("translators");
    assertThat(run("status")).isZero();
    assertThat(said.out())
        .contains("translators    2001:db8:64::/96 of vmnet8, 64:ff9b:1::/48 of lab\n");
  }

  @Test
  void numbersHaveOneForm() {
    assertThat(run("port ls")).as(said.err()).isZero();
    assertThat(said.out())
        .isEqualTo(
            """
            NETWORK  NAME  KIND  STATE  RX FRAMES  RX BYTES  TX FRAMES  TX BYTES  LOOP TIME  PROBLEM
            vmnet8   p1    tap   up     10         2K        1          1B        81ms       -
            """);
    assertThat(run("guest ls")).isZero();
    assertThat(said.out())
        .isEqualTo(
            """
            NAME  VMM      STATE    MEMORY  HARTS  CPU TIME  ADDRESSES       REASON
            web   lanyard  running  512M    1      10.8s     192.168.127.10  -
            """);
    assertThat(run("flow ls")).isZero();
    assertThat(said.out()).contains("17  p1", "1B          2.9M      1h1m  0s");
  }

  @Test
  void snapshotsAreListedAndAskedForByTheirNames() {
    daemon.answer(
        "GET /v1/guests/web/snapshots",
        """
        [{"name":"before","taken":"2026-11-30T00:00:00Z","memory":536870912}]
        """);
    assertThat(run("snapshot ls web")).as(said.err()).isZero();
    assertThat(said.out())
        .isEqualTo(
            """
            GUEST  NAME    TAKEN                 MEMORY
            web    before  2026-11-30T00:00:00Z  512M
            """);
    daemon
        .answer("GET /v1/guests", "[{\"name\":\"web\"},{\"name\":\"other\"}]")
        .answer(
            "GET /v1/guests/other/snapshots",
            409,
            """
            {"status":409,"title":"guest other cannot list its snapshots: QEMU does not answer"}
            """)
        .answer(
            "GET /v1/guests/other/snapshots",
            409,
            """
            {"status":409,"reason":"no-snapshots",
             "title":"the VMM of guest other has no snapshots"}
            """);
    assertThat(run("guest ls")).isZero(); // the usual answer comes once
    assertThat(run("snapshot ls")).isEqualTo(1); // what is there is not known
    assertThat(said.err()).contains("QEMU does not answer");
    assertThat(run("snapshot ls")).as(said.err()).isZero();
    assertThat(said.out())
        .isEqualTo(
            """
            GUEST  NAME    TAKEN                 MEMORY
            web    before  2026-11-30T00:00:00Z  512M
            """);
    daemon
        .answer("POST /v1/guests/web/snapshots/before", GUEST)
        .answer("POST /v1/guests/web/snapshots/before/load", GUEST)
        .answer("DELETE /v1/guests/web/snapshots/before", GUEST);
    for (String verb : List.of("save", "load", "rm")) {
      assertThat(run("snapshot " + verb + " web before")).as(said.err()).isZero();
      assertThat(said.out()).isEqualTo("web: running\n");
    }
    assertThat(run("snapshot save web")).isEqualTo(2);
  }

  @Test
  void aTestOfEgressSaysTheRuleAndFailsWhereNothingWouldBeReached() {
    String verdict =
        """
        [{"network":"vmnet8","port":"p1","name":"a.example","address":"192.0.2.1",
          "service":"tcp/80","verdict":"%s","reason":"rule 0, because"}]
        """;
    String path = "GET /v1/networks/vmnet8/ports/p1/egress/a.example%3A80";
    daemon.answer(path, verdict.formatted("allow")).answer(path, verdict.formatted("deny"));
    assertThat(run("egress test p1 a.example:80")).as(said.err()).isZero();
    assertThat(said.out())
        .isEqualTo(
            """
            NETWORK  PORT  ADDRESS    SERVICE  VERDICT  REASON
            vmnet8   p1    192.0.2.1  tcp/80   allow    rule 0, because
            """);
    assertThat(run("egress test vmnet8/p1 a.example:80")).isEqualTo(1);
    assertThat(said.out()).contains("deny");
    daemon.answer(
        "GET /v1/networks/vmnet8/ports/p1/egress/192.0.2.1%3A80", verdict.formatted("deny"));
    assertThat(run("egress test p1 192.0.2.1:80 --in")).isEqualTo(1);
    assertThat(daemon.asked().getLast().target()).endsWith("direction=in");
    assertThat(run("egress test p2 a.example")).isEqualTo(1);
    assertThat(said.err()).contains("there is no guest or port p2").contains("lanyard port ls");
  }

  @Test
  void theRulesOfEveryLevelAreShownInTheOrderInWhichTheyDecide() throws IOException {
    daemon.answer("GET /v1/config", LEVELS);
    // The first answer, from the start of the test, has no rules.
    assertThat(run("config show")).isZero();
    assertThat(run("egress show vmnet8")).as(said.err()).isZero();
    assertThat(said.out())
        .isEqualTo(
            """
            LEVEL           KEY             VALUE            ORIGIN
            port p1         default         deny             f:9:1
            guest web       rules[0].deny   10.0.0.0/8       f:12:1
            port group lab  rules[0].allow  "*.example:443"  f:7:1
            network         default         allow            default
            network         rules           []               default
            """);
    assertThat(run("egress show vmnet8 --json")).isZero();
    assertThat(JSON.readTree(said.out()).path(0).path("level").asText()).isEqualTo("port p1");
  }

  @Test
  void showHasTheSettingsToo() throws IOException {
    assertThat(run("network show vmnet8")).isZero();
    assertThat(said.out())
        .contains("problems\n  a long story\n  another\n")
        .contains("settings\n")
        .contains("  ipv4.pool         192.168.127.128-192.168.127.254\n")
        .contains("  ports[p1].device  t0\n");
    assertThat(daemon.asked().getLast().target()).isEqualTo("/v1/config?defaults=true");
    assertThat(run("port show vmnet8/p1")).isZero();
    assertThat(said.out()).contains("device  t0", "received bytes").doesNotContain("pool");
    assertThat(said.out()).matches("(?s).*received bytes +2K\n.*");
    assertThat(run("guest show web --json")).isZero();
    assertThat(JSON.readTree(said.out()).path("settings").path("disks[0].path").asText())
        .isEqualTo("/a.img");
  }

  private void withGroups() {
    // The first answer, from the start of the test, has no groups.
    daemon
        .answer("GET /v1/config", GROUPS)
        .answer(
            "GET /v1/port-groups",
            """
            [{"network":"vmnet8","name":"lab","ports":["p1","web.nic0"]},
             {"network":"vmnet8","name":"plain","ports":[]}]
            """)
        .answer("GET /v1/ports", "[" + PORT + "," + PORT.replace("p1", "web.nic0") + "]");
    assertThat(run("config show")).isZero();
    assertThat(run("port ls")).isZero();
  }

  @Test
  void groupsAreListedWithTheirPorts() {
    withGroups();
    assertThat(run("group ls vmnet8")).as(said.err()).isZero();
    assertThat(said.out())
        .isEqualTo(
            """
            NETWORK  NAME   PORTS
            vmnet8   lab    p1,web.nic0
            vmnet8   plain  -
            """);
    assertThat(daemon.asked().getLast().target()).isEqualTo("/v1/port-groups?network=vmnet8");
  }

  @Test
  void aGroupIsShownWithItsSettings() {
    withGroups();
    assertThat(run("group show vmnet8/lab")).as(said.err()).isZero();
    assertThat(said.out())
        .contains("p1\n")
        .contains("web.nic0\n")
        .containsPattern("guard +strict\n")
        .containsPattern("limits.new-flows +5\n");
    assertThat(run("group show vmnet8/none")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err())
        .contains("network vmnet8 has no port group none")
        .contains("lanyard group ls vmnet8");
    assertThat(run("group show vmnet8")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).contains("expected NETWORK/GROUP");
  }

  @Test
  void aPortSaysFromWhereItsSettingsCome() throws IOException {
    withGroups();
    assertThat(run("port show vmnet8/p1 --json")).as(said.err()).isZero();
    JsonNode port = JSON.readTree(said.out());
    assertThat(port.path("settings").path("guard").asText()).isEqualTo("strict");
    assertThat(port.path("origins").path("guard").asText())
        .isEqualTo("networks.vmnet8.port-groups.lab.guard, f:7:1");
    assertThat(port.path("origins").path("port-group").asText()).isEqualTo("f:9:1");
    assertThat(port.path("origins").has("isolated")).as("a default").isFalse();
    assertThat(run("port show vmnet8/web.nic0")).as(said.err()).isZero();
    assertThat(said.out()).containsPattern("guard +networks.vmnet8.port-groups.lab.guard, f:7:1\n");
  }

  @Test
  void anOverviewCountsProblems() throws IOException {
    assertThat(run("ls")).as(said.err()).isZero();
    assertThat(said.out())
        .isEqualTo(
            """
            NETWORK  MODE  STATE    SUBNET            FLOWS  PROBLEMS
            vmnet8   nat   running  192.168.127.0/24  1      2

            PORT  NETWORK  KIND  STATE  RX  TX
            p1    vmnet8   tap   up     2K  1B

            GUEST  VMM      STATE    MEMORY  ADDRESSES
            web    lanyard  running  512M    192.168.127.10
            """);
    assertThat(run("ls --json")).isZero();
    assertThat(JSON.readTree(said.out()).path("networks").path(0).path("name").asText())
        .isEqualTo("vmnet8");
  }

  @Test
  void topShowsSpeeds() throws IOException {
    daemon.answer("GET /v1/ports", "[" + PORT.replace("2048", "100002048") + "]");
    assertThat(run("top --once")).as(said.err()).isZero();
    assertThat(said.out())
        .startsWith("lanyard 1  up 1m30s  resident ")
        .containsPattern("p1    vmnet8   tap   up     [1-8][0-9][0-9] Mbit/s")
        .contains("FLOW", "GUEST");
    assertThat(run("top --json")).isZero();
    assertThat(JSON.readTree(said.out()).path("ports")).hasSize(1);
  }

  /** Standard output whose reader leaves after some lines. */
  private static final class Pipe extends OutputStream {
    private final StringBuilder text = new StringBuilder();
    private final int lines;

    Pipe(int lines) {
      this.lines = lines;
    }

    @Override
    public void write(int b) throws IOException {
      if (text.chars().filter(c -> c == '\n').count() >= lines) {
        throw new IOException("Broken pipe");
      }
      text.append((char) b);
    }

    String text() {
      return text.toString();
    }
  }

  @SuppressWarnings("SystemOut")
  private Pipe runInto(int lines, String command) {
    Pipe pipe = new Pipe(lines);
    System.setOut(new PrintStream(pipe, true, StandardCharsets.ISO_8859_1));
    assertThat(run(command)).as(said.err()).isZero();
    return pipe;
  }

  @Test
  void watchingShowsWhatChangesUntilTheReaderHasGone() {
    daemon
        .answer("GET /v1/networks", "[" + NETWORK + "]")
        .answer("GET /v1/networks", "[" + NETWORK.replace("running", "failed") + "]");
    Pipe pipe = runInto(4, "network ls --watch");
    assertThat(pipe.text().lines().toList())
        .satisfiesExactly(
            line -> assertThat(line).startsWith("NAME"),
            line -> assertThat(line).contains("running"),
            line -> assertThat(line).isEmpty(),
            line -> assertThat(line).startsWith("NAME"));
  }

  private static String event(String id, String type, String data) {
    return "id: " + id + "\nevent: " + type + "\ndata: " + data.replace("\n", " ") + "\n\n";
  }

  private static String change(int number) {
    return event(
        "e-" + number,
        "lease-added",
        """
        {"id":"e-%d","at":"2026-11-29T10:00:0%dZ","type":"lease-added","network":"vmnet8",
         "subject":"192.168.127.128","data":{"mac":"m","hostname":"a b\\u001b"}}
        """
            .formatted(number, number));
  }

  @Test
  void eventsGoOnBehindTheLastOneAfterABreak() throws IOException {
    daemon
        .answer("GET /v1/events", event("e-1", "snapshot", "{\"ports\":[{},{}]}") + change(2))
        .answer("GET /v1/events", change(3));
    Pipe pipe = runInto(3, "events --type lease --network vmnet8");
    assertThat(pipe.text().lines().toList())
        .containsExactly(
            "snapshot  networks=0  ports=2  leases=0  forwards=0  guests=0  problems=0",
            "2026-11-29T10:00:02Z  lease-added  vmnet8/192.168.127.128  mac=m  hostname=\"a b?\"",
            "2026-11-29T10:00:03Z  lease-added  vmnet8/192.168.127.128  mac=m  hostname=\"a b?\"");
    assertThat(daemon.asked().getFirst().target())
        .isEqualTo("/v1/events?type=lease&network=vmnet8");
    assertThat(daemon.asked().getFirst().headers()).doesNotContainKey("last-event-id");
    assertThat(daemon.asked().get(1).headers()).containsEntry("last-event-id", "e-2");
  }

  @Test
  void eventsAreAJsonDocumentALine() throws IOException {
    daemon.answer("GET /v1/events", event("e-1", "snapshot", "{\"ports\":[]}") + change(2));
    Pipe pipe = runInto(2, "events --json");
    List<String> lines = pipe.text().lines().toList();
    JsonNode snapshot = JSON.readTree(lines.getFirst());
    assertThat(snapshot.path("type").asText()).isEqualTo("snapshot");
    assertThat(snapshot.path("data").has("ports")).isTrue();
    assertThat(JSON.readTree(lines.get(1)).path("data").path("mac").asText()).isEqualTo("m");
    assertThat(pipe.text()).doesNotContain("\u001b");
  }

  @Test
  void eventsOfANetworkThatIsNotThereAreRefused() {
    daemon.answer("GET /v1/events", 404, "{\"title\":\"there is no network x\",\"status\":404}");
    assertThat(run("events --network x")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).isEqualTo("lanyard: there is no network x\n");
  }

  @Test
  void aForwardLivesAsLongAsItsConnection() throws Exception {
    daemon.hold(
        "POST /v1/networks/vmnet8/port-forward",
        "{\"listen\":\"127.0.0.1:8080\",\"to\":\"192.168.127.10:80\"}\n");
    int[] status = {-1};
    Thread command = Thread.ofPlatform().start(() -> status[0] = run("port-forward web 8080:80"));
    Await.until(() -> said.err(), () -> said.out().contains("until Ctrl-C"));
    assertThat(command.isAlive()).isTrue();
    daemon.release();
    command.join(TimeUnit.SECONDS.toMillis(60));
    assertThat(status[0]).isEqualTo(Lanyard.FAILED);
    assertThat(said.out())
        .isEqualTo("Forwarding 127.0.0.1:8080 to 192.168.127.10:80 until Ctrl-C\n");
    assertThat(said.err()).contains("the daemon has closed the connection");
    assertThat(daemon.asked("POST").getFirst().json())
        .isEqualTo(
            JSON.readTree(
                "{\"protocol\":\"tcp\",\"listen\":\"127.0.0.1:8080\",\"to\":\"web:80\"}"));
  }

  @Test
  void aConsoleEndsWithItsGuestAndSaysWhy() {
    daemon
        .hold("GET /v1/guests/web/console", "bye")
        .hold(
            "GET /v1/events",
            event("e-1", "snapshot", "{}")
                + event(
                    "e-2",
                    "guest-changed",
                    """
                    {"id":"e-2","type":"guest-changed","subject":"other",
                     "data":{"to":"stopped"}}
                    """)
                + event(
                    "e-3",
                    "guest-changed",
                    """
                    {"id":"e-3","type":"guest-changed","subject":"web",
                     "data":{"from":"running","to":"stopped","cause":"powered off"}}
                    """));
    assertThat(run("guest console web --watch")).isZero();
    assertThat(said.err()).isEqualTo("Guest web has ended: powered off\n");
  }

  @ParameterizedTest
  @CsvSource({
    "db, lab, db",
    "WWW, lab, WWW",
    "laptop, vmnet8, 192.168.127.130",
    "laptop:vmnet8, vmnet8, 192.168.127.130",
    "printer, vmnet8, printer",
    "both:lab, lab, both",
    "web, vmnet8, web"
  })
  void aForwardFindsTheNetworkThatHasTheName(String name, String network, String host)
      throws IOException {
    daemon
        .answer("GET /v1/config", NAMES)
        .answer("GET /v1/leases", LEASES)
        .answer("POST /v1/networks/" + network + "/port-forward", 409, "{\"title\":\"taken\"}");
    // The first answer, from the start of the test, has no names.
    assertThat(run("config show")).isZero();
    assertThat(run("port-forward " + name + " 8080:80")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).isEqualTo("lanyard: taken\n");
    assertThat(daemon.asked("POST").getFirst().json().path("to").asText()).isEqualTo(host + ":80");
  }

  @Test
  void aForwardToANameOfNoOrSeveralNetworksAsksForTheNetwork() {
    daemon.answer("GET /v1/config", NAMES).answer("GET /v1/leases", LEASES);
    assertThat(run("config show")).isZero();
    assertThat(run("port-forward nobody 8080:80")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err())
        .isEqualTo(
            """
            lanyard: no guest, reservation, lease or DNS host has the name nobody
            "lanyard guest ls" and "lanyard lease ls" show the names that there are
            """);
    assertThat(run("port-forward both 8080:80")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err())
        .isEqualTo(
            """
            lanyard: several networks have the name both: lab, vmnet8
            name a network: both:NETWORK
            """);
  }

  @Test
  void theKeyQLeavesAPictureAndOthersDoNot() {
    Screen screen = new Screen(TimeUnit.MINUTES.toMillis(1), false);
    screen.leaveAt(new ByteArrayInputStream("xyz\nq".getBytes(UTF_8)));
    assertThat(screen.show(() -> List.of("a picture"))).isZero();
    assertThat(said.out()).isEqualTo("a picture\n");
  }

  @Test
  void aForwardThatMakesNoSenseIsBadUsage() {
    for (String mapping : List.of("x", "a:b", "80:", ":80", "1:2:x")) {
      assertThat(run("port-forward web:vmnet8 " + mapping)).as(mapping).isEqualTo(2);
    }
  }

  @Test
  void aRestartWaitsUntilTheGuestIsOff() {
    daemon
        .answer("GET /v1/guests/web", GUEST)
        .answer("GET /v1/guests/web", GUEST.replace("running", "stopped"))
        .answer("POST /v1/guests/web/stop", GUEST)
        .answer("POST /v1/guests/web/start", GUEST);
    // The first answer, from the start of the test, and one more say that it runs.
    assertThat(run("guest restart web")).as(said.err()).isZero();
    assertThat(said.out()).isEqualTo("web: running\n");
    assertThat(daemon.asked("POST").stream().map(FakeDaemon.Asked::path))
        .containsExactly("/v1/guests/web/stop", "/v1/guests/web/start");
  }

  @Test
  void aStopSaysWhatHappensOrWaits() {
    daemon
        .answer("GET /v1/guests/web", GUEST)
        .answer("GET /v1/guests/web", GUEST.replace("running", "stopped"))
        .answer("POST /v1/guests/web/stop", GUEST);
    assertThat(run("guest stop web --wait 1ms")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("has not powered off within 1ms", "lanyard guest kill web");
    assertThat(run("guest stop web")).as(said.err()).isZero();
    assertThat(said.out())
        .isEqualTo("web: its power button is pressed; it is off when its system has shut down\n");
    assertThat(run("guest stop web --wait 60s")).as(said.err()).isZero();
    assertThat(said.out()).isEqualTo("web: stopped\n");
    assertThat(run("guest stop web --wait 60")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).contains("such as 60s, found 60: ");
  }

  @Test
  void aCountThatIsNotKnownIsNoNumber() {
    daemon.answer("GET /v1/guests/none", GUEST.replace("\"nics\"", "\"instructions\":-1,\"nics\""));
    assertThat(run("guest show none")).as(said.err()).isZero();
    assertThat(said.out()).containsPattern("instructions +-\n");
  }

  @Test
  void aGuestThatDoesNotPowerOffIsSaidOrForced() {
    daemon
        .answer("POST /v1/guests/web/stop", GUEST)
        .answer("POST /v1/guests/web/kill", GUEST)
        .answer("POST /v1/guests/web/start", GUEST);
    assertThat(run("guest restart web --timeout 1ms")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("has not powered off within 1ms", "--force");
    assertThat(run("guest restart web --timeout soon")).isEqualTo(Lanyard.BAD_USAGE);
  }

  @Test
  void anImageThatAGuestUsesStays() {
    daemon.answer(
        "GET /v1/config", "{\"settings\":[{\"path\":\"guests.web.image\",\"value\":\"debian\"}]}");
    assertThat(run("image rm debian --images " + directory)).isEqualTo(Lanyard.FAILED);
    // The first answer knows of no such guest.
    assertThat(run("image rm debian --images " + directory)).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("image debian is used by web", "--force");
    assertThat(run("image rm debian --force --images " + directory)).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("there is no image debian");
  }

  @Test
  void completionNamesWhatThereIs() {
    assertThat(run("completion --names NETWORK")).isZero();
    assertThat(said.out()).isEqualTo("vmnet8\n");
    assertThat(run("completion --names NETWORK/PORT")).isZero();
    assertThat(said.out()).isEqualTo("vmnet8/p1\n");
    daemon.answer("GET /v1/port-groups", "[{\"network\":\"vmnet8\",\"name\":\"lab\"}]");
    assertThat(run("completion --names GROUP vmnet8")).as(said.err()).isZero();
    assertThat(said.out()).isEqualTo("lab\n");
    assertThat(daemon.asked().getLast().target()).isEqualTo("/v1/port-groups?network=vmnet8");
    assertThat(run("completion --names NETWORK/GROUP")).isZero();
    assertThat(said.out()).isEqualTo("vmnet8/lab\n");
    daemon.answer("GET /v1/guests", "[{\"name\":\"$(reboot)\"},{\"name\":\"b\"}]");
    assertThat(run("completion --names GUEST")).isZero();
    assertThat(run("completion --names GUEST")).isZero();
    assertThat(said.out()).isEqualTo("b\n");
    assertThat(said.run(directory.resolve("none.sock"), "completion --names GUEST")).isZero();
    assertThat(said.out() + said.err()).isEmpty();
  }
}
