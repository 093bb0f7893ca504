package io.lanyard.control;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.Document;
import io.lanyard.daemon.Daemon;
import io.lanyard.linux.BindFailure;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.testing.FreePorts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
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

/** Every route of the API and of the metrics' server keeps to HTTP, and fails by RFC 9457. */
@Timeout(240)
final class RouteConventionsTest {
  private static final String CONFIGURATION =
      """
      version: 1
      networks:
        n:
          mode: nat
          ipv4: {subnet: 10.9.8.0/24}
          ports: [{name: n, kind: qemu-stream, path: q.sock}]
          forwards: [{name: n, protocol: udp, listen: "127.0.0.1:PORT", to: "10.9.8.9:80"}]
          dhcp: {reservations: [{mac: "52:54:00:00:00:10", address: 10.9.8.10}]}
          port-groups: {n: {isolated: true}}
          dns: {hosts: {n: 10.9.8.9}, records: [{name: n, txt: n}]}
      guests:
        n: {vmm: echo, memory: 64M, program: /bin/true, nics: [{network: n}]}
      """;

  @TempDir private static Path home;
  private static Daemon daemon;
  private static ServedDaemon served;
  private static TcpEndpoint metrics;

  /** The methods of each path, and where it is served. */
  private static final Map<String, Set<String>> METHODS = new TreeMap<>();

  @BeforeAll
  static void open() throws Exception {
    int port = FreePorts.one();
    Document document =
        Document.of("test", CONFIGURATION.replace("PORT", Integer.toString(port)), home);
    served = ServedDaemon.open(home, document);
    daemon = served.daemon();
    Endpoint any = new Endpoint(Address.LOOPBACK_IPV4, 0);
    metrics = MetricsEndpoint.endpoint(daemon, any, BindFailure::explain);
    metrics.open(TcpEndpoint.RETRY_MILLIS);
    daemon.startGuests();
    for (String route : ControlServer.routes(daemon).list()) {
      String[] parts = route.split(" ", 2);
      METHODS.computeIfAbsent(filled(parts[1]), path -> new TreeSet<>()).add(parts[0]);
    }
    METHODS.put("/metrics", new TreeSet<>(Set.of("GET")));
  }

  /** A route's path with names of what there is. */
  private static String filled(String route) {
    return route
        .replace("{mac}", "52:54:00:00:00:10")
        .replace("{record}", "n%2Ftxt%2Fn")
        .replace("{address}", "10.9.8.9")
        .replace("{flow}", "7")
        .replaceAll("\\{[a-z]+}", "n");
  }

  /** Whether the daemon has nothing of this kind, which is a problem of status 404. */
  private static boolean isMissing(String path) {
    return path.contains("/leases/") || path.contains("/flows/") || path.endsWith("/snapshots/n");
  }

  @AfterAll
  static void close() {
    metrics.close();
    served.close();
  }

  /** An answer: its status, its headers by lower-case name, and its body. */
  private record Answer(int status, Map<String, String> headers, String body) {}

  private static Answer ask(String method, String path, String target, String rest)
      throws IOException {
    SocketAddress where =
        path.equals("/metrics")
            ? new InetSocketAddress(InetAddress.getLoopbackAddress(), metrics.port())
            : UnixDomainSocketAddress.of(home.resolve("r").resolve("api.sock"));
    try (SocketChannel channel = SocketChannel.open(where)) {
      ByteBuffer request =
          ByteBuffer.wrap(
              (method + " " + target + " HTTP/1.1\r\nHost: x\r\n" + rest).getBytes(ISO_8859_1));
      while (request.hasRemaining()) {
        channel.write(request);
      }
      channel.shutdownOutput();
      String said = new String(Channels.newInputStream(channel).readAllBytes(), ISO_8859_1);
      int end = said.indexOf("\r\n\r\n");
      String[] lines = said.substring(0, end).split("\r\n", -1);
      Map<String, String> headers = new TreeMap<>();
      for (String line : Arrays.asList(lines).subList(1, lines.length)) {
        headers.put(
            line.replaceFirst(":.*", "").toLowerCase(Locale.ROOT),
            line.replaceFirst("[^:]*: ", ""));
      }
      return new Answer(
          Integer.parseInt(lines[0].substring(9, 12)), headers, said.substring(end + 4));
    }
  }

  private static Answer ask(String method, String path) throws IOException {
    return ask(method, path, path, "\r\n");
  }

  private static void assertProblem(String what, Answer answer, int status) {
    assertThat(answer.status()).as(what + " " + answer).isEqualTo(status);
    assertThat(answer.headers()).as(what).containsEntry("content-type", "application/problem+json");
    assertThat(answer.body()).as(what).startsWith("{\"type\":\"about:blank\",\"status\":" + status);
  }

  @Test
  void optionsAreTheMethodsOfTheTable() throws Exception {
    for (Map.Entry<String, Set<String>> route : METHODS.entrySet()) {
      Answer answer = ask("OPTIONS", route.getKey());
      assertThat(answer.status()).isEqualTo(204);
      Set<String> expected = new TreeSet<>(route.getValue());
      expected.add("OPTIONS");
      if (expected.contains("GET")) {
        expected.add("HEAD");
      }
      assertThat(answer.headers().get("allow").split(", ", -1))
          .as(route.getKey())
          .containsExactlyInAnyOrderElementsOf(expected);
    }
  }

