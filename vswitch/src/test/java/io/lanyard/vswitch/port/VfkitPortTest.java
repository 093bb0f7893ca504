package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.SocketName;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Tcp;
import io.lanyard.vswitch.port.datagram.DatagramPort;
import io.lanyard.vswitch.port.datagram.DatagramSource;
import io.lanyard.vswitch.port.datagram.LearntPeer;
import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VfkitPortTest extends PortSuite {
  private static final byte[] HELLO = "VFKT".getBytes(StandardCharsets.US_ASCII);
  private static final int FROM = 0x0a000001;
  private static final int TO = 0x0a000002;

  @TempDir Path directory = Path.of("");
  private @Nullable DatagramPort made;

  private DatagramPort port() {
    return Objects.requireNonNull(made);
  }

  private SocketName ours() {
    return SocketName.of(directory.resolve("lanyard.sock"));
  }

  @Override
  Port start() {
    made =
        new DatagramPort(
            "vm",
            "vfkit",
            1500,
            new LearntPeer(1500, context()),
            new DatagramSource.Unix(new SocketFile(directory.resolve("lanyard.sock")), true),
            context());
    network.attach(port());
    port().start();
    return port();
  }

  @Override
  Guest connect(Port port) throws Exception {
    awaitOnLoop("the port waits", () -> Files.exists(directory.resolve("lanyard.sock")));
    Files.deleteIfExists(directory.resolve("a")); // of a client that has gone
    DatagramGuest client = client("a", true);
    client.send(HELLO);
    awaitState(port, "up");
    return client;
  }

  /** Binds a socket of the client's own and connects it to the port's, as vfkit does. */
  private DatagramGuest client(String name, boolean connected) throws IOException {
    BatchSocket socket = BatchSocket.unixDatagram(SocketName.of(directory.resolve(name)));
    if (connected) {
      assertThat(socket.connect(ours())).isZero();
    }
    return new DatagramGuest(socket, connected ? null : ours());
  }

  private DatagramGuest client() {
    return (DatagramGuest) guest;
  }

  private static byte[] ethernet(ByteBuf frame) {
    byte[] bytes = new byte[frame.readableBytes() - OffloadHeader.LENGTH];
    frame.getBytes(frame.readerIndex() + OffloadHeader.LENGTH, bytes);
    frame.release();
    return bytes;
  }

  /** A TCP frame whose checksum is that of the pseudo header alone. */
  private static byte[] unfinished(byte[] payload) {
    ByteBuf frame = Frames.tcp4(PEER, GUEST, FROM, 1, TO, 2, 0, 0, Tcp.ACK, payload);
    Tcp.setChecksum(
        frame,
        Frames.PAYLOAD + 20,
        Checksum.fold(Checksum.pseudo4(FROM, TO, Ipv4.TCP, 20 + payload.length)));
    return ethernet(frame);
  }

  private List<byte[]> ipv4Arrivals() throws Exception {
    return onLoop(() ->
        peer.drain().stream()
            .filter(f -> ((f[12] & 0xff) << 8 | (f[13] & 0xff)) == Ethernet.TYPE_IPV4)
            .toList());
  }

  @Test
  void theGreetingIsNoFrame() throws Exception {
    assertThat(onLoop(() -> port().counters().receiveDrops())).isZero();
    client().send(HELLO); // not the first datagram any more
    awaitOnLoop(
        "the second is dropped", () -> port().counters().receiveDrops(DropCause.BAD_LENGTH) == 1);
  }

  @Test
  void anUnfinishedChecksumIsFinished() throws Exception {
    byte[] payload = "hello".getBytes(StandardCharsets.US_ASCII);
    client().send(unfinished(payload));
    awaitOnLoop("the frame", () -> peer.pending() > 0);
    byte[] whole = ethernet(Frames.tcp4(PEER, GUEST, FROM, 1, TO, 2, 0, 0, Tcp.ACK, payload));
    assertThat(ipv4Arrivals()).containsExactly(whole);
  }

  @Test
  void aSuperFrameIsCutIntoSegments() throws Exception {
    byte[] payload = new byte[40_000];
    new SplittableRandom(5).nextBytes(payload);
    client().send(unfinished(payload));
    List<byte[]> got = new ArrayList<>();
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    awaitOnLoop("the segments", () -> peer.pending() >= 28);
    got.addAll(ipv4Arrivals());
    for (byte[] frame : got) {
      assertThat(frame.length).isLessThanOrEqualTo(1514);
      joined.write(frame, 54, frame.length - 54);
    }
    assertThat(joined.toByteArray()).isEqualTo(payload);
  }

  @Test
  void aSecondClientIsRefusedWhileTheFirstLives() throws Exception {
    LogWatch.expect("sender-refused");
    try (DatagramGuest second = client("b", false)) {
      second.send(numbered(PEER, GUEST, 1, 60));
      awaitOnLoop(
          "it is refused", () -> port().counters().receiveDrops(DropCause.FOREIGN_SENDER) == 1);
    }
    client().send(numbered(PEER, GUEST, 2, 60));
    awaitOnLoop("the first is heard", () -> port().counters().receivedFrames() == 1);
  }

  /**
   * The frames that a client asks for reach nobody else, whatever it puts in its socket's place.
   */
  @Test
  void aLinkInThePlaceOfTheClientsSocketIsNotFollowed() throws Exception {
    try (DatagramGuest victim = client("victim", false)) {
      Path its = directory.resolve("a");
      Files.move(its, directory.resolve("moved"));
      Files.createSymbolicLink(its, directory.resolve("victim"));
      onLoop(() -> {
        peer.send(Frames.ethernet(GUEST, PEER, 0x88b5, new byte[46]));
        return 0;
      });
      assertThat(client().receive()).hasSize(60);
      assertThat(victim.poll()).isNull();
    }
  }

  @Test
  void aClientWhosePathLeadsToAnotherFileIsRefused() throws Exception {
    client().close();
    LogWatch.expect("sender-refused");
    try (DatagramGuest victim = client("victim", false);
        DatagramGuest next = client("b", true)) {
      Files.delete(directory.resolve("b"));
      Files.createSymbolicLink(directory.resolve("b"), directory.resolve("victim"));
      awaitState(port(), "no-carrier");
      next.send(HELLO);
      awaitOnLoop(
          "it is refused", () -> port().counters().receiveDrops(DropCause.FOREIGN_SENDER) == 1);
      assertThat(port().state().label()).isEqualTo("no-carrier");
      assertThat(victim.poll()).isNull();
    }
  }

  /** Its path would lead to another file, from where the daemon is. */
  @Test
  void aClientWithARelativePathIsRefused() throws Exception {
    client().close();
    awaitState(port(), "no-carrier");
    LogWatch.expect("sender-refused");
    Path name = Path.of("target").toAbsolutePath().getParent().relativize(directory.resolve("r"));
    try (DatagramGuest relative =
        new DatagramGuest(BatchSocket.unixDatagram(SocketName.of(name)), ours())) {
      relative.send(HELLO);
      awaitOnLoop(
          "it is refused", () -> port().counters().receiveDrops(DropCause.FOREIGN_SENDER) == 1);
    }
  }

  @Test
  void theNextClientMayBindTheSamePath() throws Exception {
    client().close();
    DatagramGuest next = (DatagramGuest) connect(port());
    guest = next;
    awaitOnLoop(
        "the next is learnt",
        () -> {
          next.send(HELLO);
          next.send(numbered(PEER, GUEST, 1, 60));
          return port().counters().receivedFrames() > 0;
        });
    onLoop(() -> {
      peer.send(Frames.ethernet(GUEST, PEER, 0x88b5, new byte[46]));
      return 0;
    });
    assertThat(next.receive()).hasSize(60);
  }

  @Test
  void anotherClientTakesThePlaceOfOneThatIsGone() throws Exception {
    client().close();
    DatagramGuest next = client("b", true);
    guest = next;
    awaitOnLoop(
        "the next is heard",
        () -> {
          next.send(numbered(PEER, GUEST, 1, 60));
          return port().counters().receivedFrames() > 0;
        });
    onLoop(() -> {
      peer.send(Frames.ethernet(GUEST, PEER, 0x88b5, new byte[46]));
      return 0;
    });
    assertThat(next.receive()).hasSize(60);
  }
}
