package io.lanyard.vswitch.port.datagram;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.SocketName;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.testing.SteppedClock;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which host an address is behind. */
class VxlanPeersTest {
  private static final int VNI = 77;
  private static final int PORT = 4789;
  private static final Address ONE = Address.parse("198.18.0.1");
  private static final Address TWO = Address.parse("198.18.0.2");
  private static final Address THREE = Address.parse("fd00::3");
  private static final long HONEST = 0x525400000001L;
  private static final long MADE_UP = 0x020000000000L;

  private final SteppedClock clock = new SteppedClock();
  private final VxlanPeers peers = new VxlanPeers(VNI, List.of(ONE, TWO, THREE), PORT, clock);
  private final ByteBuf datagram = Unpooled.buffer(22);

  @AfterEach
  void release() {
    datagram.release();
  }

  /** A frame to all from an address behind a host. */
  private void hear(Address host, long mac) {
    hear(host, mac, Ethernet.BROADCAST);
  }

  private void hear(Address host, long mac, long to) {
    datagram.clear().writeInt(8 << 24).writeInt(VNI << 8);
    datagram.writeShort((int) (to >>> 32)).writeInt((int) to);
    datagram.writeShort((int) (mac >>> 32)).writeInt((int) mac);
    datagram.writeShort(0x800);
    assertThat(peers.judge(host.high(), host.low(), 22, datagram, 0))
        .isEqualTo(Addressing.Verdict.FRAME);
  }

  private void assertBehind(Address host, long mac) {
    assertThat(peers.route(mac)).as("receivers").isEqualTo(1);
    assertThat(peers.receiver(0)).isEqualTo(SocketName.of(new Endpoint(host, PORT)));
  }

  private void assertUnknown(long mac) {
    assertThat(peers.route(mac)).as("receivers").isEqualTo(3);
  }

  @Test
  void anAddressIsBehindTheHostThatItWasHeardFromLast() {
    assertUnknown(HONEST);
    hear(ONE, HONEST);
    assertBehind(ONE, HONEST);
    hear(THREE, HONEST, MADE_UP);
    assertBehind(THREE, HONEST);
    clock.advance(Duration.ofSeconds(1));
    hear(ONE, HONEST);
    assertBehind(ONE, HONEST);
  }

  /** It is the copy of one that another host has flooded, most likely. */
  @Test
  void aFrameToAllMovesNoAddressThatWasHeardJustNow() {
    hear(ONE, HONEST);
    clock.advance(Duration.ofMillis(900));
    hear(THREE, HONEST);
    assertBehind(ONE, HONEST);
  }

  @Test
  void anAddressThatIsSilentIsForgotten() {
    hear(ONE, HONEST);
    clock.advance(Duration.ofSeconds(140));
    assertBehind(ONE, HONEST);
    clock.advance(Duration.ofSeconds(170));
    assertUnknown(HONEST);
  }

  @Test
  void aGroupIsBehindNobodyAndNeitherIsNoAddress() {
    hear(ONE, 0x010000000001L);
    hear(ONE, 0);
    assertUnknown(0x010000000001L);
    assertUnknown(0);
  }

  @Test
  void aHostThatMakesUpAddressesLeavesThoseBehindOthers() {
    hear(ONE, HONEST);
    hear(THREE, HONEST + 1);
    for (int i = 0; i < 100_000; i++) {
      hear(TWO, MADE_UP + i);
    }
    assertBehind(ONE, HONEST);
    assertBehind(THREE, HONEST + 1);
    assertBehind(TWO, MADE_UP + 99_999);
  }

  @Test
  void addressesThatAHostBringsWhenAnotherHasTheMostAreLearned() {
    for (int i = 0; i < 100_000; i++) {
      hear(TWO, MADE_UP + i);
    }
    hear(ONE, HONEST);
    assertBehind(ONE, HONEST);
  }
}
