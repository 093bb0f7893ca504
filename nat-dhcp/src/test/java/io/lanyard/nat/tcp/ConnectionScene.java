package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vswitch.frame.Tcp;
import org.junit.jupiter.api.AfterEach;

/**
 * A connection whose guest and host are the test's, on a clock that stands still, over one family.
 */
abstract class ConnectionScene {
  static final int G = Scene.GUEST_ISN;
  static final int SYN_ACK = Tcp.SYN | Tcp.ACK;
  static final int FIN_ACK = Tcp.FIN | Tcp.ACK;
  static final int RST_ACK = Tcp.RST | Tcp.ACK;

  Scene scene = new Scene(family());

  Family family() {
    return Family.IPV4;
  }

  /** A window that the SYN can say in full: the first data is no occasion to open it further. */
  final void smallWindow() {
    scene.close();
    scene = new Scene(family(), 65535, MemoryPool.ofProcess());
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(scene.engine.counters().get(TcpCount.FAULTS)).isZero();
    scene.close();
  }

  final Connection.State state() {
    return scene.connection().tcpState();
  }
}
