package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vswitch.frame.Tcp;
import org.junit.jupiter.api.Test;

/**
 * A connection ends, by both sides, by resets and by silence: each rule of the RFCs as a segment in
 * and a segment out, time stopped.
 */
class ConnectionTest extends ConnectionScene {
  @Test
  void segmentsWithoutAConnectionAreReset() {
    scene.guest(Tcp.ACK, 5, 9, "x");
    Sent first = scene.next();
    assertThat(first.is(Tcp.RST)).isTrue();
    assertThat(first.seq()).isEqualTo(9);
    scene.guest(Tcp.FIN, 5, 0, "x");
    Sent second = scene.next();
    assertThat(second.is(RST_ACK)).isTrue();
    assertThat(second.ack()).isEqualTo(7);
    scene.guest(Tcp.RST, 5, 0);
    assertThat(scene.sent).isEmpty();
  }

  // --- Closing

  @Test
  void theGuestClosesFirst() {
    TestStream stream = scene.establish();
    scene.guest(FIN_ACK, G + 1, scene.isn + 1, "bye");
    assertThat(stream.received).hasToString("bye");
    assertThat(stream.finished).isTrue();
    assertThat(scene.next().ack()).isEqualTo(G + 5);
    assertThat(state()).isEqualTo(Connection.State.CLOSE_WAIT);
    stream.send("still here");
    assertThat(scene.next().text()).isEqualTo("still here");
    scene.guest(Tcp.ACK, G + 5, scene.isn + 11);
    stream.guest.end();
    Sent fin = scene.next();
    assertThat(fin.is(FIN_ACK)).isTrue();
    assertThat(state()).isEqualTo(Connection.State.LAST_ACK);
    scene.guest(Tcp.ACK, G + 5, fin.seq() + 1);
    assertThat(stream.closed).isTrue();
    assertThat(scene.engine.connections()).isZero();
  }

  @Test
  void theHostClosesFirst() {
    TestStream stream = scene.establish();
    stream.send("last words");
    stream.guest.end();
    scene.next();
    Sent fin = scene.next();
    assertThat(fin.is(FIN_ACK)).isTrue();
    assertThat(state()).isEqualTo(Connection.State.FIN_WAIT_1);
    scene.guest(Tcp.ACK, G + 1, fin.seq() + 1);
    assertThat(state()).isEqualTo(Connection.State.FIN_WAIT_2);
    scene.guest(Tcp.ACK, G + 1, fin.seq() + 1, "answer");
    assertThat(stream.received).hasToString("answer");
    scene.guest(FIN_ACK, G + 7, fin.seq() + 1);
    assertThat(stream.finished).isTrue();
    assertThat(stream.closed).isTrue();
    assertThat(state()).isEqualTo(Connection.State.TIME_WAIT);
    scene.sent.clear();
    scene.guest(FIN_ACK, G + 7, fin.seq() + 1);
    assertThat(scene.next().ack()).isEqualTo(G + 8);
    scene.timers.advanceMillis(61_000);
    assertThat(scene.engine.connections()).isZero();
  }

  @Test
  void bothCloseAtOnce() {
    TestStream stream = scene.establish();
    stream.guest.end();
    Sent fin = scene.next();
    scene.guest(FIN_ACK, G + 1, scene.isn + 1);
    assertThat(state()).isEqualTo(Connection.State.CLOSING);
    assertThat(scene.next().ack()).isEqualTo(G + 2);
    scene.guest(Tcp.ACK, G + 2, fin.seq() + 1);
    assertThat(state()).isEqualTo(Connection.State.TIME_WAIT);
  }

  @Test
  void aLostFinIsSentAgain() {
    TestStream stream = scene.establish(Scene.synOptions(1460, false, 7));
    stream.guest.end();
    Sent fin = scene.next();
    scene.timers.advanceMillis(1100);
    Sent again = scene.next();
    assertThat(again.is(FIN_ACK)).isTrue();
    assertThat(again.seq()).isEqualTo(fin.seq());
  }

