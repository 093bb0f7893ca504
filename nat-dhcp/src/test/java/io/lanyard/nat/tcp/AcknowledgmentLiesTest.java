package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vswitch.frame.Tcp;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Guests that acknowledge what was never sent, and refuse what was. */
class AcknowledgmentLiesTest {
  private static final int SENT = 10_000;
  private static final int HALF = 1 << 31;

  private Scene scene = new Scene();

  @AfterEach
  void nothingIsLeft() {
    scene.close();
  }

  private void send(Family family) {
    scene.close();
    scene = new Scene(family);
    scene.establish().send(Scene.bytes(SENT));
    scene.sent.clear();
  }

  private void acknowledge(int... edges) {
    scene.guest(Tcp.ACK, Scene.GUEST_ISN + 1, scene.isn + 1, 65535, new byte[0], Scene.sack(edges));
  }

  /** Modulo 2^32, such a block begins after what is acknowledged and ends before what is sent. */
  @ParameterizedTest
  @EnumSource
  void aBlockHalfTheSequenceSpaceAwayMakesNothingLost(Family family) {
    send(family);
    int una = scene.isn + 1;
    acknowledge(una + HALF - 0x100, una + SENT + HALF + 0x100);
    assertThat(scene.sent).isEmpty();
    assertThat(scene.engine.counters().get(TcpCount.FAST_RETRANSMITS)).isZero();
  }

  /** Nothing is sent again but bytes that have been sent, whatever blocks say. */
  @ParameterizedTest
  @EnumSource
  void blocksThatAreMadeUpRepeatWhatWasSentAtMost(Family family) {
    send(family);
    int una = scene.isn + 1;
    SplittableRandom random = new SplittableRandom(42);
    int[] near = {una, una + SENT, una + HALF, una + SENT + HALF, scene.isn, 0, HALF};
    for (int i = 0; i < 20_000; i++) {
      int start = near[random.nextInt(near.length)] + random.nextInt(-300, 300);
      int end = near[random.nextInt(near.length)] + random.nextInt(-300, 300);
      acknowledge(start, end);
    }
    for (Sent segment : scene.sent) {
      assertThat(segment.is(Tcp.ACK)).isTrue();
      assertThat(Seq.notBefore(segment.seq(), una)).isTrue();
      assertThat(segment.seq() - una + segment.text().length()).isBetween(0, SENT);
    }
    int repeated = scene.sent.stream().mapToInt(segment -> segment.text().length()).sum();
    assertThat(repeated).isLessThanOrEqualTo(SENT);
  }

  /** Two bare segments would be answered by all that is in flight, as often as a guest likes. */
  @ParameterizedTest
  @EnumSource
  void aWindowThatClosesAndOpensAgainAtOnceHasNothingSentAgain(Family family) {
    send(family);
    for (int i = 0; i < 100; i++) {
      for (int window : new int[] {0, 65535}) {
        scene.guest(Tcp.ACK, Scene.GUEST_ISN + 1, scene.isn + 1, window, new byte[0]);
      }
    }
    assertThat(scene.sent).isEmpty();
    // Bytes without an acknowledgment come again, though nobody has asked.
    scene.timers.advanceMillis(2000);
    assertThat(scene.next().seq()).isEqualTo(scene.isn + 1);
  }
}
