package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The same endings over IPv6, and what IPv6 alone has. */
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
      scene.guest(Tcp.RST, Scene.GUEST_ISN + 1, 0);
    }
  }

  /** RFC 6437 section 3: one label, not 0, for all packets of a flow. */
  @Test
  void allSegmentsOfAFlowHaveOneFlowLabel() {
    Set<Integer> labels = new HashSet<>();
    try (Scene scene = new Scene(Family.IPV6)) {
      Consumer<ByteBuf> taken = scene.link.sink;
      scene.link.sink =
          frame -> {
            labels.add(frame.getInt(frame.readerIndex() + GuestLink.LINK_HEADROOM) & 0xf_ffff);
            taken.accept(frame);
          };
      TestStream stream = scene.establish();
      stream.send(Scene.bytes(5000));
      assertThat(scene.sent).isNotEmpty();
      int sent = scene.sent.size();
      scene.timers.advanceMillis(2000);
      assertThat(scene.sent).as("sent again").hasSizeGreaterThan(sent);
      scene.ack(5000 + 1);
      stream.guest.end();
      assertThat(scene.last().flags() & Tcp.FIN).isNotZero();
      stream.guest.reset();
      assertThat(scene.last().flags() & Tcp.RST).isNotZero();
    }
    assertThat(labels).hasSize(1).doesNotContain(0);
  }
}