  @Test
  void aFinBeyondAGapWaitsForWhatIsMissing() {
    TestStream stream = scene.establish();
    scene.guest(FIN_ACK, G + 4, scene.isn + 1, "def");
    assertThat(stream.finished).isFalse();
    assertThat(state()).isEqualTo(Connection.State.ESTABLISHED);
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, "abc");
    assertThat(stream.received).hasToString("abcdef");
    assertThat(stream.finished).isTrue();
    assertThat(state()).isEqualTo(Connection.State.CLOSE_WAIT);
  }

  @Test
  void timeWaitMakesWayForANewerSyn() {
    TestStream stream = scene.establish();
    stream.guest.end();
    scene.guest(FIN_ACK, G + 1, scene.isn + 2);
    assertThat(state()).isEqualTo(Connection.State.TIME_WAIT);
    scene.sent.clear();
    scene.guest(Tcp.SYN, G - 100, 0);
    assertThat(scene.streams).hasSize(1);
    scene.timers.advanceMillis(2);
    scene.sent.clear();
    scene.guest(Tcp.SYN, G + 100_000, 0);
    assertThat(scene.streams).hasSize(2);
    Sent answer = scene.next();
    assertThat(answer.is(SYN_ACK)).isTrue();
    assertThat(Seq.after(answer.seq(), scene.isn)).isTrue();
  }

  // --- Resets and RFC 5961

  @Test
  void anExactResetResetsTheHost() {
    TestStream stream = scene.establish();
    scene.guest(Tcp.RST, G + 1, 0);
    assertThat(stream.aborted).isTrue();
    assertThat(scene.sent).isEmpty();
    assertThat(scene.engine.connections()).isZero();
  }

  @Test
  void aResetElsewhereInTheWindowIsChallenged() {
    TestStream stream = scene.establish();
    scene.guest(Tcp.RST, G + 500, 0);
    assertThat(stream.aborted).isFalse();
    Sent challenge = scene.next();
    assertThat(challenge.is(Tcp.ACK)).isTrue();
    assertThat(challenge.ack()).isEqualTo(G + 1);
  }

  @Test
  void aResetOutsideTheWindowIsDropped() {
    TestStream stream = scene.establish();
    scene.guest(Tcp.RST, G - 1, 0);
    scene.guest(Tcp.RST, G + 50_000_000, 0);
    assertThat(stream.aborted).isFalse();
    assertThat(scene.sent).isEmpty();
  }

  @Test
  void aSynInAnOpenConnectionIsChallenged() {
    TestStream stream = scene.establish();
    scene.guest(Tcp.SYN, G + 1, 0);
    assertThat(stream.aborted).isFalse();
    assertThat(scene.next().is(Tcp.ACK)).isTrue();
  }

  @Test
  void challengesAreLimited() {
    scene.establish();
    for (int i = 0; i < 1000; i++) {
      scene.guest(Tcp.SYN, G + 1, 0);
    }
    assertThat(scene.sent).hasSizeLessThanOrEqualTo(10);
    scene.timers.advanceMillis(1100);
    scene.sent.clear();
    scene.guest(Tcp.SYN, G + 1, 0);
    assertThat(scene.sent).hasSize(1);
  }

  @Test
  void aResetOfTheHostResetsTheGuest() {
    TestStream stream = scene.establish();
    stream.guest.reset();
    Sent reset = scene.next();
    assertThat(reset.is(RST_ACK)).isTrue();
    assertThat(reset.seq()).isEqualTo(scene.isn + 1);
    assertThat(reset.ack()).isEqualTo(G + 1);
    assertThat(scene.engine.connections()).isZero();
  }

  // --- Time

  @Test
  void aSilentGuestIsProbedAndThenGivenUp() {
    TestStream stream = scene.establish();
    scene.timers.advanceMillis(7_199_000);
    assertThat(scene.sent).isEmpty();
    scene.timers.advanceMillis(2_000);
    Sent probe = scene.next();
    assertThat(probe.seq()).isEqualTo(scene.isn);
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1);
    scene.timers.advanceMillis(7_100_000);
    assertThat(stream.aborted).isFalse();
    scene.timers.advanceMillis(1_000_000);
    assertThat(stream.aborted).isTrue();
    assertThat(scene.engine.connections()).isZero();
  }

  @Test
  void anEstablishedConnectionOutlivesTwoHoursAndFourMinutesOfSilence() {
    TestStream stream = scene.establish();
    scene.timers.advanceMillis(7_440_000);
    assertThat(stream.aborted).isFalse();
  }
}
