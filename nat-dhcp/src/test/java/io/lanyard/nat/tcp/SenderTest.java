package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vswitch.frame.Tcp;
import org.junit.jupiter.api.Test;

/** Data to a guest on an open connection: flights, windows and losses. */
class SenderTest extends ConnectionScene {
  @Test
  void aSuperFrameLeavesFromWhereItWasRead() {
    TestStream stream = scene.establish(Scene.synOptions(1460, true, 7));
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, 65535, new byte[0]);
    stream.send(Scene.bytes(10 * 1460));
    Sent large = scene.next();
    assertThat(large.gsoSize()).isEqualTo(1460);
    assertThat(large.text()).hasSize(10 * 1460);
    assertThat(scene.sent).isEmpty();
  }

  @Test
  void theFirstFlightIsTenSegments() {
    TestStream stream = scene.establish();
    stream.send(Scene.bytes(40 * 1460));
    assertThat(scene.next().text()).hasSize(10 * 1460);
    assertThat(scene.sent).isEmpty();
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1 + 10 * 1460, 65535, new byte[0]);
    assertThat(scene.next().text()).hasSize(20 * 1460);
  }

  @Test
  void smallDataIsNotHeldBack() {
    TestStream stream = scene.establish();
    stream.send("a");
    stream.send("b");
    assertThat(scene.next().text()).isEqualTo("a");
    assertThat(scene.next().text()).isEqualTo("b");
  }

  @Test
  void theWindowOfTheGuestIsRespected() {
    TestStream stream = scene.establish(Scene.synOptions(1000, true, -1));
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, 3000, new byte[0]);
    stream.send(Scene.bytes(10_000));
    assertThat(scene.next().text()).hasSize(3000);
    assertThat(scene.sent).isEmpty();
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1 + 3000, 4000, new byte[0]);
    assertThat(scene.next().text()).hasSize(4000);
  }

  @Test
  void aClosedWindowIsProbedForAsLongAsTheGuestAnswers() {
    TestStream stream = scene.establish(Scene.synOptions(1000, true, -1));
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, 0, new byte[0]);
    stream.send("hello");
    assertThat(scene.sent).isEmpty();
    for (int i = 0; i < 30; i++) {
      scene.timers.advanceMillis(61_000);
      assertThat(scene.sent).isNotEmpty();
      assertThat(scene.next().text()).isEqualTo("h");
      scene.sent.clear();
      scene.guest(Tcp.ACK, G + 1, scene.isn + 1, 0, new byte[0]);
    }
    assertThat(state()).isEqualTo(Connection.State.ESTABLISHED);
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, 1000, new byte[0]);
    scene.timers.advanceMillis(61_000);
    scene.guest(Tcp.ACK, G + 1, scene.isn + 2, 1000, new byte[0]);
    StringBuilder text = new StringBuilder();
    scene.sent.forEach(s -> text.append(s.text()));
    assertThat(text.toString()).contains("ello");
  }

  @Test
  void aWindowThatOpensGetsWhatItRefusedAtOnce() {
    TestStream stream = scene.establish(Scene.synOptions(1000, true, -1));
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, 0, new byte[0]);
    stream.send("hello");
    scene.timers.advanceMillis(30_000);
    assertThat(scene.next().text()).isEqualTo("h");
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, 0, new byte[0]);
    scene.sent.clear();
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, 1000, new byte[0]);
    Sent again = scene.next();
    assertThat(again.seq()).isEqualTo(scene.isn + 1);
    assertThat(again.text() + scene.next().text()).isEqualTo("hello");
    // The path is none the worse for it: what is lost now is sent again as soon as ever.
    scene.timers.advanceMillis(3_000);
    assertThat(scene.next().seq()).isEqualTo(scene.isn + 1);
    scene.guest(Tcp.ACK, G + 1, scene.isn + 6, 1000, new byte[0]);
    stream.send("again");
    assertThat(scene.last().text()).isEqualTo("again");
  }

  @Test
  void aGuestThatDoesNotAnswerIsGivenUp() {
    TestStream stream = scene.establish();
    stream.send("hello");
    scene.timers.advanceMillis(300_000);
    assertThat(stream.aborted).isTrue();
    assertThat(scene.last().is(RST_ACK)).isTrue();
    assertThat(scene.engine.connections()).isZero();
  }

  @Test
  void theTimeoutDoubles() {
    TestStream stream = scene.establish(Scene.synOptions(1460, false, 7));
    stream.send("hello");
    scene.next();
    int[] waits = {1000, 2000, 4000, 8000};
    for (int wait : waits) {
      scene.timers.advanceMillis(wait - 20);
      assertThat(scene.sent).isEmpty();
      scene.timers.advanceMillis(20);
      assertThat(scene.next().text()).isEqualTo("hello");
    }
    assertThat(scene.engine.counters().get(TcpCount.TIMEOUTS)).isEqualTo(4);
  }

  @Test
  void threeDuplicatesRetransmitWithoutSack() {
    TestStream stream = scene.establish(Scene.synOptions(1000, false, 7));
    stream.send(Scene.bytes(5000));
    scene.sent.clear();
    for (int i = 0; i < 2; i++) {
      scene.guest(Tcp.ACK, G + 1, scene.isn + 1);
    }
    assertThat(scene.sent).isEmpty();
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1);
    Sent again = scene.next();
    assertThat(again.seq()).isEqualTo(scene.isn + 1);
    assertThat(again.text()).hasSize(1000);
    // A partial acknowledgment brings the next hole (RFC 6582).
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1 + 2000);
    assertThat(scene.next().seq()).isEqualTo(scene.isn + 1 + 2000);
  }

  @Test
  void sackRetransmitsExactlyWhatIsMissing() {
    TestStream stream = scene.establish(Scene.synOptions(1000, true, 7));
    stream.send(Scene.bytes(10_000));
    scene.sent.clear();
    int base = scene.isn + 1;
    scene.guest(
        Tcp.ACK,
        G + 1,
        base + 1000,
        65535,
        new byte[0],
        Scene.sack(base + 2000, base + 4000, base + 5000, base + 10_000));
    assertThat(scene.next().seq()).isEqualTo(base + 1000);
    Sent second = scene.next();
    assertThat(second.seq()).isEqualTo(base + 4000);
    assertThat(second.text()).hasSize(1000);
    assertThat(scene.sent).isEmpty();
    scene.guest(Tcp.ACK, G + 1, base + 10_000);
    assertThat(scene.engine.counters().get(TcpCount.RETRANSMITTED)).isEqualTo(2);
  }

  @Test
  void aSackThatLiesIsIgnored() {
    TestStream stream = scene.establish(Scene.synOptions(1000, true, 7));
    stream.send(Scene.bytes(5000));
    scene.sent.clear();
    int base = scene.isn + 1;
    scene.guest(
        Tcp.ACK,
        G + 1,
        base,
        65535,
        new byte[0],
        Scene.sack(base + 3000, base + 900_000, base - 5000, base - 1, base + 9, base + 3));
    assertThat(scene.sent).isEmpty();
    scene.guest(Tcp.ACK, G + 1, base + 5000);
    assertThat(state()).isEqualTo(Connection.State.ESTABLISHED);
  }

  @Test
  void aLostTailIsProbedBeforeTheTimeout() {
    TestStream stream = scene.establish(Scene.synOptions(1000, true, 7));
    stream.send(Scene.bytes(2000));
    scene.timers.advanceMillis(1);
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1 + 2000);
    stream.send(Scene.bytes(5000));
    scene.sent.clear();
    scene.timers.advanceMillis(30);
    Sent probe = scene.next();
    assertThat(probe.seq()).isEqualTo(scene.isn + 1 + 2000 + 4000);
    assertThat(scene.engine.counters().get(TcpCount.TAIL_PROBES)).isEqualTo(1);
  }

  @Test
  void theHostIsNotReadWhileTheQueueIsFull() {
    TestStream stream = scene.establish();
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, 0, new byte[0]);
    byte[] data = Scene.bytes(64_000);
    int sent = 0;
    while (stream.reading && sent < 100) {
      stream.send(data);
      sent++;
    }
    assertThat(stream.reading).isFalse();
    assertThat(sent).isLessThan(80);
    int seq = scene.isn + 1;
    for (int i = 0; i < 20_000 && !stream.reading; i++) {
      scene.guest(Tcp.ACK, G + 1, seq, 60000, new byte[0]);
      Sent s = scene.sent.pollLast();
      scene.sent.clear();
      if (s != null && !s.text().isEmpty()) {
        seq = s.seq() + s.text().length();
      } else {
        scene.timers.advanceMillis(1000);
      }
    }
    assertThat(stream.reading).isTrue();
  }

  @Test
  void anAcknowledgmentOfWhatWasNeverSentIsChallenged() {
    scene.establish();
    scene.guest(Tcp.ACK, G + 1, scene.isn + 5000, "evil");
    assertThat(scene.stream().received.size()).isZero();
    assertThat(scene.next().is(Tcp.ACK)).isTrue();
    assertThat(scene.engine.counters().get(TcpCount.DROP_ACK)).isEqualTo(1);
  }
}