  @Test
  void everyOtherMethodIs405WithThoseThatAreAllowed() throws Exception {
    for (Map.Entry<String, Set<String>> route : METHODS.entrySet()) {
      for (String method :
          List.of("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "TRACE", "BREW")) {
        if (route.getValue().contains(method.replace("HEAD", "GET"))) {
          continue;
        }
        Answer answer = ask(method, route.getKey());
        assertThat(answer.headers()).as(method + route.getKey()).containsKey("allow");
        if (method.equals("HEAD")) {
          assertThat(answer.status()).isEqualTo(405);
          assertThat(answer.body()).isEmpty();
        } else {
          assertProblem(method + " " + route.getKey(), answer, 405);
        }
      }
    }
  }

  @Test
  void headIsGetWithoutItsBody() throws Exception {
    for (Map.Entry<String, Set<String>> route : METHODS.entrySet()) {
      if (route.getValue().contains("GET")) {
        Answer head = ask("HEAD", route.getKey());
        int status = isMissing(route.getKey()) ? 404 : 200;
        assertThat(head.status()).as("%s %s", route.getKey(), head).isEqualTo(status);
        assertThat(head.body()).as(route.getKey()).isEmpty();
        assertThat(head.headers()).as(route.getKey()).containsKey("content-type");
        if (!head.headers().containsKey("transfer-encoding")) {
          Answer get = ask("GET", route.getKey());
          assertThat(get.status()).isEqualTo(status);
          assertThat(get.headers()).containsKeys(head.headers().keySet().toArray(String[]::new));
          assertThat(get.body()).hasSize(Integer.parseInt(get.headers().get("content-length")));
        }
      }
    }
  }

  @Test
  void aTypeThatIsNotServedIs406() throws Exception {
    for (Map.Entry<String, Set<String>> route : METHODS.entrySet()) {
      if (route.getValue().contains("GET") && !isMissing(route.getKey())) {
        String path = route.getKey();
        assertProblem(path, ask("GET", path, path, "Accept: image/png\r\n\r\n"), 406);
      }
    }
  }

  @Test
  void whatIsCodedOrNotThereIsAProblem() throws Exception {
    for (Map.Entry<String, Set<String>> route : METHODS.entrySet()) {
      String path = route.getKey();
      String method = ((TreeSet<String>) route.getValue()).first();
      assertProblem(path, ask(method, path, path + "/n/n/n", "\r\n"), 404);
      assertProblem(path, ask(method, path, path + "%zz", "\r\n"), 400);
      assertProblem(
          path, ask(method, path, path, "Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx"), 415);
    }
  }

  @Test
  void whatIsTooLongIsAProblem() throws Exception {
    for (String path : List.of("/metrics", "/v1/status", "/v1/config")) {
      String method = "GET";
      assertProblem(path, ask(method, path, path + "?a=" + "b".repeat(5000), "\r\n"), 414);
      assertProblem(path, ask(method, path, path, "X: " + "y".repeat(9000) + "\r\n\r\n"), 431);
      assertProblem(path, ask(method, path, path, "Content-Length: 1048577\r\n\r\n"), 413);
    }
  }

  /** Settings of something that runs, which are no things of their own. */
  private static final Set<String> SET_ONLY =
      Set.of("/v1/networks/n/ports/n/link", "/v1/guests/n/console/size");

  @Test
  void whatCanBePutOrDeletedCanBeReadAndHasATag() throws Exception {
    for (Map.Entry<String, Set<String>> route : METHODS.entrySet()) {
      Set<String> methods = route.getValue();
      String path = route.getKey();
      if ((methods.contains("PUT") || methods.contains("DELETE")) && !SET_ONLY.contains(path)) {
        assertThat(methods).as(path).contains("GET");
        if (isMissing(path)) {
          continue;
        }
        Answer get = ask("GET", path);
        assertThat(get.status()).as(path + get).isEqualTo(200);
        assertThat(get.headers()).as(path).containsKey("etag");
        String known = "If-None-Match: " + get.headers().get("etag") + "\r\n\r\n";
        assertThat(ask("GET", path, path, known).status()).as(path).isEqualTo(304);
      }
    }
  }

  @Test
  void aBodyOfATypeThatIsNotTakenIs415WithThoseThatAre() throws Exception {
    String rest = "Content-Type: text/csv\r\nContent-Length: 1\r\n\r\n1";
    for (Map.Entry<String, Set<String>> route : METHODS.entrySet()) {
      for (String method : route.getValue()) {
        if (method.equals("PUT") || method.equals("PATCH")) {
          Answer answer = ask(method, route.getKey(), route.getKey(), rest);
          assertProblem(route.getKey(), answer, 415);
          assertThat(answer.headers().get("accept")).startsWith("application/json");
        }
      }
    }
  }
}
