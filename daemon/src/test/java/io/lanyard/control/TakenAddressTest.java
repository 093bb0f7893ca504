package io.lanyard.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.Document;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.linux.BindFailure;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.testing.Await;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An address that is taken is taken over when it is free; everything else works meanwhile. */
@Timeout(240)
final class TakenAddressTest {
  @TempDir Path home;

  private static ServerSocket take() throws IOException {
    return new ServerSocket(FreePorts.one(), 1, InetAddress.getLoopbackAddress());
  }

  private Daemon open(Document configuration) throws Exception {
    return InProcessDaemon.open(home, configuration);
  }

  @Test
  void aStreamPortOpensWhenItsAddressIsFree() throws Exception {
    LogWatch.expect("event=port-failed");
    ServerSocket taken = take();
    int number = taken.getLocalPort();
    Document configuration =
        Document.of(
            "test",
            "version: 1\nnetworks: {a: {mode: isolated, ports: ["
                + "{name: q, kind: qemu-stream, listen: '127.0.0.1:%d'},".formatted(number)
                + "{name: other, kind: qemu-stream, path: o.sock}]}}\n",
            home);
    try (Daemon daemon = open(configuration)) {
      var network = daemon.network("a");
      assertThat(network).isNotNull();
      assertThat(network.report().ports().stream().filter(port -> port.state().equals("failed")))
          .singleElement()
          .satisfies(port -> assertThat(port.name()).isEqualTo("q"));
      assertThat(network.report().info().problems()).hasSize(1);
      taken.close();
      Await.until(() -> network.report().info().problems().isEmpty());
      assertThat(network.report().ports()).allMatch(port -> port.state().equals("no-carrier"));
      try (Socket guest = new Socket(InetAddress.getLoopbackAddress(), number)) {
        assertThat(guest.isConnected()).isTrue();
        Await.until(() ->
            network.report().ports().stream()
                .anyMatch(port -> port.name().equals("q") && port.state().equals("up")));
      }
    }
  }

  @Test
  void theMetricsEndpointOpensWhenItsAddressIsFree() throws Exception {
    LogWatch.expect("event=metrics-unavailable");
    ServerSocket taken = take();
    int number = taken.getLocalPort();
    Document configuration =
        Document.of(
            "test",
            "version: 1\nnetworks: {a: {mode: isolated}}\nmetrics: {listen: '127.0.0.1:%d'}\n"
                .formatted(number),
            home);
    try (Daemon daemon = open(configuration);
        TcpEndpoint metrics =
            MetricsEndpoint.endpoint(
                daemon, configuration.configuration().metrics().listen(), BindFailure::explain)) {
      metrics.open(50);
      assertThat(metrics.problem())
          .isEqualTo(
              "nobody can read them at 127.0.0.1:%d: port %d is taken by this daemon itself: end it, or listen on another port or address"
                  .formatted(number, number));
      taken.close();
      Await.until(() -> scrape(number).contains("lanyard_network_ports{network=\"a\"}"));
    }
  }

  @Test
  void theHolderOfTheMetricsAddressIsLookedUpOnce() throws Exception {
    LogWatch.expect("event=metrics-unavailable");
    AtomicInteger lookUps = new AtomicInteger();
    ServerSocket taken = take();
    Endpoint listen = new Endpoint(Address.parse("127.0.0.1"), taken.getLocalPort());
    try (Daemon daemon = open(Document.of("test", "version: 1\nnetworks: {}\n", home));
        TcpEndpoint metrics =
            MetricsEndpoint.endpoint(
                daemon,
                listen,
                (transport, endpoint, number, cause) -> "try " + lookUps.incrementAndGet())) {
      metrics.open(1_000_000);
      for (int i = 0; i < 5; i++) {
        metrics.tryAgain();
      }
      assertThat(metrics.problem()).endsWith("try 1");
      taken.close();
      metrics.tryAgain();
      assertThat(metrics.problem()).isEmpty();
      assertThat(scrape(listen.port())).contains("lanyard_uptime_seconds");
    }
    assertThat(lookUps).hasValue(1);
  }

  @Test
  void aForwardWithoutANameIsNamedByWhereItListens() throws Exception {
    LogWatch.expect("event=forward-failed");
    try (ServerSocket taken = take()) {
      int number = taken.getLocalPort();
      Document configuration =
          Document.of(
              "test",
              "version: 1\nnetworks: {a: {mode: nat, ipv4: {subnet: 10.9.8.0/24}, forwards: [{protocol: tcp, listen: '127.0.0.1:%d', to: '10.9.8.7:80'}]}}\n"
                  .formatted(number),
              home);
      try (Daemon daemon = open(configuration)) {
        var network = daemon.network("a");
        assertThat(network).isNotNull();
        assertThat(network.report().info().problems())
            .singleElement()
            .asString()
            .startsWith("forward tcp/127.0.0.1:%d: port %d is taken".formatted(number, number));
        Await.until(
            () -> LogWatch.count("event=forward-failed") > 0); // who has it is looked up first
      }
    }
  }

  private static String scrape(int number) {
    try (var in = URI.create("http://127.0.0.1:" + number + "/metrics").toURL().openStream()) {
      return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }
}
