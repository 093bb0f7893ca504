package io.lanyard.control;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lanyard.control.client.HttpClient;
import io.lanyard.daemon.Daemon;
import io.lanyard.testing.Await;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A whole daemon in this process, without privilege, asked over its socket. */
@Timeout(240)
final class ControlServerTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static String configuration(int taken, int free) {
    return """
    version: 1
    networks:
      vmnet8:
        mode: nat
        ipv4: {subnet: 192.168.127.0/24}
        forwards:
          - {protocol: tcp, listen: "127.0.0.1:%d", to: "192.168.127.10:80"}
          - {protocol: udp, listen: "127.0.0.1:%d", to: "192.168.127.10:53"}
        ports: [{name: q, kind: qemu-stream, path: q.sock}]
      alone: {mode: isolated}
    guests:
      g: {vmm: echo, memory: 64M, program: /bin/true, autostart: true, nics: [{network: vmnet8}]}
      idle: {vmm: echo, memory: 64M, program: /bin/true, autostart: false}
      unmakeable: {vmm: echo, memory: 64M, program: /bin/true}
      foreign: {vmm: nosuch, memory: 64M, program: /bin/true}
    """
        .formatted(taken, free);
  }

  @TempDir static Path home;
  private static ServerSocket taken;
  private static Daemon daemon;
  private static ServedDaemon served;
  private static HttpClient client;
  private static ApiContract contract;

  @BeforeAll
  static void open() throws Exception {
    taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    int free = FreePorts.one();
    served = ServedDaemon.open(home, configuration(taken.getLocalPort(), free));
    daemon = served.daemon();
    daemon.startGuests();
    // Who has the forward's address is found out, and logged, some time later.
    Await.until(
        () -> daemon.status().toString(),
        () ->
            daemon.status().problems().toString().contains("taken by")
                && LogWatch.count("taken by") != 0);
    client = served.client();
    try (HttpClient.Answer document = client.send("GET", "/v1/openapi.json")) {
      contract = new ApiContract(JSON.readTree(document.bytes()));
    }
  }

  @AfterAll
  static void close() throws IOException {
    served.close();
    taken.close();
  }

  private static JsonNode ask(String method, String target, int status) throws IOException {
    try (HttpClient.Answer answer = client.send(method, target)) {
      byte[] bytes = answer.bytes();
      JsonNode body = JSON.readTree(bytes);
      assertThat(answer.status()).as(target + " " + body).isEqualTo(status);
      contract.check(method, target, status, answer.headers().get("content-type"), bytes);
      return body;
    }
  }

  private static JsonNode get(String target) throws IOException {
    return ask("GET", target, 200);
  }

  @Test
  void theDocumentNamesExactlyTheRoutes() throws IOException {
    List<String> documented = new ArrayList<>();
    get("/v1/openapi.json")
        .path("paths")
        .properties()
        .forEach(path ->
            path.getValue()
                .fieldNames()
                .forEachRemaining(method ->
                    documented.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey())));
    assertThat(documented).containsExactlyInAnyOrderElementsOf(ControlServer.routes(daemon).list());
  }

  @Test
  void theDocumentNamesExactlyTheParametersOfQueries() throws IOException {
    Map<String, Set<String>> documented = new TreeMap<>();
    for (Map.Entry<String, JsonNode> path : get("/v1/openapi.json").path("paths").properties()) {
      for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
        Set<String> names = new TreeSet<>();
        for (JsonNode parameter : operation.getValue().path("parameters")) {
          if (parameter.path("in").asText().equals("query")) {
            names.add(parameter.path("name").asText());
          }
        }
        documented.put(operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey(), names);
      }
    }
    assertThat(documented).isEqualTo(ControlServer.routes(daemon).queries());
  }

  @Test
  void everyReferenceOfTheDocumentLeadsToSomething() throws IOException {
    JsonNode document = get("/v1/openapi.json");
    List<String> references = document.findValuesAsText("$ref");
    assertThat(references).isNotEmpty().allMatch(reference -> reference.startsWith("#/"));
    assertThat(references)
        .allMatch(reference -> !document.at(reference.substring(1)).isMissingNode());
  }

  @Test
  void everyNameInAPathIsAParameterOfItsOperations() throws IOException {
    for (var path : get("/v1/openapi.json").path("paths").properties()) {
      for (JsonNode operation : path.getValue()) {
        List<String> described = new ArrayList<>();
        for (JsonNode parameter : operation.path("parameters")) {
          if (parameter.path("in").asText().equals("path")) {
            described.add("{" + parameter.path("name").asText() + "}");
          }
        }
        List<String> named =
            Arrays.stream(path.getKey().split("/")).filter(part -> part.startsWith("{")).toList();
        assertThat(described).as(path.getKey()).containsExactlyInAnyOrderElementsOf(named);
      }
    }
  }

  /** Answers without an end are left after their head. */
  private static boolean isEndless(String target) {
    return target.endsWith("/capture")
        || target.endsWith("/console")
        || target.equals("/v1/events");
  }

  @Test
  void everyAnswerIsTheOneThatTheDocumentDescribes() throws IOException {
    for (String route : ControlServer.routes(daemon).list()) {
      String[] words = route.split(" ", 2);
      if (!words[0].equals("GET") && !words[1].startsWith("/v1/guests/{guest}/")) {
        continue; // it would change what the other tests look at; ConfigApiTest asks these
      }
      String target = words[1].replace("{network}", "vmnet8").replace("{guest}", "foreign");
      if (words[0].equals("GET") && isEndless(target)) {
        continue;
      }
      try (HttpClient.Answer answer = client.send(words[0], target)) {
        contract.check(
            words[0],
            target,
            answer.status(),
            answer.headers().getOrDefault("content-type", ""),
            answer.bytes());
      }
    }
  }

  @Test
  void everyErrorIsTheOneThatTheDocumentDescribes() throws IOException {
    for (String route : ControlServer.routes(daemon).list()) {
      String[] words = route.split(" ", 2);
      if (words[1].contains("{") && !words[0].equals("PUT")) {
        String name = words[1].matches(".*\\{(revision|flow)\\}") ? "9999" : "no-such";
        ask(
            words[0],
            words[1].replace("{address}", "192.0.2.1").replaceAll("\\{.*?\\}", name),
            404);
      }
    }
  }

  @Test
  void aTakenAddressFailsItsForwardAndNothingElse() throws IOException {
    JsonNode forwards = get("/v1/forwards?network=vmnet8");
    assertThat(forwards.get(0).path("state").asText()).isEqualTo("failed");
    assertThat(forwards.get(0).path("problem").asText()).isNotEmpty();
    assertThat(forwards.get(1).path("state").asText()).isEqualTo("listening");
    assertThat(get("/v1/networks/vmnet8").path("state").asText()).isEqualTo("running");
    assertThat(get("/v1/status").path("problems").toString())
        .contains(Integer.toString(taken.getLocalPort()));
  }

  @Test
  void whatIsNotThereIsNamed() throws IOException {
    assertThat(ask("GET", "/v1/networks/vmnet9", 404).path("title").asText())
        .isEqualTo("there is no network vmnet9");
    assertThat(ask("GET", "/v1/ports?network=vmnet9", 404).path("hint").asText())
        .contains("network ls");
    assertThat(ask("GET", "/v1/networks/vmnet8/capture?port=x", 404).path("where").asText())
        .isEqualTo("x");
  }

  @Test
  void aGuestGoesThroughItsLife() throws IOException {
    String guest = "/v1/guests/idle";
    assertThat(get(guest).path("state").asText()).isEqualTo("created");
    assertThat(ask("POST", guest + "/pause", 409).path("title").asText())
        .isEqualTo("cannot pause guest idle: it is created");
    assertThat(ask("POST", guest + "/start", 200).path("state").asText()).isEqualTo("running");
    assertThat(ask("POST", guest + "/pause", 200).path("state").asText()).isEqualTo("paused");
    assertThat(ask("POST", guest + "/resume", 200).path("state").asText()).isEqualTo("running");
    assertThat(ask("POST", guest + "/stop", 409).path("title").asText()).contains("VMM");
    JsonNode killed = ask("POST", guest + "/kill", 200);
    assertThat(killed.path("state").asText()).isEqualTo("stopped");
    assertThat(killed.path("reason").asText()).isEqualTo("killed");
  }

  @Test
  void aGuestThatCannotBeMadeSaysWhy() throws IOException {
    JsonNode guest = get("/v1/guests/unmakeable");
    assertThat(guest.path("state").asText()).isEqualTo("failed");
    assertThat(guest.path("reason").asText()).contains("another name");
    assertThat(ask("POST", "/v1/guests/foreign/start", 409).path("title").asText())
        .contains("there is no VMM nosuch; there is ");
    assertThat(get("/v1/status").path("problems").toString()).contains("guest unmakeable");
  }

  @Test
  void aGuestsNicIsAPortOfItsNetwork() throws IOException {
    assertThat(get("/v1/ports?network=vmnet8").findValuesAsText("name")).contains("g.nic0", "q");
  }

  @Test
  void aConsoleIsBytesBothWays() throws IOException {
    try (HttpClient.Answer console = client.upgrade("/v1/guests/g/console", "lanyard-console")) {
      assertThat(console.status()).isEqualTo(101);
      assertThat(console.body().readNBytes(6)).asString(US_ASCII).isEqualTo("hello\n");
      console.out().write("ls\n".getBytes(US_ASCII));
      assertThat(console.body().readNBytes(3)).asString(US_ASCII).isEqualTo("ls\n");
    }
    try (HttpClient.Answer watching = client.send("GET", "/v1/guests/g/console")) {
      assertThat(watching.body().readNBytes(6)).asString(US_ASCII).isEqualTo("hello\n");
    }
    assertThat(ask("POST", "/v1/guests/g/console", 426).path("hint").asText())
        .contains("Upgrade: lanyard-console");
  }

  @Test
  void aConsoleIsToldTheSizeOfTheTerminal() throws IOException {
    try (HttpClient.Answer console = client.upgrade("/v1/guests/g/console", "lanyard-console")) {
      assertThat(console.body().readNBytes(6)).asString(US_ASCII).isEqualTo("hello\n");
      assertThat(resize("{\"columns\": 132, \"rows\": 50}")).isEqualTo(204);
      assertThat(console.body().readNBytes(8)).asString(US_ASCII).isEqualTo("[132x50]");
    }
    assertThat(resize("{\"columns\": 0, \"rows\": 24}")).isEqualTo(400);
    assertThat(resize("{\"columns\": 80, \"rows\": 65536}")).isEqualTo(400);
    assertThat(resize("{\"columns\": 80}")).isEqualTo(400);
    assertThat(resize("{\"columns\": \"80\", \"rows\": 24}")).isEqualTo(400);
  }

  private static int resize(String body) throws IOException {
    String target = "/v1/guests/g/console/size";
    try (HttpClient.Answer answer =
        client.send(
            "PUT", target, Map.of("Content-Type", "application/json"), body.getBytes(US_ASCII))) {
      contract.check(
          "PUT", target, answer.status(), answer.headers().get("content-type"), answer.bytes());
      return answer.status();
    }
  }

  @Test
  void aCaptureBeginsAsPcapngDoes() throws IOException {
    try (HttpClient.Answer capture = client.send("GET", "/v1/networks/vmnet8/capture")) {
      assertThat(capture.headers()).containsEntry("content-type", "application/x-pcapng");
      byte[] head = capture.body().readNBytes(12);
      ByteBuffer block = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
      assertThat(block.getInt(0)).isEqualTo(0x0a0d0d0a);
      assertThat(block.getInt(8)).isEqualTo(0x1a2b3c4d);
    }
  }

  @Test
  void aCaptureWhoseClientEndsItIsAWholeFile() throws IOException {
    byte[] file;
    try (HttpClient.Answer capture = client.send("GET", "/v1/networks/vmnet8/capture")) {
      byte[] head = capture.body().readNBytes(8);
      capture.endOutput();
      byte[] rest = capture.bytes();
      file = ByteBuffer.allocate(head.length + rest.length).put(head).put(rest).array();
    }
    ByteBuffer blocks = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    while (at < file.length) {
      int length = blocks.getInt(at + 4);
      assertThat(blocks.getInt(at + length - 4)).isEqualTo(length);
      at += length;
    }
    assertThat(at).isEqualTo(file.length);
  }

  @Test
  void aScriptOnAConsoleGetsTheAnswer() throws IOException {
    try (HttpClient.Answer console = client.upgrade("/v1/guests/g/console", "lanyard-console")) {
      console.out().write("id\n".getBytes(US_ASCII));
      console.endOutput();
      assertThat(console.bytes()).asString(US_ASCII).startsWith("hello\n").endsWith("id\n");
    }
  }

  @Test
  void theDumpHoldsEveryComponent() throws IOException {
    String tree = get("/v1/dump").toString();
    assertThat(tree)
        .contains("network vmnet8", "switch vmnet8", "dhcp", "dns", "forwards", "guest g", "nic");
  }

  @Test
  void theMetricsHoldEveryNetwork() throws IOException {
    try (HttpClient.Answer answer = client.send("GET", "/v1/metrics")) {
      String text = new String(answer.bytes(), UTF_8);
      assertThat(answer.headers().get("content-type")).as(text).startsWith("text/plain");
      assertThat(text)
          .contains("lanyard_network_ports{network=\"alone\"}")
          .contains("lanyard_guest_running{guest=\"g\"} 1.0")
          .contains("lanyard_resident_bytes");
    }
  }

  @Test
  void aGuestsSnapshotsAreKeptListedLoadedAndRemoved() throws IOException {
    String all = "/v1/guests/g/snapshots";
    assertThat(ask("GET", all, 200)).isEmpty();
    assertThat(ask("POST", all + "/before", 200).path("name").asText()).isEqualTo("g");
    JsonNode kept = ask("GET", all, 200).path(0);
    assertThat(kept.path("name").asText()).isEqualTo("before");
    assertThat(kept.path("taken").asText()).isEqualTo("1970-01-01T00:00:00Z");
    assertThat(kept.path("memory").asLong()).isEqualTo(64 << 20);
    assertThat(ask("POST", all + "/before/load", 200).path("state").asText()).isEqualTo("running");
    assertThat(ask("POST", all + "/after/load", 409).path("title").asText())
        .isEqualTo("guest g cannot go back to snapshot after: guest g has no snapshot after");
    assertThat(ask("DELETE", all + "/before", 200).path("name").asText()).isEqualTo("g");
    assertThat(ask("GET", all, 200)).isEmpty();
    assertThat(ask("POST", "/v1/guests/idle/snapshots/x", 409).path("title").asText())
        .isEqualTo("guest idle cannot keep snapshot x: it is created");
    assertThat(ask("GET", "/v1/guests/none/snapshots", 404).path("hint").asText())
        .contains("lanyard guest ls");
  }
}
