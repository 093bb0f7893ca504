package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.SocketName;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.datagram.DatagramPort;
import io.lanyard.vswitch.port.datagram.DatagramSource;
import io.lanyard.vswitch.port.datagram.FixedPeer;
import org.junit.jupiter.api.Test;

class UdpPortTest extends PortSuite {
  private final Endpoint local = free();
  private final Endpoint remote = free();

  private static Endpoint free() {
    return new Endpoint(Address.LOOPBACK_IPV4, FreePorts.one());
  }

  @Override
  Port start() {
    DatagramPort port =
        new DatagramPort(
            "vm", "udp", 1500, FixedPeer.udp(remote), new DatagramSource.Udp(local), context());
    network.attach(port);
    port.start();
    return port;
  }

  @Override
  Guest connect(Port port) throws Exception {
    awaitState(port, "up");
    return new DatagramGuest(BatchSocket.udp(remote), SocketName.of(local));
  }

  @Test
  void framesFromAnotherPortOfTheSameHostAreRefused() throws Exception {
    LogWatch.expect("sender-refused");
    Port port =
        network.ports().stream().filter(p -> p.name().equals("vm")).findFirst().orElseThrow();
    try (DatagramGuest stranger =
        new DatagramGuest(BatchSocket.udp(free()), SocketName.of(local))) {
      stranger.send(numbered(PEER, GUEST, 1, 60));
      awaitOnLoop(
          "the frame is refused",
          () -> port.counters().receiveDrops(DropCause.FOREIGN_SENDER) == 1);
    }
    assertThat(port.counters().receivedFrames()).isZero();
  }
}
