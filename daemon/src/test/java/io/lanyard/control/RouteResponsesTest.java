package io.lanyard.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lanyard.config.Document;
import io.lanyard.control.client.HttpClient;
import io.lanyard.daemon.Daemon;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every route of the API answers as the document says, when it succeeds and when it does not. */
@Timeout(240)
final class RouteResponsesTest {
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

  /**
   * Requests in an order in which each finds what it needs, and the status that each is answered
   * with; FORWARD and LENT stand for forwards of a free port.
   */
  private static final String REQUESTS =
      """
      GET /v1/openapi.json 200
      GET /v1/status 200
      GET /v1/dump 200
      GET /v1/metrics 200
      GET /v1/networks 200
      GET /v1/networks/a 200
      GET /v1/ports 200
      GET /v1/port-groups 200
      GET /v1/macs 200
      GET /v1/topology 200
      GET /v1/leases 200
      GET /v1/flows 200
      GET /v1/forwards 200
      GET /v1/guests 200
      GET /v1/guests/g 200
      GET /v1/vmms 200
      GET /v1/uplinks 200
      GET /v1/events stream
      GET /v1/networks/a/capture stream
      GET /v1/networks/a/ports/q/egress/192.0.2.1:80 200
      GET /v1/networks/a/leases/10.9.8.9 404
      DELETE /v1/networks/a/leases/10.9.8.9 404
      GET /v1/networks/a/flows/7 404
      DELETE /v1/networks/a/flows/7 404
      PUT /v1/networks/a/ports/q/link 204 {"up": false}
      POST /v1/networks/a/port-forward stream LENT
      POST /v1/networks/a/descriptors 426
      POST /connect?network=nosuch 404
      GET /v1/guests/g/console stream
      POST /v1/guests/g/console 426
      PUT /v1/guests/g/console/size 204 {"columns": 80, "rows": 24}
      GET /v1/guests/g/snapshots 200
      POST /v1/guests/g/snapshots/s 200
      GET /v1/guests/g/snapshots/s 200
      POST /v1/guests/g/snapshots/s/load 200
      DELETE /v1/guests/g/snapshots/s 200
      POST /v1/guests/g/pause 200
      POST /v1/guests/g/resume 200
      POST /v1/guests/g/reset 200
      POST /v1/guests/g/stop 409
      POST /v1/guests/g/kill 200
      POST /v1/guests/g/start 200
      GET /v1/config 200
      GET /v1/config/text 200
      POST /v1/config/plan 200 {"version": 1, "networks": {}}
      PATCH /v1/config 200 {"edits": [{"operation": "set", "path": "log.level", "value": "info"}]}
      PUT /v1/networks/b 200 {"mode": "nat", "ipv4": {"subnet": "10.9.7.0/24"}}
      PUT /v1/networks/b/ports/p 200 {"name": "p", "kind": "qemu-stream", "path": "p.sock"}
      GET /v1/networks/b/ports/p 200
      DELETE /v1/networks/b/ports/p?yes=true 200
      PUT /v1/networks/b/port-groups/lab 200 {"isolated": true}
      GET /v1/networks/b/port-groups/lab 200
      DELETE /v1/networks/b/port-groups/lab 200
      PUT /v1/networks/b/forwards/web?tolerate=true 200 FORWARD
      GET /v1/networks/b/forwards/web 200
      DELETE /v1/networks/b/forwards/web?yes=true 200
      PUT /v1/networks/b/reservations/52:54:00:00:00:10 200 {"address": "10.9.7.10"}
      GET /v1/networks/b/reservations/52-54-00-00-00-10 200
      DELETE /v1/networks/b/reservations/52:54:00:00:00:10 200
      PUT /v1/networks/b/dns/printer 200 "10.9.7.9"
      GET /v1/networks/b/dns/printer 200
      DELETE /v1/networks/b/dns/printer 200
      PUT /v1/networks/b/dns-records/www%2Fcname%2Fprinter 200 {"cname": "printer"}
      GET /v1/networks/b/dns-records/www%2Fcname%2Fprinter 200
      DELETE /v1/networks/b/dns-records/www%2Fcname%2Fprinter 200
      GET /v1/networks/b/egress 200
      PUT /v1/networks/b/egress 200 {"default": "deny", "rules": [{"allow": "192.0.2.0/24:443"}]}
      DELETE /v1/networks/b/egress 200
      GET /v1/networks/b/nat 200
      PUT /v1/networks/b/nat 200 {"host-loopback": true}
      DELETE /v1/networks/b/nat 200
      GET /v1/networks/b/dhcp 200
      PUT /v1/networks/b/dhcp 200 {"lease-time": "1h"}
      DELETE /v1/networks/b/dhcp 200
      GET /v1/networks/b/enabled 200
      PUT /v1/networks/b/enabled 200 false
      DELETE /v1/networks/b?yes=true 200
      PUT /v1/guests/h 200 {"vmm": "echo", "memory": "64M", "program": "/bin/true"}
      DELETE /v1/guests/h?yes=true 200
      GET /v1/log-level 200
      PUT /v1/log-level 200 "debug"
      GET /v1/config/history 200
      POST /v1/config/rollback/0 200
      PUT /v1/log-level?confirm=10m 200 "trace"
      POST /v1/config/confirm/LAST 204
      PUT /v1/log-level?confirm=10m 200 "debug"
      POST /v1/config/take-back/LAST 204
      PUT /v1/config?yes=true 200 {"version": 1, "networks": {}}
      """;

