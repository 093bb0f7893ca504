package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.Errno;
import io.lanyard.linux.SocketName;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.port.datagram.DatagramPort;
import io.lanyard.vswitch.port.datagram.DatagramSource;
import io.lanyard.vswitch.port.datagram.FixedPeer;
import io.netty.buffer.ByteBuf;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QemuDatagramPortTest extends PortSuite {
  @TempDir Path directory = Path.of("");
  private @Nullable DatagramPort made;

  private DatagramPort port() {
    return Objects.requireNonNull(made);
  }

  private Path ours() {
    return directory.resolve("lanyard.sock");
  }

  private Path qemus() {
    return directory.resolve("qemu.sock");
  }

  @Override
  Port start() {
    made =
        new DatagramPort(
            "vm",
            "qemu-dgram",
            1500,
            FixedPeer.unix(qemus()),
            new DatagramSource.Unix(new SocketFile(ours(), null, null, "rw-rw-rw-"), false),
            context());
    network.attach(port());
    port().start();
    return port();
  }

  @Override
  Guest connect(Port port) throws Exception {
    awaitOnLoop("the port waits", () -> port.state().equals(absent()));
    Files.deleteIfExists(qemus()); // of a guest that has gone
    DatagramGuest guest = bind(qemus());
    awaitState(port, "up"); // it looks every second
    return guest;
  }

  private DatagramGuest bind(Path at) throws Exception {
    return new DatagramGuest(BatchSocket.unixDatagram(SocketName.of(at)), SocketName.of(ours()));
  }

  private PortState absent() {
    return new PortState.NoCarrier(
        "nobody has " + qemus() + " open", "start the program at the other end");
  }

  private DatagramGuest guest() {
    return (DatagramGuest) guest;
  }

  private void sendToGuest(int number) throws Exception {
    byte[] frame = numbered(GUEST, PEER, number, 100);
    onLoop(() -> {
      ByteBuf b = Frames.blank(frame.length);
      b.setBytes(OffloadHeader.LENGTH, frame);
      peer.send(b);
      return 0;
    });
  }

  @Test
  void theSocketHasTheModeOfTheConfiguration() throws Exception {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(ours())))
        .isEqualTo("rw-rw-rw-");
  }

  @Test
  void anotherSendersFramesAreRefused() throws Exception {
    LogWatch.expect("sender-refused");
    try (DatagramGuest stranger = bind(directory.resolve("stranger"))) {
      stranger.send(numbered(PEER, GUEST, 1, 60));
      awaitOnLoop(
          "the frame is refused",
          () -> port().counters().receiveDrops(DropCause.FOREIGN_SENDER) == 1);
    }
    assertThat(port().counters().receivedFrames()).isZero();
  }

  @Test
  void anEmptyDatagramIsDroppedAndWhatFollowsIsTaken() throws Exception {
    assertThat(guest().trySend(new byte[0])).isEqualTo(1);
    guest().send(new byte[13]);
    guest().send(numbered(PEER, GUEST, 1, 60));
    awaitOnLoop("the frame", () -> port().counters().receivedFrames() == 1);
    assertThat(port().counters().receiveDrops(DropCause.BAD_LENGTH)).isEqualTo(2);
  }

  @Test
  void aGuestThatBindsAgainIsServedAgain() throws Exception {
    guest().close();
    Files.delete(qemus());
    onLoop(() -> {
      port().addListener((which, before, now) -> network.flush()); // as the gateway does
      return 0;
    });
    sendToGuest(1);
    awaitState(port(), "no-carrier");
    assertThat(port().counters().transmitDrops(DropCause.NO_CARRIER)).isEqualTo(1);
    guest = bind(qemus());
    guest.send(numbered(PEER, GUEST, 2, 60));
    awaitState(port(), "up"); // at once: it has sent
    sendToGuest(3);
    assertThat(guest.receive()).isEqualTo(numbered(GUEST, PEER, 3, 100));
  }

  @Test
  void aGuestThatHangsCostsDropsAndNoTime() throws Exception {
    guest().reads(false);
    for (int i = 0; i < 2000; i++) {
      sendToGuest(i);
    }
    awaitOnLoop(
        "drops are counted", () -> port().counters().transmitDrops(DropCause.QUEUE_FULL) > 1000);
    assertThat(port().state().hasCarrier()).isTrue();
    guest().reads(true);
    awaitOnLoop(
        "the guest is served again",
        () -> {
          while (guest().poll() != null) {}
          long before = port().counters().transmitDrops();
          sendNow(4711);
          return port().counters().transmitDrops() == before;
        });
  }

  private void sendNow(int number) {
    byte[] frame = numbered(GUEST, PEER, number, 100);
    ByteBuf b = Frames.blank(frame.length);
    b.setBytes(OffloadHeader.LENGTH, frame);
    peer.send(b);
  }

  @Test
  void aPathThatIsTakenIsAFailureWithAReason() throws Exception {
    DatagramPort second =
        new DatagramPort(
            "vm2",
            "qemu-dgram",
            1500,
            FixedPeer.unix(qemus()),
            new DatagramSource.Unix(new SocketFile(ours()), false),
            context());
    onLoop(() -> {
      network.attach(second);
      second.start();
      return 0;
    });
    awaitState(second, "failed");
    assertThat(second.state().problem()).contains("another process listens there");
    onLoop(() -> {
      network.detach(second);
      second.close();
      return 0;
    });
    assertThat(Files.exists(ours())).isTrue();
  }

  @Test
  void theSocketsFileGoesWithThePort() throws Exception {
    onLoop(() -> {
      port().close();
      return 0;
    });
    assertThat(Files.exists(ours())).isFalse();
    assertThat(guest().trySend(new byte[60])).isEqualTo(-Errno.ENOENT);
  }
}
