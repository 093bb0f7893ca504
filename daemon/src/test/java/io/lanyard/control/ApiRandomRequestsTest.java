package io.lanyard.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lanyard.base.Directories;
import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.control.client.HttpClient;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.MemoryDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The API answers every request as its document says, and never with a failure of the daemon's.
 * {@code -Dapi.seconds=1200} asks for longer, {@code -Dapi.seed=N} for the same again.
 */
final class ApiRandomRequestsTest {
  /** The requests of a run that is given no time. */
  private static final int LEAST = 400;

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String CONFIGURATION =
      """
      version: 1
      networks:
        vmnet8:
          mode: nat
          ipv4: {subnet: 192.168.127.0/24}
          ports: [{name: q, kind: qemu-stream, path: q.sock}]
        alone: {mode: isolated}
      guests:
        g: {vmm: echo, memory: 64M, program: /bin/true, autostart: true, nics: [{network: vmnet8}]}
        idle: {vmm: echo, memory: 64M, program: /bin/true, autostart: false}
      """;

  @TempDir(factory = MemoryDirectory.class)
  Path home;

  /** How often which method was answered with which status. */
  private final Map<String, Integer> answers = new TreeMap<>();

  @Test
  void noRequestMakesTheDaemonFail() throws Exception {
    LogWatch.allowWarnings();
    long seed = Long.getLong("api.seed", 20261129);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Integer.getInteger("api.seconds", 0));
    Directories directories = InProcessDaemon.directories(home);
    var configuration = Document.of("test", CONFIGURATION, home);
    try (Daemon daemon = InProcessDaemon.open(home, configuration);
        ControlServer _ = ControlServer.bind(daemon, directories.socket(), null);
        ApiEndpoint tcp = ApiEndpoint.open(daemon, onTcp());
        HostileClients hostile = new HostileClients(directories.socket(), tcp.port(), seed)) {
      daemon.startGuests();
      HttpClient client = new HttpClient(directories.socket());
      JsonNode document = get(client, "/v1/openapi.json");
      ApiContract contract = new ApiContract(document);
      ApiRequests requests = new ApiRequests(document, seed);
      int asked = 0;
      while (asked++ < LEAST || System.nanoTime() < end) {
        if (asked % 1000 == 0) {
          System.out.println(asked + " " + answers);
        }
        ask(client, contract, requests.next());
        hostile.next();
      }
      assertThat(answers).containsKeys("GET 200", "PUT 200", "PUT 422", "DELETE 404");
      System.out.println(answers);
      assertThat(get(client, "/v1/status").path("loopFailures").asLong()).isZero();
    }
  }

  /** Beside the configuration, so that the changes of that do not end it. */
  private Configuration.Api onTcp() {
    return new Configuration.Api(
        null, new Endpoint(Address.parse("127.0.0.1"), 0), null, home.resolve("tokens"));
  }

  private static JsonNode get(HttpClient client, String target) throws IOException {
    try (HttpClient.Answer answer = client.send("GET", target)) {
      return JSON.readTree(answer.bytes());
    }
  }

  private void ask(HttpClient client, ApiContract contract, ApiRequests.Sent sent)
      throws IOException {
    try (HttpClient.Answer answer =
        client.send(sent.method(), sent.target(), sent.headers(), sent.body())) {
      answers.merge(sent.method() + " " + answer.status(), 1, Integer::sum);
      // A host that is too busy for the daemon may make it say so.
      boolean late = answer.status() == 503 && answer.headers().containsKey("retry-after");
      assertThat(late ? 499 : answer.status()).as("%s", sent).isBetween(200, 499);
      String type = answer.headers().getOrDefault("content-type", "");
      // Streams come in chunks, until the client leaves; everything else says its length.
      boolean endless = answer.headers().containsKey("transfer-encoding");
      if (!sent.method().equals("HEAD")
          && !endless
          && contract.describes(sent.method(), sent.target())) {
        contract.check(sent.method(), sent.target(), answer.status(), type, answer.bytes());
      }
    }
  }
}
