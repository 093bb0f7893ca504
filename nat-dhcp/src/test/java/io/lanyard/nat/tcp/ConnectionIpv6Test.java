package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The same state machine over IPv6. */
class ConnectionIpv6Test extends ConnectionTest {
  @Override
  Family family() {
    return Family.IPV6;
  }

  /** RFC 9293 section 3.7.1: what fits into 1,280 bytes, where IPv4 has 536. */
  @Test
  void aGuestThatSaysNoMssGetsSegmentsOf1220Bytes() {
    try (Scene scene = new Scene(Family.IPV6)) {
      TestStream stream = scene.establish(new byte[0]);
      stream.send(Scene.bytes(5000));
      assertThat(scene.next().gsoSize()).isEqualTo(1220);
      scene.guest(io.lanyard.vswitch.frame.Tcp.RST, Scene.GUEST_ISN + 1, 0);
    }
  }
}