  @TempDir private static Path home;
  private static Daemon daemon;
  private static ServedDaemon served;
  private static HttpClient client;
  private static ApiContract contract;
  private static int port;

  @BeforeAll
  static void open() throws Exception {
    port = FreePorts.one();
    Document document = Document.of("test", CONFIGURATION, home);
    served = ServedDaemon.open(home, document);
    daemon = served.daemon();
    daemon.startGuests();
    client = served.client();
    try (HttpClient.Answer answer = client.send("GET", "/v1/openapi.json")) {
      contract = new ApiContract(JSON.readTree(answer.bytes()));
    }
  }

  @AfterAll
  static void close() {
    served.close();
  }

  /** Sends a request and checks the answer; of a stream its head alone. */
  private static void ask(String method, String target, String expected, String body)
      throws IOException {
    String sent = body.replace("FORWARD", forward("10.9.7.9:80")).replace("LENT", forward("g:80"));
    try (HttpClient.Answer answer = client.send(method, target, Map.of(), sent.getBytes(UTF_8))) {
      boolean isStream = expected.equals("stream");
      byte[] bytes = isStream ? new byte[1] : answer.bytes();
      String place = method + " " + target + " " + new String(bytes, UTF_8);
      assertThat(answer.status()).as(place).isEqualTo(isStream ? 200 : Integer.parseInt(expected));
      String type = answer.headers().getOrDefault("content-type", "");
      contract.check(method, target, answer.status(), type, bytes);
    }
  }

  private static String forward(String to) {
    return "{\"protocol\": \"tcp\", \"listen\": \"127.0.0.1:%d\", \"to\": \"%s\"}"
        .formatted(port, to);
  }

  private static long revision() {
    return daemon.conductor().present().revision();
  }

  @Test
  void everyRouteAnswersAsItIsDescribed() throws IOException {
    LogWatch.allowWarnings();
    Set<String> asked = new TreeSet<>();
    for (String line : REQUESTS.lines().toList()) {
      String[] words = line.split(" ", 4);
      String target = words[1].replace("LAST", Long.toString(revision()));
      ask(words[0], target, words[2], words.length == 4 ? words[3] : "");
      asked.add(words[0] + " " + contract.path(target));
    }
    assertThat(asked).containsExactlyInAnyOrderElementsOf(ControlServer.routes(daemon).list());
  }

  @Test
  void everyRouteIsDescribed() throws IOException {
    List<String> described = new ArrayList<>();
    try (HttpClient.Answer answer = client.send("GET", "/v1/openapi.json")) {
      JsonNode paths = JSON.readTree(answer.bytes()).path("paths");
      for (var path : paths.properties()) {
        path.getValue()
            .fieldNames()
            .forEachRemaining(
                method -> described.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey()));
      }
    }
    assertThat(described).containsExactlyInAnyOrderElementsOf(ControlServer.routes(daemon).list());
  }
}
