package io.lanyard.daemon.metric;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Directories;
import io.lanyard.control.ControlServer;
import io.lanyard.control.client.HttpClient;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who goes takes its metrics along. */
@Timeout(240)
final class GoneMetricsTest {
  private static final String STAYS =
      """
      version: 1
      networks: {stays: {mode: isolated, ports: [{name: q, kind: qemu-stream, path: q.sock}]}}
      """;

  private static final String NETWORK =
      """
      {"mode": "nat", "ipv4": {"subnet": "10.9.8.0/24"},
       "forwards": [{"name": "web", "protocol": "tcp", "listen": "127.77.0.2:4712", "to": "10.9.8.9:80"}],
       "ports": [{"name": "p.1", "kind": "qemu-stream", "path": "p.sock"}]}
      """;

  @TempDir Path home;

  private static List<String> lines(Daemon daemon, String name) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    daemon.metrics().write(out);
    return out.toString(UTF_8).lines().filter(line -> line.contains("=\"" + name)).toList();
  }

  private static void send(HttpClient client, String method, String target, String body)
      throws Exception {
    try (HttpClient.Answer answer = client.send(method, target, Map.of(), body.getBytes(UTF_8))) {
      assertThat(answer.status()).as(new String(answer.bytes(), UTF_8)).isEqualTo(200);
    }
  }

  @Test
  void networksPortsForwardsServicesAndGuestsTakeTheirsAlong() throws Exception {
    Directories directories = InProcessDaemon.directories(home);
    HttpClient client = new HttpClient(directories.socket());
    try (Daemon daemon = InProcessDaemon.open(home, STAYS);
        ControlServer _ = ControlServer.bind(daemon, directories.socket(), null)) {
      List<String> before = lines(daemon, "");
      for (int i = 0; i < 3; i++) {
        send(client, "PUT", "/v1/networks/goes", NETWORK);
        send(
            client,
            "PUT",
            "/v1/guests/g",
            "{\"vmm\": \"echo\", \"memory\": \"64M\", \"program\": \"/bin/true\","
                + " \"nics\": [{\"network\": \"goes\"}]}");
        assertThat(lines(daemon, "goes"))
            .anyMatch(line -> line.contains("lanyard_forward_listening{forward=\"web\""))
            .anyMatch(line -> line.contains("lanyard_port_up{network=\"goes\",port=\"p.1\""))
            .anyMatch(line -> line.contains("lanyard_network_pool_addresses"))
            .anyMatch(line -> line.contains("lanyard_network_flows{network=\"goes\",protocol="))
            .anyMatch(line -> line.contains("service=\"icmp\""));
        send(client, "DELETE", "/v1/guests/g?yes=true", "");
        assertThat(lines(daemon, "g\"")).isEmpty();
        send(client, "DELETE", "/v1/networks/goes?yes=true", "");
        assertThat(lines(daemon, "goes")).isEmpty();
        assertThat(lines(daemon, "network goes")).isEmpty();
      }
      assertThat(lines(daemon, ""))
          .extracting(GoneMetricsTest::name)
          .containsExactlyElementsOf(before.stream().map(GoneMetricsTest::name).toList());
    }
  }

  private static String name(String line) {
    return line.replaceFirst(" .*", "");
  }
}
