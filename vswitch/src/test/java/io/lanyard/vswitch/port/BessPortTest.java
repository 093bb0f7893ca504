package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.SocketName;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.port.datagram.DatagramPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BessPortTest extends PortSuite {
  private static final PortState NOBODY =
      new PortState.NoCarrier("no client is connected", "start the guest's VMM");

  @TempDir Path directory = Path.of("");
  private @Nullable DatagramPort made;

  private DatagramPort port() {
    return Objects.requireNonNull(made);
  }

  private Path path() {
    return directory.resolve("bess.sock");
  }

  @Override
  Port start() {
    made = DatagramPort.packets("vm", "bess", 1500, new SocketFile(path()), context());
    network.attach(port());
    port().start();
    return port();
  }

  @Override
  Guest connect(Port port) throws Exception {
    awaitOnLoop("the port listens", () -> port.state().equals(NOBODY));
    DatagramGuest client = client();
    awaitState(port, "up");
    return client;
  }

  private DatagramGuest client() throws IOException {
    return new DatagramGuest(BatchSocket.connectPackets(SocketName.of(path())), null);
  }

  @Test
  void aSecondClientIsSentAway() throws Exception {
    LogWatch.expect("client-refused");
    try (DatagramGuest second = client()) {
      awaitOnLoop("it is sent away", () -> second.trySend(new byte[60]) < 0);
    }
    guest.send(numbered(PEER, GUEST, 1, 60));
    awaitOnLoop("the first is heard", () -> port().counters().receivedFrames() == 1);
  }

  @Test
  void aClientThatLeavesMakesPlaceForTheNext() throws Exception {
    for (int i = 1; i <= 5; i++) {
      guest.close();
      guest = client(); // at once: the loop may see it before the other's end
      DatagramGuest next = (DatagramGuest) guest;
      next.send(numbered(PEER, GUEST, i, 60));
      long expected = i;
      awaitOnLoop("its frame", () -> port().counters().receivedFrames() == expected);
    }
  }

  @Test
  void aClientThatDiesWithFramesOnTheirWayLosesThemAlone() throws Exception {
    ((DatagramGuest) guest).reads(false);
    onLoop(() -> {
      for (int i = 0; i < 4000; i++) { // more than the socket's buffer takes
        peer.send(Frames.ethernet(GUEST, PEER, 0x88b5, new byte[900]));
      }
      return 0;
    });
    guest.close();
    awaitState(port(), "no-carrier");
    assertThat(port().state()).isEqualTo(NOBODY);
    assertThat(port().counters().transmitDrops()).isPositive();
    guest = client();
    awaitState(port(), "up");
  }

  @Test
  void theSocketsFileGoesWithThePort() throws Exception {
    onLoop(() -> {
      port().close();
      return 0;
    });
    assertThat(Files.exists(path())).isFalse();
  }
}
