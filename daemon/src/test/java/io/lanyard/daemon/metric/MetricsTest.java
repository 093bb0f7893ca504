package io.lanyard.daemon.metric;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Counters;
import io.lanyard.config.Document;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.testing.Await;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MetricsTest {
  private static String text(Metrics metrics) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    metrics.write(out);
    return out.toString(UTF_8);
  }

  @Test
  void valuesOfOneKindAreOneMetricWithLabels() throws IOException {
    Metrics metrics = new Metrics();
    metrics.port("vmnet8", "tap.0", "received_frames", () -> 3);
    metrics.port("vmnet1", "host", "received_frames", () -> 4);
    metrics.network("vmnet8", "leases", () -> 2);
    metrics.network("vmnet1", "leases", () -> 0);
    metrics.daemon("loop_failures", () -> 0);
    metrics.timer("api.requests").update(5, TimeUnit.MILLISECONDS);
    String text = text(metrics);
    assertThat(text)
        .contains("lanyard_port_received_frames_total{network=\"vmnet8\",port=\"tap.0\"} 3.0")
        .contains("lanyard_port_received_frames_total{network=\"vmnet1\",port=\"host\"} 4.0")
        .contains("lanyard_network_leases{network=\"vmnet8\"} 2.0")
        .contains("lanyard_loop_failures_total 0.0");
  }

  @Test
  void everyLineIsCommentOrSampleAndEveryTypeIsSaidOnce() throws IOException {
    Metrics metrics = new Metrics();
    metrics.port("a", "b", "received_bytes", () -> 1);
    metrics.port("a", "c", "received_bytes", () -> 1);
    metrics.guest("g", "running", () -> 1);
    Set<String> types = new HashSet<>();
    for (String line : text(metrics).split("\n", -1)) {
      assertThat(line)
          .matches("|# (HELP|TYPE) .*|[a-z_]+(\\{([a-z]+=\"[^\"]*\",?)+\\})? -?[0-9.E+-]+");
      if (line.startsWith("# TYPE")) {
        assertThat(types.add(line)).as(line).isTrue();
      }
    }
    assertThat(types).hasSize(2);
  }

  /** A text of a thousand ports takes some ten megabytes of heap while it is being made. */
  @Test
  void oneTextIsMadeAtATimeHoweverManyAskForIt() throws Exception {
    Metrics metrics = new Metrics();
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch go = new CountDownLatch(1);
    metrics.daemon(
        "loop_failures",
        () -> {
          most.accumulateAndGet(inside.incrementAndGet(), Math::max);
          try {
            assertThat(go.await(60, TimeUnit.SECONDS)).isTrue();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          } finally {
            inside.decrementAndGet();
          }
          return 0;
        });
    List<FutureTask<String>> clients = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      FutureTask<String> client = new FutureTask<>(() -> text(metrics));
      clients.add(client);
      threads.add(Thread.ofPlatform().daemon(true).start(client));
    }
    Await.until(() ->
        inside.get() > 0
            && threads.stream()
                .allMatch(thread ->
                    thread.getState() == Thread.State.WAITING
                        || thread.getState() == Thread.State.TIMED_WAITING));
    go.countDown();
    for (FutureTask<String> client : clients) {
      assertThat(client.get(60, TimeUnit.SECONDS)).contains("lanyard_loop_failures_total 0.0");
    }
    assertThat(most).hasValue(1);
  }

  private enum Kind {
    OFFER,
    POOL_EXHAUSTED
  }

  @Test
  void whatAServiceCountsHasItsKindAsALabel() throws IOException {
    Metrics metrics = new Metrics();
    Counters<Kind> counters = new Counters<>(Kind.class);
    metrics.service("a", "dhcp", counters);
    counters.count(Kind.POOL_EXHAUSTED);
    assertThat(text(metrics))
        .contains("# TYPE lanyard_service_events_total counter")
        .contains(
            "lanyard_service_events_total{event=\"offer\",network=\"a\",service=\"dhcp\"} 0.0")
        .contains(
            "lanyard_service_events_total{event=\"pool-exhausted\",network=\"a\",service=\"dhcp\"}"
                + " 1.0");
  }

  /** The rules of promtool check metrics. */
  @Test
  void everyMetricSaysWhatItIsAndCountersAndUnitsAreNamedSo() throws IOException {
    Metrics metrics = new Metrics();
    for (String metric : List.of("resident_bytes", "uptime_seconds", "loop_failures")) {
      metrics.daemon(metric, () -> 1);
    }
    metrics.network("a", "floods", () -> 1);
    metrics.port("a", "b", "received_bytes", () -> 1);
    metrics.guest("g", "processor_seconds", () -> 1);
    metrics.guest("g", "running", () -> 1);
    metrics.timer("api.requests").update(5, TimeUnit.MILLISECONDS);
    metrics.registry().counter("lanyard.api.errors").inc();
    Set<String> helped = new HashSet<>();
    int metricCount = 0;
    for (String line : text(metrics).split("\n", -1)) {
      String[] words = line.split(" ", 4);
      if (line.startsWith("# HELP")) {
        assertThat(words[3]).isNotEmpty().doesNotContain("Dropwizard", "Lambda");
        helped.add(words[2]);
      } else if (line.startsWith("# TYPE")) {
        metricCount++;
        assertThat(helped).contains(words[2]);
        assertThat(words[2].endsWith("_total")).as(line).isEqualTo(words[3].equals("counter"));
        assertThat(words[2]).doesNotContain("_ms", "milli", "kilo");
      }
    }
    assertThat(metricCount).isEqualTo(9);
    metrics.timer("api.requests").update(20, TimeUnit.MILLISECONDS);
    assertThat(text(metrics))
        .contains("lanyard_api_request_seconds_count 2\n")
        .contains("lanyard_api_request_seconds_sum 0.025\n");
  }

  @Test
  void aNetworkThatIsGoneHasNoMetrics() throws IOException {
    Metrics metrics = new Metrics();
    for (String network : List.of("a", "ab")) {
      metrics.network(network, "floods", () -> 1);
      metrics.port(network, "b", "received_bytes", () -> 1);
      metrics.forward(network, "web", "flows", () -> 1);
      metrics.service(network, "dhcp", new Counters<>(Kind.class));
    }
    metrics.removeNetwork("a");
    assertThat(text(metrics)).doesNotContain("network=\"a\"").contains("network=\"ab\"");
  }

  @Test
  void aScrapeDoesNotWaitForANetworkThatHangs(@TempDir Path home) throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    Daemon.Settings settings =
        Daemon.Settings.of(
            Document.of(
                "test",
                "version: 1\nnetworks: {a: {mode: nat, ipv4: {subnet: 10.9.8.0/24}}}\n",
                home),
            InProcessDaemon.directories(home));
    try (Daemon daemon = Daemon.open(settings)) {
      var hanging =
          daemon.network("a").eventLoop().submit(() -> release.await(5, TimeUnit.MINUTES));
      assertThat(text(daemon.metrics()))
          .contains("lanyard_network_ports{network=\"a\"} 1.0")
          .contains("lanyard_network_leases{network=\"a\"} 0.0")
          .contains("lanyard_network_flows{network=\"a\",protocol=\"tcp\"} 0.0");
      assertThat(hanging.isDone()).isFalse();
      release.countDown();
    }
  }

  @Test
  void aValueThatNobodyKnowsIsLeftOut() throws IOException {
    Metrics metrics = new Metrics();
    metrics.vmm("counts", "memory_bytes", () -> 5);
    metrics.vmm("does-not", "memory_bytes", () -> -1);
    metrics.guest("g", "instructions", () -> -1);
    assertThat(text(metrics))
        .contains("lanyard_vmm_memory_bytes{vmm=\"counts\"} 5.0")
        .doesNotContain("does-not", "lanyard_guest_instructions_total{");
  }

  @Test
  void aPortThatIsGoneHasNoMetrics() throws IOException {
    Metrics metrics = new Metrics();
    metrics.port("a", "b", "received_bytes", () -> 1);
    metrics.removePort("a", "b");
    assertThat(text(metrics)).doesNotContain("received_bytes");
  }
}
