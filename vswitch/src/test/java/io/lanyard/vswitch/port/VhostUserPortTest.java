package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.vhost.VhostFrontEnd;
import io.lanyard.vswitch.vhost.VhostNic;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A front end that connects to the port. */
class VhostUserPortTest extends PortSuite {
  static final VhostNic NIC = new VhostNic(GUEST, 1500, 1);

  @TempDir Path directory;

  @Override
  Port start() {
    VhostUserPort port = new VhostUserPort("vm", NIC, new StreamAddress.Listen(path()), context());
    network.attach(port);
    port.start();
    return port;
  }

  private Path path() {
    return directory.resolve("vm.sock");
  }

  @Override
  Guest connect(Port port) throws Exception {
    VhostFrontEnd frontEnd = VhostFrontEnd.connect(path());
    frontEnd.start(VhostFrontEnd.PLAIN);
    awaitState(port, "up");
    return new Driver(frontEnd);
  }

  /** The guest's driver, by way of its front end. */
  record Driver(VhostFrontEnd frontEnd) implements Guest {
    @Override
    public void send(byte[] frame) throws InterruptedException {
      frontEnd.send(frame);
    }

    @Override
    public byte[] receive() throws InterruptedException {
      return frontEnd.receive();
    }

    @Override
    public void close() throws IOException {
      frontEnd.close();
    }
  }

  @Test
  void theDriverIsInterruptedForFrames() throws Exception {
    VhostFrontEnd frontEnd = ((Driver) guest).frontEnd();
    frontEnd.interrupts(VhostFrontEnd.RECEIVE);
    onLoop(() -> {
      peer.send(io.lanyard.vswitch.frame.Frames.ethernet(GUEST, PEER, 0x88b5, new byte[46]));
      network.flush();
      return 0;
    });
    assertThat(guest.receive()).hasSize(60);
    await(
        "an interrupt",
        () -> {
          try {
            return frontEnd.interrupts(VhostFrontEnd.RECEIVE) > 0;
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
  }
}
