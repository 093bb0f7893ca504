package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.LogWatch;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.Rcode;

/** Servers that are asked over TLS (RFC 7858), and over TCP. */
class UpstreamTlsTest {
  @TempDir private Path folder;
  private FakeTlsUpstream server;
  private @Nullable ForwarderScene scene;

  @BeforeEach
  void startAServer() throws Exception {
    server = new FakeTlsUpstream(0);
  }

  @AfterEach
  void stop() throws Exception {
    if (scene != null) {
      scene.close();
    }
    server.close();
  }

  private ForwarderScene open(String upstreams, String... more) throws Exception {
    ForwarderScene made =
        new ForwarderScene(
            folder,
            "dns: {hosts-file: false, upstreams: [\""
                + upstreams
                + "\"]"
                + String.join("", more)
                + "}");
    scene = made;
    return made;
  }

  private String trusted() throws Exception {
    return ", authorities: " + FakeTlsUpstream.authorities(folder);
  }

  private int rcode(String name) throws Exception {
    return scene.ask("guest", name).getRcode();
  }

  @Test
  void aServerThatProvesItsNameIsAskedOnOneConnection() throws Exception {
    open("tls://127.0.0.1:" + server.port() + "#dns.example", trusted());
    for (int i = 0; i < 5; i++) {
      assertThat(rcode("n" + i + ".example.")).isEqualTo(Rcode.NOERROR);
    }
    assertThat(server.connections).hasValue(1);
    assertThat(scene.count(DnsCount.UPSTREAM_TLS)).isEqualTo(5);
    assertThat(scene.gauge("connections")).isEqualTo(1);
    scene.step(Duration.ofSeconds(11));
    assertThat(scene.gauge("connections")).as("idle").isZero();
    assertThat(rcode("again.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(server.connections).hasValue(2);
  }

  /** Waits until the daemon has found that no server answers anything, which it says. */
  private void awaitSilence() throws Exception {
    LogWatch.expect("event=dns-upstreams-silent");
    scene.await(() -> LogWatch.count("event=dns-upstreams-silent") > 0);
  }

  @Test
  void aServerWithAnotherNameIsNotAsked() throws Exception {
    LogWatch.expect("event=dns-tls-failed");
    open("tls://127.0.0.1:" + server.port() + "#other.example", trusted());
    assertThat(rcode("www.example.")).isEqualTo(Rcode.SERVFAIL);
    assertThat(server.queries).isEmpty();
    awaitSilence();
  }

  @Test
  void aServerThatNobodyVouchesForIsNotAsked() throws Exception {
    LogWatch.expect("event=dns-tls-failed");
    open("tls://127.0.0.1:" + server.port() + "#dns.example");
    assertThat(rcode("www.example.")).isEqualTo(Rcode.SERVFAIL);
    assertThat(server.queries).isEmpty();
    awaitSilence();
  }

  @Test
  void withoutANameAnyServerWithTlsIsAskedAndOneWithoutItInTheClear() throws Exception {
    open("tls://127.0.0.1:" + server.port());
    assertThat(rcode("www.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(server.queries).hasSize(1);
    try (FakeUpstream plain = FakeUpstream.free()) {
      scene.configure(
          "dns: {hosts-file: false, upstreams: [\"tls://127.0.0.1:" + plain.port() + "\"]}");
      assertThat(rcode("plain.example.")).isEqualTo(Rcode.NOERROR);
      assertThat(rcode("more.example.")).isEqualTo(Rcode.NOERROR);
      assertThat(scene.count(DnsCount.UPSTREAM_UDP)).isEqualTo(2);
    }
  }

  @Test
  void tlsIsTriedAgainBesideTheQuestionsAndLessAndLessOften() throws Exception {
    int port = server.port();
    server.close();
    try (FakeUpstream plain = FakeUpstream.datagramsAlone(port)) {
      open("tls://127.0.0.1:" + port);
      for (int rest = 5; rest <= 20; rest *= 2) {
        assertThat(rcode("a" + rest + ".example.")).isEqualTo(Rcode.NOERROR);
        scene.step(Duration.ofSeconds(rest - 1));
        assertThat(rcode("b" + rest + ".example.")).isEqualTo(Rcode.NOERROR);
        assertThat(scene.gauge("connections")).as("not yet").isZero();
        scene.step(Duration.ofSeconds(1));
        assertThat(rcode("c" + rest + ".example.")).as("in the clear").isEqualTo(Rcode.NOERROR);
        scene.await(() -> scene.forwarder.dump().properties().get("connections").equals(0));
      }
      assertThat(plain.queries).hasSize(9);
      server = new FakeTlsUpstream(port);
      scene.step(Duration.ofSeconds(40));
      assertThat(rcode("d.example.")).isEqualTo(Rcode.NOERROR);
      scene.await(() -> server.handshakes.get() == 1);
      scene.await(() -> scene.forwarder.dump().properties().get("inTheClear").equals(0));
      assertThat(rcode("e.example.")).isEqualTo(Rcode.NOERROR);
      assertThat(server.queries).hasSize(1);
      assertThat(plain.queries).hasSize(10);
    }
  }

  @Test
  void aServerThatLetsTlsWaitIsAskedInTheClearInTime() throws Exception {
    try (ServerSocket mute = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
        FakeUpstream plain = FakeUpstream.datagramsAlone(mute.getLocalPort())) {
      open("tls://127.0.0.1:" + mute.getLocalPort());
      scene.send("guest", ForwarderScene.query("www.example.").toWire());
      scene.await(() -> scene.forwarder.dump().properties().get("connections").equals(1));
      scene.step(Duration.ofMillis(1450));
      assertThat(scene.answer("guest").getRcode()).isEqualTo(Rcode.NOERROR);
      assertThat(plain.queries).hasSize(1);
    }
  }

  @Test
  void aConnectionThatEndsSaysNothingAgainstTls() throws Exception {
    server.mostQueries = 2;
    open("tls://127.0.0.1:" + server.port());
    for (int i = 0; i < 3; i++) {
      assertThat(rcode("n" + i + ".example.")).isEqualTo(Rcode.NOERROR);
    }
    assertThat(scene.count(DnsCount.UPSTREAM_UDP)).as("in the clear").isZero();
  }

  @Test
  void theLengthOfAQuestionTellsNothing() throws Exception {
    open("tls://127.0.0.1:" + server.port());
    assertThat(rcode("a.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(rcode("a-name-that-is-a-good-deal-longer.example.")).isEqualTo(Rcode.NOERROR);
    scene.send("guest", ForwarderScene.padded("padded-by-the-guest.example.", 300));
    assertThat(scene.answer("guest").getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(server.queries).hasSize(3).allMatch(query -> query.numBytes() == 128);
    assertThat(scene.ask("guest", "b.example.").getOPT()).as("a guest without EDNS").isNull();
  }

  @Test
  void aQuestionThatAConnectionsEndHasCutOffIsAskedAgain() throws Exception {
    server.mostQueries = 2;
    open("tls://127.0.0.1:" + server.port() + "#dns.example", trusted());
    assertThat(rcode("one.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(rcode("two.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(server.connections).hasValue(2);
  }

  @Test
  void aConnectionThatHasGoneSilentIsNotAskedForEver() throws Exception {
    open("tls://127.0.0.1:" + server.port() + "#dns.example", trusted());
    assertThat(rcode("one.example.")).isEqualTo(Rcode.NOERROR);
    server.cut = 1;
    scene.send("guest", ForwarderScene.query("lost.example.").toWire());
    scene.await(() -> server.queries.size() >= 2);
    scene.step(Duration.ofSeconds(6));
    scene.send("other", ForwarderScene.query("two.example.").toWire());
    assertThat(scene.answer("other").getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(server.connections).hasValue(2);
    scene.step(Duration.ofSeconds(3));
    assertThat(scene.answer("guest").getRcode()).as("what was lost").isEqualTo(Rcode.SERVFAIL);
    assertThat(rcode("three.example.")).isEqualTo(Rcode.NOERROR);
    assertThat(server.connections).hasValue(2);
    scene.step(Duration.ofSeconds(11));
    assertThat(scene.gauge("connections")).as("idle").isZero();
  }

  @Test
  void aServerThatAnotherReplacesKeepsNeitherQuestionsNorItsConnection() throws Exception {
    String trusted = trusted();
    open("tls://127.0.0.1:" + server.port() + "#dns.example", trusted);
    assertThat(rcode("one.example.")).isEqualTo(Rcode.NOERROR);
    server.cut = 1;
    scene.send("guest", ForwarderScene.query("lost.example.").toWire());
    scene.await(() -> server.queries.size() >= 2);
    try (FakeUpstream next = FakeUpstream.free()) {
      scene.configure(
          "dns: {hosts-file: false, upstreams: [\"127.0.0.1:"
              + next.port()
              + "\"]"
              + trusted
              + "}");
      assertThat(scene.ask("other", "two.example.").getRcode()).isEqualTo(Rcode.NOERROR);
      assertThat(next.queries).hasSize(1);
      for (int i = 0; i < 10; i++) {
        scene.step(Duration.ofSeconds(1));
      }
      assertThat(scene.answer("guest").getRcode()).as("what was lost").isEqualTo(Rcode.SERVFAIL);
      scene.step(Duration.ofSeconds(11));
      assertThat(scene.gauge("connections")).as("idle").isZero();
      assertThat(server.connections).hasValue(1);
    }
  }

  @Test
  void aServerMayBeAskedOverTcpAlone() throws Exception {
    try (FakeUpstream plain = FakeUpstream.free()) {
      open("tcp://127.0.0.1:" + plain.port());
      assertThat(rcode("www.example.")).isEqualTo(Rcode.NOERROR);
      assertThat(scene.count(DnsCount.UPSTREAM_UDP)).isZero();
      assertThat(scene.count(DnsCount.UPSTREAM_TCP)).isEqualTo(1);
    }
  }

  @Test
  void authoritiesThatCannotBeReadAreSaid() throws Exception {
    LogWatch.expect("event=dns-tls-failed");
    open(
        "tls://127.0.0.1:" + server.port() + "#dns.example",
        ", authorities: " + folder.resolve("none.pem"));
    assertThat(rcode("www.example.")).isEqualTo(Rcode.SERVFAIL);
    awaitSilence();
  }
}
