package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.DumpNode;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Document;
import io.lanyard.control.api.PortInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.daemon.change.ChangeRequest;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many guests connect to one socket, and each has a port of its own. */
@Timeout(240)
final class ManyGuestsTest {
  private static final int TYPE = 0x88B5; // local experiments
  private static final int FRAME = 60;

  @TempDir Path home;
  private Daemon daemon;
  private final List<Client> clients = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    daemon = InProcessDaemon.open(home, document("guests: many, most-guests: 3"));
  }

  @AfterEach
  void stop() throws IOException {
    for (Client client : clients) {
      client.close();
    }
    daemon.close();
  }

  private Document document(String port) throws ConfigException {
    return Document.of(
        "test",
        """
        version: 1
        networks:
          lab:
            mode: isolated
            ports: [{name: q, kind: qemu-stream, path: q.sock, %s}]
        """
            .formatted(port),
        home);
  }

  private void apply(String port) throws Exception {
    Document next = document(port);
    daemon
        .conductor()
        .apply(
            new ChangeRequest(
                before -> next, "test", "a test", ChangeRequest.ANY, true, false, Duration.ZERO))
        .get(60, TimeUnit.SECONDS);
  }

  private Network network() {
    return Objects.requireNonNull(daemon.network("lab"));
  }

  private List<String> ports() {
    return network().report().ports().stream()
        .map(port -> port.name() + " " + port.state())
        .toList();
  }

  private void awaitPorts(String... expected) throws InterruptedException {
    Await.until(() -> ports().equals(List.of(expected)));
  }

  private String metrics() throws IOException {
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    daemon.metrics().write(written);
    return written.toString(StandardCharsets.UTF_8);
  }

  private long dumped(String key) {
    return count(daemon.dump(), key);
  }

  private static long count(DumpNode node, String key) {
    long all = 0;
    if (node.properties().get(key) instanceof Number number) {
      all += number.longValue();
    }
    for (DumpNode child : node.children()) {
      all += count(child, key);
    }
    return all;
  }

  /** A VMM: QEMU's framing over the UNIX socket. */
  private final class Client implements AutoCloseable {
    private final long mac;
    private final SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);

    Client(int number) throws IOException {
      mac = 0x02_00_00_00_00_00L + number;
      socket.connect(UnixDomainSocketAddress.of(home.resolve("r/q.sock")));
      clients.add(this);
    }

    void send(long to, int text) throws IOException {
      ByteBuffer frame = ByteBuffer.allocate(4 + FRAME).putInt(FRAME);
      frame.putShort((short) (to >> 32)).putInt((int) to);
      frame.putShort((short) (mac >> 32)).putInt((int) mac);
      frame.putShort((short) TYPE).putInt(text);
      socket.write(frame.rewind());
    }

    /** The next frame's sender and text. */
    String receive() throws IOException {
      ByteBuffer frame = ByteBuffer.allocate(4 + FRAME);
      while (frame.hasRemaining()) {
        assertThat(socket.read(frame)).isNotNegative();
      }
      return Integer.toHexString(frame.getInt(4 + 8)) + " says " + frame.getInt(4 + 14);
    }

    boolean isSentAway() throws IOException {
      return socket.read(ByteBuffer.allocate(1)) < 0;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  void twoClientsTalkToEachOtherThroughTheSwitch() throws Exception {
    awaitPorts("q no-carrier");
    Client one = new Client(1);
    awaitPorts("q up", "q.1 up");
    Client two = new Client(2);
    awaitPorts("q up", "q.1 up", "q.2 up");

    one.send(0xFFFF_FFFF_FFFFL, 11);
    assertThat(two.receive()).isEqualTo("1 says 11");
    two.send(one.mac, 12);
    assertThat(one.receive()).isEqualTo("2 says 12");

    PortInfo port = network().report().ports().get(1);
    assertThat(port.kind()).isEqualTo("qemu-stream");
    assertThat(port.receivedFrames()).isEqualTo(1);
    assertThat(network().report().ports().getFirst().transmitDrops()).isEmpty();
    assertThat(daemon.status().problems()).isEmpty();
  }

  @Test
  void aClientThatLeavesTakesItsPortAndMetricsAlongAndTheNextOneGetsItsNumber() throws Exception {
    Client one = new Client(1);
    awaitPorts("q up", "q.1 up");
    Client two = new Client(2);
    awaitPorts("q up", "q.1 up", "q.2 up");
    assertThat(metrics()).contains("port=\"q.1\"");

    one.close();
    Await.until(() -> ports().equals(List.of("q up", "q.2 up")));
    assertThat(metrics()).doesNotContain("port=\"q.1\"").contains("port=\"q.2\"");

    Client three = new Client(3);
    Await.until(() -> ports().contains("q.1 up"));
    three.send(two.mac, 7);
    assertThat(two.receive()).isEqualTo("3 says 7");
    three.close();
    two.close();
    awaitPorts("q no-carrier");
  }

  @Test
  void aClientBeyondTheLimitIsSentAway() throws Exception {
    LogWatch.expect("event=client-refused network=\"lab\" port=\"q\" cause=\"it has 3 clients");
    for (int i = 1; i <= 3; i++) {
      Client _ = new Client(i);
    }
    Await.until(() -> ports().size() == 4);

    assertThat(new Client(4).isSentAway()).isTrue();

    assertThat(ports()).hasSize(4);
    assertThat(dumped("refusedClients")).isEqualTo(1);
    assertThat(LogWatch.count("event=client-refused")).isEqualTo(1);
  }

  @Test
  void aThousandConnectionsCostThreePortsAndABoundedLog() throws Exception {
    LogWatch.expect("event=client-refused");
    Client honest = new Client(1);
    awaitPorts("q up", "q.1 up");
    List<Client> hostile = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      Client client = new Client(2);
      if (i % 2 == 0) {
        client.close();
      } else {
        hostile.add(client);
      }
      if (hostile.size() > 50) {
        hostile.removeFirst().close();
      }
    }
    Await.until(() -> dumped("connections") + dumped("refusedClients") >= 1000);
    assertThat(ports()).hasSizeLessThanOrEqualTo(4).contains("q.1 up");
    assertThat(LogWatch.count("event=client-")).isLessThan(200);
    for (Client client : hostile) {
      client.close();
    }
    awaitPorts("q up", "q.1 up");

    Client two = new Client(2);
    awaitPorts("q up", "q.1 up", "q.2 up");
    two.send(0xFFFF_FFFF_FFFFL, 3);
    assertThat(honest.receive()).isEqualTo("2 says 3");
    assertThat(daemon.status().loopFailures()).isZero();
  }

  @Test
  void theDeclaredPolicyHoldsForEachClientNowAndLater() throws Exception {
    Client one = new Client(1);
    awaitPorts("q up", "q.1 up");
    apply("guests: many, most-guests: 3, isolated: true");
    assertThat(ports()).containsExactly("q up", "q.1 up");
    Client two = new Client(2);
    awaitPorts("q up", "q.1 up", "q.2 up");

    one.send(0xFFFF_FFFF_FFFFL, 1);
    Await.until(() -> network().report().ports().get(1).receivedFrames() == 1);
    apply("guests: many, most-guests: 3");
    one.send(0xFFFF_FFFF_FFFFL, 2);
    assertThat(two.receive()).isEqualTo("1 says 2");
  }

  @Test
  void theLinkOfTheDeclaredPortIsThatOfItsClients() throws Exception {
    Client one = new Client(1);
    awaitPorts("q up", "q.1 up");
    assertThat(network().link("q", false)).isTrue();
    assertThat(ports()).containsExactly("q link-down", "q.1 link-down");
    Client two = new Client(2);
    awaitPorts("q link-down", "q.1 link-down", "q.2 link-down");
    one.send(0xFFFF_FFFF_FFFFL, 1);
    Await.until(() -> network().report().ports().get(1).receivedFrames() == 1);
    assertThat(network().link("q", true)).isTrue();
    one.send(0xFFFF_FFFF_FFFFL, 2);
    assertThat(two.receive()).isEqualTo("1 says 2");
  }

  @Test
  void removingOrChangingTheDeclaredPortEndsTheClients() throws Exception {
    Client one = new Client(1);
    awaitPorts("q up", "q.1 up");
    apply("guests: many, most-guests: 2");
    assertThat(ports()).containsExactly("q no-carrier");
    assertThat(one.isSentAway()).isTrue();

    Client two = new Client(2);
    awaitPorts("q up", "q.1 up");
    apply("guests: one");
    assertThat(two.isSentAway()).isTrue();
    assertThat(ports()).containsExactly("q no-carrier");
    assertThat(metrics()).doesNotContain("port=\"q.1\"");
  }
}
