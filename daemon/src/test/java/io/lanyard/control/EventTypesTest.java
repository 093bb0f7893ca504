package io.lanyard.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lanyard.base.Directories;
import io.lanyard.config.Document;
import io.lanyard.config.HookConfig;
import io.lanyard.control.api.EventType;
import io.lanyard.control.client.EventReader;
import io.lanyard.control.client.HttpClient;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.MemoryDirectory;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every kind of event is told as it is documented. */
@Timeout(240)
final class EventTypesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String CONFIGURATION =
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

  private final List<JsonNode> heard = new ArrayList<>();

  private static JsonNode openApi() throws IOException {
    try (InputStream in = ControlServer.class.getResourceAsStream("openapi.json")) {
      return JSON.readTree(in);
    }
  }

  @Test
  void theOpenApiDocumentHasAllTypes() throws Exception {
    List<String> documented = new ArrayList<>();
    openApi()
        .at("/components/schemas/EventInfo/properties/type/enum")
        .forEach(word -> documented.add(word.asText()));
    assertThat(documented).isEqualTo(EventType.words());
  }

  @Test
  void hooksMayAskForAllTypes() {
    assertThat(HookConfig.EVENT_TYPES).isEqualTo(EventType.words());
  }

  @Test
  void theDocumentsTableHasAllTypesAndTheirData() throws Exception {
    List<String> rows =
        Files.readAllLines(Path.of("../docs/events.md")).stream()
            .filter(line -> line.startsWith("| `"))
            .toList();
    assertThat(rows)
        .isEqualTo(
            Stream.of(EventType.values())
                .map(type ->
                    "| `%s` | %s | %s |"
                        .formatted(
                            type.word(),
                            type.meaning(),
                            String.join(
                                ", ", type.data().stream().map(m -> "`" + m + "`").toList())))
                .toList());
  }

  private static void send(HttpClient client, String method, String target, String body)
      throws IOException {
    try (HttpClient.Answer answer =
        client.send(method, target, Map.of(), body.getBytes(StandardCharsets.UTF_8))) {
      String said = new String(answer.bytes(), StandardCharsets.UTF_8);
      assertThat(answer.status()).as(said).isBetween(200, 204);
    }
  }

  /** Reads until an event of the type, whose data has the text, comes. */
  private void await(EventReader reader, EventType type, String text) throws IOException {
    while (true) {
      EventReader.Event next = reader.next();
      assertThat(next).isNotNull();
      JsonNode event = JSON.readTree(next.data());
      heard.add(event);
      if (event.path("type").asText().equals(type.word())
          && event.toString().contains("\"" + text)) {
        return;
      }
    }
  }

  @Test
  void whatHappensIsToldWithItsData() throws Exception {
    LogWatch.expect("event=forward-failed forward=\"tcp/127.0.0.1:");
    Directories directories = InProcessDaemon.directories(home);
    Document document = Document.of("test", CONFIGURATION, home);
    HttpClient client = new HttpClient(directories.socket());
    try (Daemon daemon = InProcessDaemon.open(home, document);
        ControlServer _ = ControlServer.bind(daemon, directories.socket(), null);
        HttpClient.Answer answer = client.send("GET", "/v1/events")) {
      EventReader reader = new EventReader(new BufferedInputStream(answer.body()));
      assertThat(reader.next().type()).isEqualTo("snapshot");
      daemon.startGuests();
      await(reader, EventType.GUEST_CHANGED, "running");
      send(client, "POST", "/v1/guests/g/snapshots/before", "");
      await(reader, EventType.GUEST_SNAPSHOT_SAVED, "before");
      send(client, "POST", "/v1/guests/g/snapshots/before/load", "");
      await(reader, EventType.GUEST_SNAPSHOT_LOADED, "before");
      send(client, "DELETE", "/v1/guests/g/snapshots/before", "");
      await(reader, EventType.GUEST_SNAPSHOT_REMOVED, "before");
      forwards(client, reader);
      send(client, "PUT", "/v1/networks/a/ports/q/link", "{\"up\": false}");
      await(reader, EventType.PORT_UNLINKED, "q");
      send(client, "PUT", "/v1/networks/a/ports/q/link", "{\"up\": true}");
      await(reader, EventType.PORT_LINKED, "q");
      send(client, "DELETE", "/v1/networks/a/ports/q", "");
      await(reader, EventType.PORT_REMOVED, "q");
      send(client, "PUT", "/v1/networks/b", "{\"mode\": \"isolated\"}");
      await(reader, EventType.CONFIGURATION_CHANGED, "b");
      send(client, "DELETE", "/v1/networks/b", "");
      await(reader, EventType.NETWORK_REMOVED, "b");
    }
    for (JsonNode event : heard) {
      EventType type = EventType.values()[EventType.words().indexOf(event.path("type").asText())];
      List<String> data = new ArrayList<>();
      event.path("data").fieldNames().forEachRemaining(data::add);
      assertThat(data).as("%s", event).containsExactlyInAnyOrderElementsOf(type.data());
    }
  }

  private void forwards(HttpClient client, EventReader reader) throws IOException {
    String path = "/v1/networks/a/forwards/web";
    String body = "{\"protocol\": \"tcp\", \"listen\": \"127.0.0.1:%d\", \"to\": \"10.9.8.9:%d\"}";
    int port = FreePorts.one();
    try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      send(client, "PUT", path + "?tolerate=true", body.formatted(port, 80));
      await(reader, EventType.FORWARD_CHANGED, "failed");
      await(reader, EventType.PROBLEM_BEGAN, "a: forward web");
    }
    await(reader, EventType.FORWARD_CHANGED, "listening");
    await(reader, EventType.PROBLEM_OVER, "a: forward web");
    send(client, "PUT", path, body.formatted(port, 81));
    await(reader, EventType.FORWARD_CHANGED, "10.9.8.9:81");
    send(client, "DELETE", path, "");
    await(reader, EventType.FORWARD_REMOVED, "web");
  }
}
