package io.lanyard.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lanyard.config.Document;
import io.lanyard.control.client.ChangeOptions;
import io.lanyard.control.client.ConfigItem;
import io.lanyard.control.client.EventReader;
import io.lanyard.control.client.HttpClient;
import io.lanyard.control.client.LanyardClient;
import io.lanyard.control.client.RefusedException;
import io.lanyard.daemon.Daemon;
import io.lanyard.testing.Await;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.MemoryDirectory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The configuration is read and changed by the API, as its document says. */
@Timeout(240)
class ConfigApiTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String START =
      """
      version: 1
      networks:
        a:
          mode: nat
          ipv4: {subnet: 10.9.8.0/24}
          ports: [{name: q, kind: qemu-stream, path: q.sock}]
      guests:
        g: {vmm: echo, memory: 64M, program: /bin/true, nics: [{network: a}]}
      """;

  @TempDir(factory = MemoryDirectory.class)
  Path home;

  private Path file;
  private Daemon daemon;
  private ServedDaemon served;
  private HttpClient client;
  private ApiContract contract;
  private int port;

  @BeforeEach
  void open() throws Exception {
    port = FreePorts.one();
    file = Files.writeString(home.resolve("lanyard.yaml"), START);
    served = ServedDaemon.open(home, Document.load(file));
    daemon = served.daemon();
    daemon.startGuests();
    client = served.client();
    try (HttpClient.Answer document = client.send("GET", "/v1/openapi.json")) {
      contract = new ApiContract(JSON.readTree(document.bytes()));
    }
  }

  @AfterEach
  void close() {
    served.close();
  }

  private record Answer(int status, Map<String, String> headers, String text) {
    JsonNode json() throws IOException {
      return JSON.readTree(text);
    }
  }

  private Answer ask(String method, String target, String body, Map<String, String> headers)
      throws IOException {
    try (HttpClient.Answer answer = client.send(method, target, headers, body.getBytes(UTF_8))) {
      byte[] bytes = answer.bytes();
      contract.check(
          method,
          target,
          answer.status(),
          answer.headers().getOrDefault("content-type", ""),
          bytes);
      return new Answer(answer.status(), answer.headers(), new String(bytes, UTF_8));
    }
  }

  private Answer ask(String method, String target, String body) throws IOException {
    return ask(method, target, body, Map.of());
  }

  private Answer done(String method, String target, String body) throws IOException {
    Answer answer = ask(method, target, body);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer;
  }

  @Test
  void aChangeOfANetworkThatIsNotThereNamesIt() throws IOException {
    Answer put = ask("PUT", "/v1/networks/b/forwards/web", forward("10.9.8.9:80"));
    assertThat(put.status()).isEqualTo(404);
    assertThat(put.json().path("hint").asText()).isEqualTo("did you mean a?");
    assertThat(ask("DELETE", "/v1/networks/a", "").text())
        .contains("guest g is on network a")
        .doesNotContain("no such network");
  }

  @Test
  void eventsOfATypeThatIsNotThereAreRefused() throws IOException {
    Answer answer = ask("GET", "/v1/events?type=lese", "");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().path("hint").asText()).isEqualTo("did you mean lease?");
  }

  @Test
  void anItemThatIsNoMappingIsSaidToBeNone() throws IOException {
    assertThat(ask("PUT", "/v1/networks/a/forwards/web", "[]").text())
        .contains("networks.a.forwards[web]: expected a mapping, found a list");
  }

  @Test
  void aMisspeltParameterChangesNothing() throws IOException {
    Answer answer = ask("PUT", "/v1/networks/a/dns/typo?dryrun=true", "\"10.9.8.3\"");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text()).contains("has no parameter dryrun", "did you mean dry-run?");
    assertThat(daemon.conductor().present().revision()).isZero();
    assertThat(ask("GET", "/v1/ports?x=1", "").text()).contains("has no parameter x");
  }

  private String forward(String to) {
    return "{\"protocol\": \"tcp\", \"listen\": \"127.0.0.1:"
        + port
        + "\", \"to\": \""
        + to
        + "\"}";
  }

  private List<String> forwards() throws IOException {
    List<String> all = new ArrayList<>();
    done("GET", "/v1/forwards", "")
        .json()
        .forEach(one -> all.add(one.path("name").asText() + " -> " + one.path("to").asText()));
    return all;
  }

  @Test
  void aForwardIsPutPutElsewhereAndDeleted() throws IOException {
    Answer put = done("PUT", "/v1/networks/a/forwards/web", forward("g:80"));
    assertThat(put.json().path("changes").get(0).path("kind").asText()).isEqualTo("forward-added");
    assertThat(put.headers()).containsEntry("etag", "\"1\"");
    assertThat(forwards()).containsExactly("web -> g:80");
    done("PUT", "/v1/networks/a/forwards/web", forward("g:81"));
    assertThat(forwards()).containsExactly("web -> g:81");
    // The same again is no change.
    assertThat(done("PUT", "/v1/networks/a/forwards/web", forward("g:81")).json().path("changes"))
        .isEmpty();
    done("DELETE", "/v1/networks/a/forwards/web", "");
    assertThat(forwards()).isEmpty();
    assertThat(ask("DELETE", "/v1/networks/a/forwards/web", "").status()).isEqualTo(404);
  }

  @Test
  void aForwardWithoutANameIsKnownByWhereItListens() throws IOException {
    done(
        "PATCH",
        "/v1/config",
        "{\"edits\": [{\"operation\": \"set\", \"path\": \"networks.a.forwards[tcp/127.0.0.1:"
            + port
            + "]\", \"value\": "
            + forward("g:80")
            + "}]}");
    assertThat(forwards()).containsExactly(" -> g:80");
    done("DELETE", "/v1/networks/a/forwards/tcp%2F127.0.0.1:" + port, "");
    assertThat(forwards()).isEmpty();
  }

  @Test
  void everyNounIsPutAndDeleted() throws IOException {
    done("PUT", "/v1/networks/b", "{\"mode\": \"nat\", \"ipv4\": {\"subnet\": \"10.9.9.0/24\"}}");
    done("PUT", "/v1/networks/b/ports/p", "{\"kind\": \"qemu-stream\", \"path\": \"p.sock\"}");
    done(
        "PUT",
        "/v1/networks/b/reservations/52:54:00:00:00:09",
        "{\"address\": \"10.9.9.9\", \"hostname\": \"nine\"}");
    done("PUT", "/v1/networks/b/dns/printer", "\"10.9.9.8\"");
    done("PUT", "/v1/networks/b/dns-records/www%2Fcname%2Fprinter", "{}");
    done("PUT", "/v1/networks/b/dns-records/_ipp._tcp%2Fsrv%2F10%205%20631%20printer", "{}");
    done("PUT", "/v1/networks/b/egress", "{\"default\": \"deny\"}");
    done("PUT", "/v1/networks/b/nat", "{\"filtering\": \"endpoint-independent\"}");
    done(
        "PUT",
        "/v1/guests/h",
        "{\"vmm\": \"echo\", \"memory\": \"64M\", \"program\": \"/bin/true\"}");
    assertThat(Objects.requireNonNull(daemon.network("b")).report().ports())
        .anyMatch(one -> one.name().equals("p"));
    assertThat(Objects.requireNonNull(daemon.guest("h")).info().state()).isEqualTo("running");
    String text = done("GET", "/v1/config/text", "").text();
    assertThat(text).contains("10.9.9.9").contains("printer").contains("deny").contains("p.sock");
    assertThat(text).contains("cname: printer").contains("srv: \"10 5 631 printer\"");
    done("DELETE", "/v1/networks/b/ports/p", "");
    done("DELETE", "/v1/networks/b/reservations/52:54:00:00:00:09", "");
    done("DELETE", "/v1/networks/b/dns/printer", "");
    done("DELETE", "/v1/networks/b/dns-records/WWW%2Fcname%2Fprinter", "");
    done("DELETE", "/v1/networks/b/dns-records/_ipp._tcp%2Fsrv%2F10%20%205%20631%20printer", "");
    done("DELETE", "/v1/networks/b/egress", "");
    done("DELETE", "/v1/networks/b/nat", "");
    done("DELETE", "/v1/guests/h?yes=true", "");
    done("DELETE", "/v1/networks/b", "");
    assertThat(daemon.network("b")).isNull();
    assertThat(daemon.guestNames()).containsExactly("g");
  }

  @Test
  void aGuestWithEgressRulesIsOnNetworksThatHoldThemAlone() throws IOException {
    done(
        "PATCH",
        "/v1/config",
        "{\"edits\": [{\"operation\": \"set\", \"path\": \"guests.g.egress\","
            + " \"value\": {\"default\": \"deny\"}}]}");
    done("PUT", "/v1/networks/b", "{\"mode\": \"isolated\"}");
    String refused = "the guest's egress rules hold on networks of mode nat only";
    Answer moved =
        ask(
            "PATCH",
            "/v1/config",
            "{\"edits\": [{\"operation\": \"set\", \"path\": \"guests.g.nics[0].network\","
                + " \"value\": \"b\"}]}");
    assertThat(moved.status()).isEqualTo(422);
    assertThat(moved.text()).contains("guests.g.nics[0].network: " + refused);
    Answer changed = ask("PUT", "/v1/networks/a", "{\"mode\": \"isolated\"}");
    assertThat(changed.status()).isEqualTo(422);
    assertThat(changed.text()).contains("guests.g.nics[0].network: " + refused);
  }

  @Test
  void aPortGroupIsPutAndDeletedWhenNoPortIsInIt() throws IOException {
    done("PUT", "/v1/networks/a/port-groups/lab", "{\"isolated\": true, \"guard\": \"strict\"}");
    Answer joined =
        done(
            "PATCH",
            "/v1/config",
            "{\"edits\": [{\"operation\": \"set\", \"path\": \"networks.a.ports[q].port-group\","
                + " \"value\": \"lab\"}, {\"operation\": \"set\", \"path\":"
                + " \"guests.g.nics[0].port-group\", \"value\": \"lab\"}]}");
    assertThat(joined.text())
        .contains(
            "networks.a.ports[q]: isolated false -> true, port-group none -> lab, guard none ->"
                + " strict")
        .contains("guests.g: nics[0].isolated false -> true, nics[0].port-group none -> lab");
    assertThat(done("GET", "/v1/port-groups?network=a", "").text())
        .isEqualTo("[{\"network\":\"a\",\"name\":\"lab\",\"ports\":[\"q\",\"g.nic0\"]}]");
    assertThat(Objects.requireNonNull(daemon.network("a")).report().ports())
        .filteredOn(one -> one.group().equals("lab"))
        .extracting(one -> one.name())
        .containsExactlyInAnyOrder("q", "g.nic0");

    Answer changed = done("PUT", "/v1/networks/a/port-groups/lab", "{\"guard\": \"strict\"}");
    assertThat(changed.text())
        .contains("networks.a.port-groups.lab: isolated true -> false")
        .contains("networks.a.ports[q]: isolated true -> false")
        .contains("guests.g: nics[0].isolated true -> false");

    Answer refused = ask("DELETE", "/v1/networks/a/port-groups/lab", "");
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.text())
        .contains("ports q, g.nic0 are in port group lab of network a")
        .contains("give each another port-group");
    done(
        "PATCH",
        "/v1/config",
        "{\"edits\": [{\"operation\": \"remove\", \"path\": \"networks.a.ports[q].port-group\"},"
            + " {\"operation\": \"remove\", \"path\": \"guests.g.nics[0].port-group\"},"
            + " {\"operation\": \"remove\", \"path\": \"networks.a.port-groups.lab\"}]}");
    assertThat(done("GET", "/v1/port-groups", "").text()).isEqualTo("[]");
    assertThat(ask("DELETE", "/v1/networks/a/port-groups/lab", "").status()).isEqualTo(404);
  }

  @Test
  void theClientPutsAndDeletesOneThing() throws IOException {
    LanyardClient api = LanyardClient.of(home.resolve("r/api.sock"));
    ConfigItem one = ConfigItem.forward("a", "tcp/127.0.0.1:" + port);
    Map<String, String> value =
        Map.of("protocol", "tcp", "listen", "127.0.0.1:" + port, "to", "g:80");
    ChangeOptions dry = new ChangeOptions(false, false, true, "", null);
    assertThat(api.configuration().put(one, value, dry).value().changes()).hasSize(1);
    assertThat(forwards()).isEmpty();
    assertThat(api.configuration().put(one, value, ChangeOptions.PLAIN).value().revision())
        .isEqualTo(1);
    assertThat(forwards()).containsExactly(" -> g:80");
    assertThat(api.configuration().delete(one, ChangeOptions.PLAIN).value().revision())
        .isEqualTo(2);
    assertThatThrownBy(() -> api.configuration().delete(one, ChangeOptions.PLAIN))
        .isInstanceOfSatisfying(
            RefusedException.class,
            refused -> assertThat(refused.problem().status()).isEqualTo(404));
    assertThat(
            api.configuration()
                .put(ConfigItem.logLevel(), "debug", ChangeOptions.PLAIN)
                .value()
                .changes())
        .hasSize(1);
    api.configuration()
        .put(ConfigItem.enabled("a"), false, new ChangeOptions(true, false, false, "", null));
    assertThat(Objects.requireNonNull(daemon.network("a")).isStopped()).isTrue();
  }

  @Test
  void ofTwoWhoChangeAtOnceOneIsTold() throws IOException {
    String tag = Objects.requireNonNull(done("GET", "/v1/config", "").headers().get("etag"));
    Map<String, String> match = Map.of("If-Match", tag);
    assertThat(ask("PUT", "/v1/networks/a/forwards/web", forward("g:80"), match).status())
        .isEqualTo(200);
    assertThat(ask("PUT", "/v1/networks/a/forwards/web", forward("g:81"), match).status())
        .isEqualTo(412);
    assertThat(forwards()).containsExactly("web -> g:80");
    for (String other : List.of("*", "\"1\"")) {
      assertThat(
              ask("PUT", "/v1/networks/a/forwards/web", forward("g:80"), Map.of("If-Match", other))
                  .status())
          .as(other)
          .isEqualTo(200);
    }
    assertThat(
            ask("PUT", "/v1/networks/a/forwards/web", forward("g:82"), Map.of("If-Match", "x"))
                .status())
        .isEqualTo(412);
  }

  @Test
  void whatWouldEndIsSaidAndDoneOnlyForWhoSaysYes() throws IOException {
    Answer refused = ask("DELETE", "/v1/guests/g", "");
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.json().path("errors").get(0).asText())
        .isEqualTo("guest g runs and is powered off");
    Answer plan = done("DELETE", "/v1/guests/g?dry-run=true", "");
    assertThat(plan.json().path("ends")).hasSize(1);
    assertThat(daemon.guestNames()).containsExactly("g");
    done("DELETE", "/v1/guests/g?yes=true", "");
    assertThat(daemon.guestNames()).isEmpty();
  }

  @Test
  void problemsNameTheirPlaceInTheRequest() throws IOException {
    Answer refused = ask("PUT", "/v1/networks/a/forwards/web", "{\"protocol\": \"tpc\"}");
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.json().path("errors").toString())
        .contains("networks.a.forwards")
        .contains("tcp")
        .contains("listen");
    assertThat(forwards()).isEmpty();
  }

  @Test
  void theFileIsReadAgain() throws IOException {
    done("PUT", "/v1/networks/a/forwards/web", forward("g:80"));
    Files.writeString(file, START.replace("path: q.sock", "path: other.sock"));
    Answer plan = done("POST", "/v1/config/plan", "");
    assertThat(plan.json().path("changes")).hasSize(1);
    done("PUT", "/v1/config", "");
    assertThat(home.resolve("r/other.sock")).exists();
    assertThat(forwards()).containsExactly("web -> g:80");
    done("PUT", "/v1/config?source=" + file, START);
    assertThat(home.resolve("r/q.sock")).exists();
    assertThat(forwards()).containsExactly("web -> g:80");
  }

  @Test
  void aFileIsAppliedWithItsOwnNameInItsProblems() throws IOException {
    Answer refused = ask("PUT", "/v1/config?source=/srv/lab.yaml", "version: 1\nnetwork: {}\n");
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.json().path("errors").get(0).asText()).startsWith("/srv/lab.yaml:1:1:");
    assertThat(ask("PUT", "/v1/config?source=%00", "version: 1\n").status()).isEqualTo(400);
    done(
        "PUT",
        "/v1/config?source=/srv/lab.yaml&yes=true",
        "version: 1\nnetworks: {c: {mode: isolated}}\n");
    assertThat(daemon.networks()).extracting(network -> network.name()).containsExactly("c");
    JsonNode history = done("GET", "/v1/config/history", "").json();
    assertThat(history.get(0).path("source").asText()).isEqualTo("/srv/lab.yaml");
    done("PUT", "/v1/config", "");
    assertThat(daemon.networks()).extracting(network -> network.name()).containsExactly("a");
  }

  @Test
  void aChangeThatIsConfirmedStaysAndOneThatIsTakenBackGoes() throws IOException {
    LogWatch.expect("event=configuration-taken-back");
    Answer first = done("PUT", "/v1/networks/a/forwards/web?confirm=10m", forward("g:80"));
    assertThat(first.json().path("confirmBy").asText()).isNotEmpty();
    assertThat(ask("PUT", "/v1/networks/a/forwards/web", forward("g:81")).status()).isEqualTo(409);
    assertThat(ask("POST", "/v1/config/confirm/1", "").status()).isEqualTo(204);
    done("PUT", "/v1/networks/a/forwards/web?confirm=10m", forward("g:81"));
    assertThat(ask("POST", "/v1/config/take-back/2", "").status()).isEqualTo(204);
    assertThat(forwards()).containsExactly("web -> g:80");
    assertThat(ask("POST", "/v1/config/confirm/2", "").status()).isEqualTo(404);
    done("POST", "/v1/config/rollback/1", "");
  }

  /** Makes a change that is held; the plan is the first line of the answer, which stays open. */
  private HttpClient.Answer hold(String method, String target, String body) throws IOException {
    HttpClient.Answer answer = client.send(method, target, Map.of(), body.getBytes(UTF_8));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.headers()).containsEntry("content-type", "application/x-ndjson");
    return answer;
  }

  private static BufferedReader lines(HttpClient.Answer answer) {
    return new BufferedReader(new InputStreamReader(answer.body(), UTF_8));
  }

  private void awaitForwards(String... expected) throws IOException {
    Await.until(() -> forwards().toString(), () -> forwards().equals(List.of(expected)));
  }

  @Test
  void aHeldChangeIsTakenBackWhenItsConnectionEnds() throws IOException {
    LogWatch.expect("event=configuration-taken-back");
    String web = "/v1/networks/a/forwards/web?confirm=10m&hold=true";
    try (HttpClient.Answer held = hold("PUT", web, forward("g:80"))) {
      JsonNode plan = JSON.readTree(lines(held).readLine());
      assertThat(plan.path("confirmBy").asText()).isNotEmpty();
      assertThat(forwards()).containsExactly("web -> g:80");
    }
    awaitForwards();
    Await.until(
        () -> lastWhy(), () -> lastWhy().equals("taken back: the connection of its caller ended"));
  }

  private String lastWhy() throws IOException {
    return done("GET", "/v1/config/history", "").json().get(0).path("why").asText();
  }

  @Test
  void everyChangeCanBeHeld() throws IOException {
    LogWatch.expect("event=configuration-taken-back");
    done("PUT", "/v1/networks/a/forwards/web", forward("g:80"));
    String query = "?confirm=10m&hold=true";
    hold("DELETE", "/v1/networks/a/forwards/web" + query, "").close();
    awaitForwards("web -> g:80");
    hold("POST", "/v1/config/rollback/0" + query, "").close();
    awaitForwards("web -> g:80");
    hold("PUT", "/v1/config" + query, START.replace("q.sock", "p.sock")).close();
    awaitForwards("web -> g:80");
    String edit = "{\"operation\": \"remove\", \"path\": \"networks.a.forwards[web]\"}";
    hold("PATCH", "/v1/config" + query, "{\"edits\": [" + edit + "]}").close();
    awaitForwards("web -> g:80");
  }

  @Test
  void aHeldChangeThatIsConfirmedStaysAndEndsTheAnswer() throws IOException {
    String web = "/v1/networks/a/forwards/web?confirm=10m&hold=true";
    try (HttpClient.Answer held = hold("PUT", web, forward("g:80"))) {
      BufferedReader lines = lines(held);
      assertThat(lines.readLine()).isNotNull();
      assertThat(ask("POST", "/v1/config/confirm/1", "").status()).isEqualTo(204);
      assertThat(lines.readLine()).isNull();
    }
    assertThat(done("GET", "/v1/config/history", "").json()).hasSize(2);
    assertThat(forwards()).containsExactly("web -> g:80");
  }

  @Test
  void aHeldChangeThatIsTakenBackEndsTheAnswer() throws IOException {
    LogWatch.expect("event=configuration-taken-back");
    String web = "/v1/networks/a/forwards/web?confirm=1s&hold=true";
    try (HttpClient.Answer held = hold("PUT", web, forward("g:80"))) {
      BufferedReader lines = lines(held);
      assertThat(lines.readLine()).isNotNull();
      assertThat(lines.readLine()).isNull();
    }
    assertThat(forwards()).isEmpty();
  }

  @Test
  void aHeldChangeThatChangesNothingEndsAtOnce() throws IOException {
    done("PUT", "/v1/networks/a/forwards/web", forward("g:80"));
    String web = "/v1/networks/a/forwards/web?confirm=10m&hold=true";
    try (HttpClient.Answer held = hold("PUT", web, forward("g:80"))) {
      BufferedReader lines = lines(held);
      assertThat(JSON.readTree(lines.readLine()).path("confirmBy").asText()).isEmpty();
      assertThat(lines.readLine()).isNull();
    }
  }

  @Test
  void aChangeOfATimerAloneOutlivesItsConnection() throws IOException {
    try (HttpClient.Answer answer =
        client.send(
            "PUT",
            "/v1/networks/a/forwards/web?confirm=10m",
            Map.of(),
            forward("g:80").getBytes(UTF_8))) {
      assertThat(answer.status()).isEqualTo(200);
    }
    assertThat(ask("POST", "/v1/config/confirm/1", "").status()).isEqualTo(204);
    assertThat(forwards()).containsExactly("web -> g:80");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          PATCH | /v1/config | {} | 400
          PATCH | /v1/config | {"edits": []} | 400
          PATCH | /v1/config | {"edits": [1]} | 400
          PATCH | /v1/config | {"edits": [{"operation": "set", "path": "a"}]} | 400
          PATCH | /v1/config | {"edits": [{"operation": "remove", "path": "a[["}]} | 400
          PATCH | /v1/config | {"edits": [{"operation": "remove", "path": "networks.zzz"}]} | 422
          PATCH | /v1/config | nonsense | 400
          PUT | /v1/config?yes=perhaps | version: 1 | 400
          PUT | /v1/config?confirm=2h | version: 1 | 400
          PUT | /v1/config?confirm=0s | version: 1 | 400
          PUT | /v1/config?confirm=1 | version: 1 | 400
          PUT | /v1/config?hold=true | version: 1 | 400
          PUT | /v1/config?hold=yes&confirm=60s | version: 1 | 400
          PUT | /v1/config | '{' | 422
          PUT | /v1/networks/a/forwards/web | '' | 422
          PUT | /v1/networks/a/forwards/web | [[[[[[[[[[ | 422
          PUT | /v1/networks/no%20such/forwards/web | {} | 404
          PUT | /v1/networks/a/dns/printer | 5 | 422
          PUT | /v1/networks/a/reservations/zz | {} | 422
          PUT | /v1/log-level | "loud" | 422
          PUT | /v1/networks/a/enabled | "sometimes" | 422
          PUT | /v1/networks/nosuch/enabled | false | 404
          PUT | /v1/networks/a/ports/q/link | {} | 400
          PUT | /v1/networks/a/ports/nosuch/link | {"up": true} | 404
          DELETE | /v1/networks/a/flows/x | '' | 400
          DELETE | /v1/networks/a/leases/x | '' | 400
          POST | /v1/config/rollback/x | '' | 400
          """)
  void whatCannotBeUnderstoodIsSaidAndChangesNothing(
      String method, String target, String body, int status) throws IOException {
    Answer answer = ask(method, target, body == null ? "" : body);
    assertThat(answer.status()).as(answer.text()).isEqualTo(status);
    assertThat(daemon.conductor().present().revision()).isZero();
  }

  @Test
  void oneThingIsReadAsItIsPut() throws IOException {
    String web = "/v1/networks/a/forwards/web";
    assertThat(ask("GET", web, "").status()).isEqualTo(404);
    done("PUT", web, forward("g:80"));
    Answer read = done("GET", web, "");
    assertThat(read.headers()).containsEntry("etag", "\"1\"");
    assertThat(read.json().path("to").asText()).isEqualTo("g:80");
    assertThat(done("PUT", web, read.text()).json().path("changes")).isEmpty();
    assertThat(done("GET", "/v1/networks/a/ports/q", "").text())
        .isEqualTo("{\"name\":\"q\",\"kind\":\"qemu-stream\",\"path\":\"q.sock\"}");
    assertThat(done("GET", "/v1/networks/a/nat", "").text()).isEqualTo("{}");
    assertThat(done("GET", "/v1/networks/a/enabled", "").text()).isEqualTo("true");
    assertThat(done("GET", "/v1/log-level", "").text()).isEqualTo("\"info\"");
    assertThat(ask("GET", "/v1/networks/nosuch/nat", "").status()).isEqualTo(404);
    assertThat(ask("GET", "/v1/networks/a/reservations/zz", "").status()).isEqualTo(404);
  }

  @Test
  void theTagOfAThingThatRunsNamesTheRevisionAndTheAnswer() throws IOException {
    Answer network = done("GET", "/v1/networks/a", "");
    String tag = network.headers().get("etag");
    assertThat(tag).matches("\"0\\.[0-9a-f]{8}\"");
    Map<String, String> ifMatch = Map.of("If-Match", tag);
    String dns = "/v1/networks/a/dns/printer";
    assertThat(ask("PUT", dns, "\"10.9.8.9\"", ifMatch).status()).isEqualTo(200);
    assertThat(ask("PUT", dns, "\"10.9.8.8\"", ifMatch).status()).isEqualTo(412);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          application/json | {"protocol": } | 400 | not JSON: line 1, column 14
          application/json; charset=utf-8 | {"a": 1 | 400 | not JSON: line 1
          application/json | to: g:80 | 400 | not JSON
          application/json | '' | 400 | no body
          application/yaml | {"protocol": [ | 422 | not YAML
          application/x-www-form-urlencoded | {"protocol": [ | 422 | not YAML
          text/csv | a,b | 415 | application/json or application/yaml
          """)
  void aBodyIsReadAsWhatItIsSaidToBe(String type, String body, int status, String said)
      throws IOException {
    for (String target : List.of("/v1/networks/a/forwards/web", "/v1/networks/a/nat")) {
      Answer answer = ask("PUT", target, body, Map.of("Content-Type", type));
      assertThat(answer.status()).as(answer.text()).isEqualTo(status);
      assertThat(answer.text()).contains(said);
    }
  }

  @Test
  void aFileInJsonIsApplied() throws IOException {
    Map<String, String> json = Map.of("Content-Type", "application/json");
    String file = "{\"version\": 1, \"networks\": {\"c\": {\"mode\": \"isolated\"}}}";
    assertThat(ask("POST", "/v1/config/plan", file, json).status()).isEqualTo(200);
    Answer broken = ask("PUT", "/v1/config", "{\"version\": 1,}", json);
    assertThat(broken.status()).isEqualTo(400);
    assertThat(broken.text()).contains("not JSON: line 1, column 15");
  }

  @Test
  void aNetworkIsStoppedAndStarted() throws IOException {
    done("PUT", "/v1/networks/a/enabled?yes=true", "false");
    assertThat(state("q")).isEqualTo("stopped");
    done("PUT", "/v1/networks/a/enabled?yes=true", "true");
    assertThat(state("q")).isEqualTo("no-carrier");
  }

  @Test
  void theLogLevelChangesWhileItRuns() throws IOException {
    done("PUT", "/v1/log-level", "\"debug\"");
    assertThat(daemon.conductor().present().configuration().log().level())
        .isEqualTo(System.Logger.Level.DEBUG);
  }

  @Test
  void aLinkIsSwitchedOffAndOn() throws IOException {
    assertThat(ask("PUT", "/v1/networks/a/ports/g.nic0/link", "{\"up\": false}").status())
        .isEqualTo(204);
    assertThat(state("g.nic0")).isEqualTo("link-down");
    assertThat(ask("PUT", "/v1/networks/a/ports/g.nic0/link", "{\"up\": true}").status())
        .isEqualTo(204);
    assertThat(state("g.nic0")).isEqualTo("up");
  }

  @Test
  void aForwardForAMomentLivesAsLongAsItsConnection() throws Exception {
    try (HttpClient.Answer answer =
        client.send(
            "POST",
            "/v1/networks/a/port-forward",
            Map.of("Content-Type", "application/json"),
            forward("g:80").getBytes(UTF_8))) {
      assertThat(answer.status()).isEqualTo(200);
      BufferedReader lines = new BufferedReader(new InputStreamReader(answer.body(), UTF_8));
      assertThat(JSON.readTree(lines.readLine()).path("to").asText()).isEqualTo("g:80");
      assertThat(forwards()).containsExactly(" -> g:80");
      assertThat(ask("POST", "/v1/networks/a/port-forward", forward("g:81")).status())
          .isEqualTo(409);
      assertThat(ask("POST", "/v1/networks/a/port-forward", forward("nobody:81")).status())
          .isEqualTo(422);
      assertThat(forwards()).containsExactly(" -> g:80");
      assertThat(done("GET", "/v1/config/text", "").text()).doesNotContain("forwards");
    }
    Await.until(() -> forwards().isEmpty());
  }

  private String state(String port) throws IOException {
    for (JsonNode one : done("GET", "/v1/ports", "").json()) {
      if (one.path("name").asText().equals(port)) {
        return one.path("state").asText();
      }
    }
    return "";
  }

  /** The next change of the configuration; the forward itself has events as well. */
  private static EventReader.Event change(EventReader reader) throws IOException {
    EventReader.Event event = Objects.requireNonNull(reader.next());
    while (!event.type().equals("configuration-changed")) {
      event = Objects.requireNonNull(reader.next());
    }
    return event;
  }

  @Test
  void whatHappensIsStreamedBehindASnapshotAndGoesOnWhereItWasLeft() throws IOException {
    String last;
    try (HttpClient.Answer answer = client.send("GET", "/v1/events", Map.of(), new byte[0])) {
      EventReader reader = new EventReader(answer.body());
      EventReader.Event snapshot = Objects.requireNonNull(reader.next());
      assertThat(snapshot.type()).isEqualTo("snapshot");
      assertThat(JSON.readTree(snapshot.data()).path("networks")).hasSize(1);
      done("PUT", "/v1/networks/a/forwards/web", forward("g:80"));
      EventReader.Event event = change(reader);
      assertThat(JSON.readTree(event.data()).path("data").path("kind").asText())
          .isEqualTo("forward-added");
      last = event.id();
    }
    done("DELETE", "/v1/networks/a/forwards/web", "");
    try (HttpClient.Answer answer =
        client.send("GET", "/v1/events", Map.of("Last-Event-ID", last), new byte[0])) {
      EventReader.Event event = change(new EventReader(answer.body()));
      assertThat(JSON.readTree(event.data()).path("data").path("kind").asText())
          .isEqualTo("forward-removed");
    }
  }
}
