package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lanyard.control.client.ConfigText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that change the configuration, against answers of a daemon. */
@Timeout(240)
final class ChangingTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  static final String CONFIG =
      """
      {"revision": 7, "source": "/etc/lanyard.yaml", "settings": [
        {"path": "networks.vmnet8.mode", "value": "nat", "origin": "/etc/lanyard.yaml:3:5"},
        {"path": "networks.vmnet8.dhcp.reservations[52:54:00:00:00:10].mac",
         "value": "\\"52:54:00:00:00:10\\"", "origin": "f:9:1"},
        {"path": "networks.vmnet8.dhcp.reservations[52:54:00:00:00:10].address",
         "value": "192.168.127.10", "origin": "f:9:1"},
        {"path": "networks.vmnet8.dns.hosts.printer", "value": "192.168.127.9", "origin": "f:8:1"},
        {"path": "networks.vmnet8.dns.records[www/cname/printer].name", "value": "WWW",
         "origin": "f:8:2"},
        {"path": "networks.vmnet8.dns.records[www/cname/printer].cname", "value": "printer",
         "origin": "f:8:2"},
        {"path": "networks.vmnet8.dns.records[\\"_ipp._tcp/srv/10 5 631 printer\\"].name",
         "value": "_ipp._tcp", "origin": "f:8:3"},
        {"path": "networks.vmnet8.dns.records[\\"_ipp._tcp/srv/10 5 631 printer\\"].srv",
         "value": "10 5 631 printer", "origin": "f:8:3"},
        {"path": "networks.vmnet8.forwards[web].listen", "value": "\\"127.0.0.1:8080\\"",
         "origin": "root at 2026-11-29T10:00:00Z"},
        {"path": "networks.vmnet8.forwards[tcp/127.0.0.1:90].to", "value": "\\"web:90\\"",
         "origin": "f:7:1"},
        {"path": "networks.vmnet8.forwards[tcp/127.0.0.1:91].to", "value": "\\"web:91\\"",
         "origin": "f:7:2"},
        {"path": "networks.vmnet8.ports[p1].kind", "value": "tap", "origin": "f:5:1"},
        {"path": "networks.vmnet8.ports[p1].device", "value": "t0", "origin": "f:5:1"},
        {"path": "networks.vmnet8.ports[p1].addresses", "value": "[192.168.127.20]",
         "origin": "f:5:1"},
        {"path": "networks.vmnet8.port-groups.trusted.guard", "value": "strict",
         "origin": "f:6:1"},
        {"path": "networks.lab.mode", "value": "isolated", "origin": "f:4:1"},
        {"path": "guests.web.memory", "value": "512M", "origin": "f:11:1"}]}
      """;

  static final String PLAN =
      """
      {"revision": 8, "changes": [
        {"kind": "forward-added", "network": "vmnet8", "subject": "networks.vmnet8.forwards[x]",
         "text": "+ networks.vmnet8.forwards[x] (tcp 127.0.0.1:1 to web:1)"},
        {"kind": "dhcp-changed", "network": "vmnet8", "subject": "networks.vmnet8.dhcp",
         "text": "networks.vmnet8.dhcp: lease-time 30m -> 1h"}],
       "ends": [], "restart": ["api.socket: a -> b; needs a restart of the daemon"],
       "problems": [], "confirmBy": ""}
      """;

  private static final String ENDS =
      """
      {"type": "about:blank", "title": "it would end what runs", "status": 409,
       "reason": "ends-something", "errors": ["guest web", "2 flows of vmnet8"],
       "hint": "repeat it with --yes"}
      """;

  private static final String OUTDATED =
      "{\"title\": \"it has changed\", \"status\": 412, \"reason\": \"outdated\"}";

  @TempDir Path directory;
  private FakeDaemon daemon;
  private final Said said = new Said();

  @BeforeEach
  void start() throws IOException {
    daemon = new FakeDaemon(directory).answer("GET /v1/config", CONFIG);
  }

  @AfterEach
  void stop() throws IOException {
    said.close();
    daemon.close();
  }

  private int run(String command) {
    return said.run(daemon.socket, command);
  }

  private JsonNode edits() throws IOException {
    return daemon.asked("PATCH").getLast().json().path("edits");
  }

  @Test
  void whoNamesAReservationByItsHostIsToldWhereToLook() throws IOException {
    assertThat(run("reservation rm vmnet8 db")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err())
        .contains("expected a MAC address")
        .contains("known by its MAC address")
        .contains("lanyard reservation ls");
    assertThat(run("reservation ls vmnet8")).as(said.err()).isZero();
    assertThat(said.out()).contains("52:54:00:00:00:10");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "forward add vmnet8 tcp 127.0.0.1:80 web:80 --name n"
            + "| set networks.vmnet8.forwards[n]"
            + "| {`name`:`n`,`protocol`:`tcp`,`listen`:`127.0.0.1:80`,`to`:`web:80`}",
        "forward add vmnet8 udp *:53 web:53"
            + "| set networks.vmnet8.forwards[udp/0.0.0.0:53]"
            + "| {`protocol`:`udp`,`listen`:`*:53`,`to`:`web:53`}",
        "forward add vmnet8 tcp 81 web"
            + "| set networks.vmnet8.forwards[tcp/127.0.0.1:81]"
            + "| {`protocol`:`tcp`,`listen`:`127.0.0.1:81`,`to`:`web:81`}",
        "forward add vmnet8 udp 5000-5010 web"
            + "| set networks.vmnet8.forwards[udp/127.0.0.1:5000-5010]"
            + "| {`protocol`:`udp`,`listen`:`127.0.0.1:5000-5010`,`to`:`web:5000-5010`}",
        "forward add vmnet8 tcp *:80-81 [fd00::1]:90-91 --name w"
            + "| set networks.vmnet8.forwards[w]"
            + "| {`name`:`w`,`protocol`:`tcp`,`listen`:`*:80-81`,`to`:`[fd00::1]:90-91`}",
        "forward set vmnet8 web listen=*:81 | set networks.vmnet8.forwards[web].listen | `*:81`",
        "forward set vmnet8 web listen=[::1]:81"
            + "| set networks.vmnet8.forwards[web].listen | `[::1]:81`",
        "forward rm vmnet8 web | remove networks.vmnet8.forwards[web] |",
        "forward rm vmnet8 tcp/127.0.0.1:90 | remove networks.vmnet8.forwards[tcp/127.0.0.1:90] |",
        "forward rm vmnet8 tcp 127.0.0.1:90 | remove networks.vmnet8.forwards[tcp/127.0.0.1:90] |",
        "forward rm vmnet8 tcp/90 | remove networks.vmnet8.forwards[tcp/127.0.0.1:90] |",
        "forward set vmnet8 tcp/90 to=web:1"
            + "| set networks.vmnet8.forwards[tcp/127.0.0.1:90].to | `web:1`",
        "port add vmnet8 p2 --kind tap --device t1 --netns ns | set networks.vmnet8.ports[p2]"
            + "| {`name`:`p2`,`kind`:`tap`,`device`:`t1`,`netns`:`ns`}",
        "port add vmnet8 p2 --kind qemu-stream --path p2.sock | set networks.vmnet8.ports[p2]"
            + "| {`name`:`p2`,`kind`:`qemu-stream`,`path`:`p2.sock`}",
        "port set vmnet8 p1 isolated=true | set networks.vmnet8.ports[p1].isolated | true",
        "port rm vmnet8 p1 | remove networks.vmnet8.ports[p1] |",
        "group add vmnet8 untrusted | set networks.vmnet8.port-groups.untrusted | {}",
        "group set vmnet8 trusted limits.new-flows=20"
            + "| set networks.vmnet8.port-groups.trusted.limits.new-flows | 20",
        "group set vmnet8 trusted --unset guard"
            + "| remove networks.vmnet8.port-groups.trusted.guard |",
        "group rm vmnet8 trusted | remove networks.vmnet8.port-groups.trusted |",
        "port set vmnet8 p1 port-group=trusted"
            + "| set networks.vmnet8.ports[p1].port-group | `trusted`",
        "reservation add vmnet8 52-54-00-00-00-11 192.168.127.11 db"
            + "| set networks.vmnet8.dhcp.reservations[52:54:00:00:00:11]"
            + "| {`mac`:`52-54-00-00-00-11`,`address`:`192.168.127.11`,`hostname`:`db`}",
        "reservation add vmnet8 52:54:00:00:00:11 fd00::11 db"
            + "| set networks.vmnet8.dhcp.reservations[52:54:00:00:00:11]"
            + "| {`mac`:`52:54:00:00:00:11`,`ipv6`:`fd00::11`,`hostname`:`db`}",
        "reservation set vmnet8 52:54:00:00:00:10 hostname=h"
            + "| set networks.vmnet8.dhcp.reservations[52:54:00:00:00:10].hostname | `h`",
        "reservation rm vmnet8 52:54:00:00:00:10"
            + "| remove networks.vmnet8.dhcp.reservations[52:54:00:00:00:10] |",
        "dns add vmnet8 www.example 192.168.127.12"
            + "| set networks.vmnet8.dns.hosts.\"www.example\" | `192.168.127.12`",
        "dns set vmnet8 printer 192.168.127.8"
            + "| set networks.vmnet8.dns.hosts.printer | `192.168.127.8`",
        "dns rm vmnet8 PRINTER | remove networks.vmnet8.dns.hosts.printer |",
        "dns add vmnet8 mail CNAME printer"
            + "| set networks.vmnet8.dns.records[mail/cname/printer]"
            + "| {`name`:`mail`,`cname`:`printer`}",
        "dns add vmnet8 _http._tcp srv 10 5 80 web"
            + "| set networks.vmnet8.dns.records[\"_http._tcp/srv/10 5 80 web\"]"
            + "| {`name`:`_http._tcp`,`srv`:`10 5 80 web`}",
        "dns add vmnet8 printer fd00:0::9 | set networks.vmnet8.dns.records[printer/aaaa/fd00::9]"
            + "| {`name`:`printer`,`aaaa`:`fd00:0::9`}",
        "dns add vmnet8 printer a 192.168.127.8"
            + "| set networks.vmnet8.dns.records[printer/a/192.168.127.8]"
            + "| {`name`:`printer`,`a`:`192.168.127.8`}",
        "dns add vmnet8 printer txt second floor"
            + "| set networks.vmnet8.dns.records[\"printer/txt/second floor\"]"
            + "| {`name`:`printer`,`txt`:`second floor`}",
        "dns add vmnet8 nas ptr 192.168.127.9"
            + "| set networks.vmnet8.dns.records[nas/ptr/192.168.127.9]"
            + "| {`name`:`nas`,`ptr`:`192.168.127.9`}",
        "dns add vmnet8 *.apps 192.168.127.12"
            + "| set networks.vmnet8.dns.hosts.\"*.apps\" | `192.168.127.12`",
        "dns set vmnet8 www cname printer"
            + "| set networks.vmnet8.dns.records[www/cname/printer]"
            + "| {`name`:`www`,`cname`:`printer`}",
        "dns rm vmnet8 www | remove networks.vmnet8.dns.records[www/cname/printer] |",
        "dns rm vmnet8 _ipp._tcp srv 10  5 631 Printer"
            + "| remove networks.vmnet8.dns.records[\"_ipp._tcp/srv/10 5 631 printer\"] |",
        "network add x --mode nat --subnet 10.1.0.0/24 | set networks.x"
            + "| {`mode`:`nat`,`ipv4`:{`subnet`:`10.1.0.0/24`}}",
        "network add x --mode nat --subnet fd00:1::/64 | set networks.x"
            + "| {`mode`:`nat`,`ipv6`:{`subnet`:`fd00:1::/64`}}",
        "network set vmnet8 nat.host-loopback=true"
            + "| set networks.vmnet8.nat.host-loopback | true",
        "network set vmnet8 mtu=1400 | set networks.vmnet8.mtu | 1400",
        "network set vmnet8 --unset dhcp.lease-time | remove networks.vmnet8.dhcp.lease-time |",
        "network set vmnet8 dhcp.reservations[52:54:00:00:00:10].hostname=h"
            + "| set networks.vmnet8.dhcp.reservations[52:54:00:00:00:10].hostname | `h`",
        "network rm lab | remove networks.lab |",
        "egress set vmnet8 rules=[10.0.0.0/8,x]"
            + "| set networks.vmnet8.egress.rules | [`10.0.0.0/8`,`x`]",
        "guest set web memory=1G | set guests.web.memory | `1G`",
        "guest set web harts=2 | set guests.web.harts | 2",
        "guest rm web | remove guests.web |",
        "log level debug | set log.level | `debug`",
      })
  void aCommandIsOneChange(String command, String edit, String value) throws IOException {
    daemon.answer("PATCH /v1/config", PLAN);
    assertThat(run(command)).as(said.err()).isZero();
    assertThat(edits()).hasSize(1);
    JsonNode only = edits().path(0);
    assertThat(only.path("operation").asText() + " " + only.path("path").asText()).isEqualTo(edit);
    if (value == null) {
      assertThat(only.has("value")).isFalse();
    } else {
      assertThat(only.path("value")).isEqualTo(JSON.readTree(value.replace('`', '"')));
    }
    assertThat(daemon.asked("PATCH").getFirst().json().path("why").asText()).isEqualTo(command);
    assertThat(said.out())
        .isEqualTo(
            """
            + networks.vmnet8.forwards[x] (tcp 127.0.0.1:1 to web:1)
            ~ networks.vmnet8.dhcp: lease-time 30m -> 1h
            This waits for a restart of the daemon:
              api.socket: a -> b; needs a restart of the daemon
            Done: revision 8.
            """);
  }

  @Test
  void oneRecordTakesThePlaceOfThoseOfItsType() throws IOException {
    daemon.answer("PATCH /v1/config", PLAN);
    assertThat(run("dns set vmnet8 www cname web")).as(said.err()).isZero();
    assertThat(edits().findValuesAsText("operation")).containsExactly("remove", "set");
    assertThat(edits().findValuesAsText("path"))
        .containsExactly(
            "networks.vmnet8.dns.records[www/cname/printer]",
            "networks.vmnet8.dns.records[www/cname/web]");
  }

  @Test
  void namesAreListedWithTypeAndValue() {
    assertThat(run("dns ls")).as(said.err()).isZero();
    assertThat(said.out().lines().map(line -> line.replaceAll(" +", " ").strip()))
        .contains(
            "vmnet8 printer a 192.168.127.9 f:8:1",
            "vmnet8 WWW cname printer f:8:2",
            "vmnet8 _ipp._tcp srv 10 5 631 printer f:8:3");
  }

  @Test
  void aGroupIsAddedWithItsSettings() throws IOException {
    daemon.answer("PATCH /v1/config", PLAN);
    assertThat(run("group add vmnet8 untrusted isolated=true limits.new-flows=20"))
        .as(said.err())
        .isZero();
    assertThat(edits().findValuesAsText("path"))
        .containsExactly(
            "networks.vmnet8.port-groups.untrusted",
            "networks.vmnet8.port-groups.untrusted.isolated",
            "networks.vmnet8.port-groups.untrusted.limits.new-flows");
  }

  @Test
  void aGroupThatPortsAreInIsNotRemovedAndTheAnswerNamesThem() {
    daemon.answer(
        "PATCH /v1/config",
        409,
        """
        {"title": "ports p1, web.nic0 are in port group trusted of network vmnet8",
         "status": 409, "hint": "give each another port-group, or none, first"}
        """);
    assertThat(run("group rm vmnet8 trusted")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err())
        .contains("ports p1, web.nic0 are in port group trusted of network vmnet8")
        .contains("give each another port-group");
  }

  @Test
  void aPortMovesWithItsSettings() throws IOException {
    daemon.answer("PATCH /v1/config", PLAN);
    assertThat(run("port move vmnet8 p1 lab")).as(said.err()).isZero();
    assertThat(edits().findValuesAsText("path"))
        .containsExactly("networks.vmnet8.ports[p1]", "networks.lab.ports[p1]");
    assertThat(edits().path(1).path("value"))
        .isEqualTo(
            JSON.readTree(
                "{\"kind\":\"tap\",\"device\":\"t0\",\"addresses\":[\"192.168.127.20\"]}"));
    assertThat(run("port move vmnet8 web.nic0 lab")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("no port web.nic0").contains("comes with its NIC");
    assertThat(run("port move vmnet8 p1 nowhere")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("no network nowhere");
  }

  @Test
  void aSocketInThePresentDirectoryIsNamedFromHereAndANameIsTheDaemons() throws IOException {
    daemon.answer("PATCH /v1/config", PLAN);
    assertThat(run("port add vmnet8 p --kind qemu-stream --path ./p.sock")).as(said.err()).isZero();
    assertThat(edits().path(0).path("value").path("path").asText())
        .isEqualTo(Path.of("p.sock").toAbsolutePath().toString());
  }

  @Test
  void aShortNameOfTwoForwardsIsRefusedWithBoth() {
    daemon.answer(
        "GET /v1/config",
        CONFIG.replace("forwards[tcp/127.0.0.1:91]", "forwards[tcp/127.0.0.2:90]"));
    assertThat(run("config show")).isZero(); // the usual answer comes once
    assertThat(run("forward rm vmnet8 tcp/90")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).contains("tcp/127.0.0.1:90, tcp/127.0.0.2:90");
    assertThat(daemon.asked("PATCH")).isEmpty();
  }

  @Test
  void aForwardWithANameIsKnownByWhereItListensToo() throws IOException {
    daemon
        .answer(
            "GET /v1/config",
            """
            {"revision": 7, "settings": [
              {"path": "networks.a.forwards[web].protocol", "value": "tcp", "origin": "f:1:1"},
              {"path": "networks.a.forwards[web].listen", "value": "\\"*:80\\"", "origin": "f:1:1"}]}
            """)
        .answer("PATCH /v1/config", PLAN);
    assertThat(run("config show")).isZero(); // the usual answer comes once
    for (String name : List.of("tcp 0.0.0.0:80", "tcp/80", "tcp/*:80", "web")) {
      assertThat(run("forward rm a " + name)).as(said.err()).isZero();
      assertThat(edits().findValuesAsText("path")).containsExactly("networks.a.forwards[web]");
    }
  }

  @Test
  void aGuestsFilesAreNamedFromHere() throws IOException {
    daemon.answer("PATCH /v1/config", PLAN);
    assertThat(
            said.run(
                daemon.socket,
                List.of(
                    "guest",
                    "add",
                    "db",
                    "kernel=Image",
                    "disks=[{path: a.img}]",
                    "memory=1G",
                    "firmware=f.bin")))
        .as(said.err())
        .isZero();
    Path here = Path.of("").toAbsolutePath();
    assertThat(edits().findValuesAsText("path"))
        .containsExactly(
            "guests.db",
            "guests.db.kernel",
            "guests.db.disks",
            here.resolve("a.img").toString(),
            "guests.db.memory",
            "guests.db.firmware");
    assertThat(edits().path(1).path("value").asText()).isEqualTo(here.resolve("Image").toString());
    assertThat(edits().path(4).path("value").asText()).isEqualTo(here.resolve("f.bin").toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "forward add vmnet8 tcp 127.0.0.1:8080 web:80 --name web",
        "forward add vmnet8 tcp 90 web:90",
        "port add vmnet8 p1 --kind tap --device x",
        "group add vmnet8 trusted guard=learn",
        "reservation add vmnet8 52:54:00:00:00:10 192.168.127.11",
        "dns add vmnet8 printer 192.168.127.8",
        "dns add vmnet8 www cname printer",
        "network add lab --mode nat",
        "guest add web memory=1G",
      })
  void addingChangesNothingThatIsThere(String command) {
    assertThat(run(command)).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("is there already");
    assertThat(daemon.asked()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "forward rm vmnet8 none",
        "forward set vmnet8 none to=x:1",
        "port rm vmnet8 none",
        "group set vmnet8 none guard=learn",
        "group rm vmnet8 none",
        "reservation rm vmnet8 52:54:00:00:00:99",
        "dns rm vmnet8 none",
        "dns rm vmnet8 www a",
        "dns rm vmnet8 www cname other",
        "dns set vmnet8 www txt text",
        "network set none mtu=1400",
        "network rm none",
        "guest rm none",
      })
  void whatIsNotThereIsNotChanged(String command) {
    assertThat(run(command)).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).startsWith("lanyard: ").contains("has no");
    assertThat(daemon.asked("PATCH")).isEmpty();
  }

  @Test
  void aMissingRecordIsNamedWithItsType() {
    assertThat(run("dns rm vmnet8 www a")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("the configuration has no A record of www on network vmnet8");
  }

  @Test
  void aChangeOfNothingIsBadUsage() {
    assertThat(run("network set vmnet8")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).startsWith("lanyard: there is nothing to change\n");
    assertThat(daemon.asked("PATCH")).isEmpty();
  }

  @Test
  void aChangeByAnotherOperatorMeanwhileIsLookedAtAgain() {
    daemon.answer("PATCH /v1/config", 412, OUTDATED).answer("PATCH /v1/config", PLAN);
    assertThat(run("network rm lab")).as(said.err()).isZero();
    assertThat(daemon.asked("PATCH"))
        .hasSize(2)
        .allSatisfy(request -> assertThat(request.headers()).containsEntry("if-match", "\"7\""));
  }

  @Test
  void aChangeSurvivesManyChangesByOtherOperators() {
    int refusals = 6;
    for (int i = 0; i < refusals; i++) {
      daemon.answer("PATCH /v1/config", 412, OUTDATED);
    }
    daemon.answer("PATCH /v1/config", PLAN);
    assertThat(run("network rm lab")).as(said.err()).isZero();
    assertThat(daemon.asked("PATCH")).hasSize(refusals + 1);
  }

  @Test
  void aRevisionThatTheOperatorNamesIsKept() {
    daemon.answer("PATCH /v1/config", 412, OUTDATED);
    assertThat(run("network rm lab --if-revision 5")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).isEqualTo("lanyard: it has changed\n");
    assertThat(daemon.asked("PATCH"))
        .singleElement()
        .satisfies(request -> assertThat(request.headers()).containsEntry("if-match", "\"5\""));
  }

  @Test
  void withoutATerminalWhatEndsIsListedAndNothingIsAsked() {
    daemon.answer("PATCH /v1/config", 409, ENDS);
    assertThat(run("network rm vmnet8")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err())
        .isEqualTo(
            """
            lanyard: it would end what runs
              guest web
              2 flows of vmnet8
            repeat it with --yes
            """);
    assertThat(run("network rm vmnet8 --json")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("\"reason\" : \"ends-something\"", "\"guest web\"");
    assertThat(said.out()).isEmpty();
  }

  @Test
  void theOptionsOfAChangeAreItsQuery() {
    daemon.answer("PATCH /v1/config", PLAN);
    assertThat(run("network rm lab --yes --tolerate --confirm 60s --json")).isZero();
    assertThat(daemon.asked("PATCH").getLast().target())
        .isEqualTo("/v1/config?yes=true&tolerate=true&confirm=60s");
    assertThat(said.out()).contains("\"revision\" : 8");
    assertThat(run("network rm lab --dry-run")).isZero();
    assertThat(daemon.asked("PATCH").getLast().target()).isEqualTo("/v1/config?dry-run=true");
    assertThat(said.out()).contains("+ networks.").doesNotContain("Done");
  }

  @Test
  void problemsOfAChangeAreItsKeys() {
    String place = "change by user 0 at 2026-11-29T11:01:44Z:1:1: ";
    daemon.answer(
        "PATCH /v1/config",
        422,
        """
        {"title":"the configuration has problems","status":422,"reason":"invalid",
         "errors":["%snetworks.vmnet8.mto: unknown key; did you mean \\"mtu\\"?"]}
        """
            .formatted(place));
    assertThat(run("network set vmnet8 mto=1400")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err())
        .isEqualTo("lanyard: networks.vmnet8.mto: unknown key; did you mean \"mtu\"?\n");
  }

  @Test
  void aChangeThatNoConfigurationCouldHaveIsBadUsage() {
    daemon.answer(
        "PATCH /v1/config",
        422,
        """
        {"title":"the configuration has problems","status":422,"reason":"malformed",
         "errors":["change by user 0 at 2026-11-29T11:01:44Z:1:1: networks.vmnet8.mtu: no number"]}
        """);
    assertThat(run("network set vmnet8 mtu=x")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).isEqualTo("lanyard: networks.vmnet8.mtu: no number\n");
  }

  @Test
  void aPersonSeesThePlanBeforeTheyAgree() throws IOException {
    Person agreeing = person(true);
    daemon
        .answer("PUT /v1/config", 409, ENDS)
        .answer("PUT /v1/config", PLAN)
        .answer("PUT /v1/config", PLAN);
    assertThat(applyAs(agreeing)).isZero();
    assertThat(daemon.asked("PUT").stream().map(FakeDaemon.Asked::target))
        .containsExactly("/v1/config", "/v1/config?yes=true&dry-run=true", "/v1/config?yes=true");
    assertThat(daemon.asked("PUT").getLast().headers()).containsEntry("if-match", "\"8\"");
    assertThat(said.out()).contains("+ networks.vmnet8.forwards[x]", "Done: revision 8.");
  }

  @Test
  void aPersonWhoDoesNotAgreeHasNothingChanged() {
    daemon.answer("PUT /v1/config", 409, ENDS).answer("PUT /v1/config", PLAN);
    assertThatThrownBy(() -> applyAs(person(false)))
        .isInstanceOf(Failure.class)
        .hasMessage("nothing was changed");
    assertThat(daemon.asked("PUT")).hasSize(2);
  }

  @Test
  void aChangeThatAPersonConfirmsIsHeldByItsConnection() {
    daemon.answer("PUT /v1/config", PLAN.replace("\n", " "));
    Change change = new Change();
    change.confirm = "60s";
    assertThat(applyAs(person(true), change)).isZero();
    assertThat(run("apply --confirm 60s --yes")).isZero();
    assertThat(daemon.asked("PUT").stream().map(FakeDaemon.Asked::target))
        .containsExactly("/v1/config?confirm=60s&hold=true", "/v1/config?yes=true&confirm=60s");
  }

  private int applyAs(Person person) {
    return applyAs(person, new Change());
  }

  private int applyAs(Person person, Change change) {
    change.api = new Api(daemon.socket);
    change.person = person;
    ConfigText text = new ConfigText(new byte[0], "");
    return change.send((client, options) -> client.configuration().apply(text, options));
  }

  private static Person person(boolean agrees) {
    return new Person() {
      @Override
      public boolean isThere() {
        return true;
      }

      @Override
      public boolean agrees(String question) {
        return agrees;
      }
    };
  }

  @Test
  void aKeyOrValueThatCannotBeReadIsSaid() {
    assertThat(run("network set vmnet8 mtu")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).contains("expected KEY=VALUE");
    assertThat(run("network set vmnet8 =1")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(run("network set vmnet8 mtu={a")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).contains("not YAML");
    assertThat(run("network set vmnet8 a..b=1")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).contains("the key a..b cannot be read");
  }

  @Test
  void whatBelongsToWhatRunsIsAskedForDirectly() throws IOException {
    daemon
        .answer("PUT /v1/networks/vmnet8/ports/p1/link", 204, "")
        .answer("DELETE /v1/networks/vmnet8/leases/192.168.127.128", 204, "")
        .answer("DELETE /v1/networks/vmnet8/flows/17", 204, "");
    assertThat(run("port link vmnet8 p1 down")).as(said.err()).isZero();
    assertThat(daemon.asked().getFirst().json().path("up").asBoolean(true)).isFalse();
    assertThat(run("port link vmnet8 p1 sideways")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(run("lease release vmnet8 192.168.127.128")).as(said.err()).isZero();
    assertThat(run("flow end vmnet8 17")).as(said.err()).isZero();
    assertThat(said.out()).isEqualTo("ended flow 17 of network vmnet8\n");
    assertThat(run("flow end vmnet8 18")).isEqualTo(Lanyard.FAILED);
  }

  @Test
  void aLeaseIsPinnedWithTheGuestsNameWhereItIsOne() throws IOException {
    daemon
        .answer(
            "GET /v1/leases",
            """
            [{"address":"192.168.127.128","mac":"52:54:00:00:00:20","hostname":"Db-1"},
             {"address":"192.168.127.129","mac":"52:54:00:00:00:21","hostname":"no name"}]
            """)
        .answer("PATCH /v1/config", PLAN);
    assertThat(run("lease pin vmnet8 192.168.127.128")).as(said.err()).isZero();
    assertThat(edits().path(0).path("path").asText())
        .isEqualTo("networks.vmnet8.dhcp.reservations[52:54:00:00:00:20]");
    assertThat(edits().path(0).path("value").path("hostname").asText()).isEqualTo("db-1");
    assertThat(run("lease pin vmnet8 192.168.127.129")).isZero();
    assertThat(edits().path(0).path("value").has("hostname")).isFalse();
    assertThat(run("lease pin vmnet8 192.168.127.130")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("no lease of 192.168.127.130");
  }
}
