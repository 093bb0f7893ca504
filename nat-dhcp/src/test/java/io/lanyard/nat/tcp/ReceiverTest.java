package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import org.junit.jupiter.api.Test;

/** Data from a guest on an open connection: acknowledgments, windows and gaps. */
class ReceiverTest extends ConnectionScene {
  @Test
  void everySecondSegmentIsAcknowledgedAtOnceAndASingleOneSoon() {
    smallWindow();
    TestStream stream = scene.establish();
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, "a");
    assertThat(scene.sent).isEmpty();
    scene.timers.advanceMillis(40);
    assertThat(scene.next().ack()).isEqualTo(G + 2);
    scene.guest(Tcp.ACK, G + 2, scene.isn + 1, "b");
    scene.guest(Tcp.ACK, G + 3, scene.isn + 1, "c");
    assertThat(scene.next().ack()).isEqualTo(G + 4);
    assertThat(stream.received).hasToString("abc");
  }

  @Test
  void anAnswerCarriesTheAcknowledgment() {
    smallWindow();
    TestStream stream = scene.establish();
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, "ping");
    stream.send("pong");
    Sent answer = scene.next();
    assertThat(answer.ack()).isEqualTo(G + 5);
    assertThat(answer.text()).isEqualTo("pong");
    scene.timers.advanceMillis(50);
    assertThat(scene.sent).isEmpty();
  }

  @Test
  void aGapIsReportedBySackAndFilled() {
    TestStream stream = scene.establish();
    scene.guest(Tcp.ACK, G + 4, scene.isn + 1, "def");
    Sent duplicate = scene.next();
    assertThat(duplicate.ack()).isEqualTo(G + 1);
    assertThat(duplicate.blocks()).containsExactly(G + 4, G + 7);
    scene.guest(Tcp.ACK, G + 10, scene.isn + 1, "jkl");
    assertThat(scene.next().blocks()).containsExactly(G + 10, G + 13, G + 4, G + 7);
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, "abc");
    Sent filled = scene.next();
    assertThat(filled.ack()).isEqualTo(G + 7);
    assertThat(filled.blocks()).containsExactly(G + 10, G + 13);
    scene.guest(Tcp.ACK, G + 5, scene.isn + 1, "efghijk");
    assertThat(stream.received).hasToString("abcdefghijkl");
    assertThat(scene.next().ack()).isEqualTo(G + 13);
  }

  @Test
  void aDuplicateIsAcknowledgedAndReported() {
    smallWindow();
    TestStream stream = scene.establish();
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, "abcd");
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, "abcd");
    Sent duplicate = scene.next();
    assertThat(duplicate.ack()).isEqualTo(G + 5);
    assertThat(duplicate.blocks()).containsExactly(G + 1, G + 5);
    assertThat(stream.received).hasToString("abcd");
  }

  @Test
  void urgentDataIsData() {
    TestStream stream = scene.establish();
    scene.guest(Tcp.ACK | Tcp.URG, G + 1, scene.isn + 1, "now");
    assertThat(stream.received).hasToString("now");
  }

  @Test
  void theWindowFollowsWhatTheHostTakesAndNeverShrinks() {
    TestStream stream = scene.establish();
    int edge = 0;
    int seq = G + 1;
    byte[] data = Scene.bytes(1460);
    stream.unsent = 400_000;
    for (int i = 0; i < 50; i++) {
      scene.guest(Tcp.ACK, seq, scene.isn + 1, 65535, data);
      seq += data.length;
      stream.unsent += data.length;
      Sent ack = scene.sent.pollLast();
      scene.sent.clear();
      if (ack != null) {
        int right = ack.ack() + (ack.window() << Receiver.SHIFT);
        if (edge != 0) {
          // Within the granularity of the scale (RFC 7323 section 2.4).
          assertThat(right - edge).isGreaterThan(-256);
        }
        edge = right;
      }
    }
    assertThat(edge - G).isLessThan(524_288 - 400_000 + 1460 + 512);
    // Fill the window to the brim, and beyond.
    while (Seq.before(seq, edge)) {
      scene.guest(Tcp.ACK, seq, scene.isn + 1, 65535, data);
      seq += data.length;
      stream.unsent += data.length;
    }
    Sent closed = scene.sent.pollLast();
    assertThat(closed).isNotNull();
    assertThat(closed.window()).isZero();
    assertThat(Math.abs(stream.received.size() - (edge - G))).isLessThan(512);
    scene.sent.clear();
    stream.unsent = 0;
    stream.guest.drained();
    Sent opened = scene.next();
    assertThat(opened.window() << Receiver.SHIFT).isGreaterThanOrEqualTo(524_288);
  }

  @Test
  void oneByteSegmentsDoNotPushTheWindowAlong() {
    TestStream stream = scene.establish();
    stream.unsent = 524_288 - 70_000;
    for (int i = 0; i < 80_000; i++) {
      scene.guest(Tcp.ACK, G + 1 + i, scene.isn + 1, 65535, new byte[1]);
      stream.unsent = 524_288 - 70_000 + stream.received.size();
    }
    assertThat(stream.received.size()).isLessThan(71_000);
  }

  @Test
  void aProbeOfOurClosedWindowIsAnswered() {
    TestStream stream = scene.establish();
    stream.unsent = 10_000_000;
    byte[] data = Scene.bytes(1460);
    int seq = G + 1;
    for (int i = 0; i < 400; i++) {
      scene.guest(Tcp.ACK, seq, scene.isn + 1, 65535, data);
      seq += data.length;
    }
    int taken = stream.received.size();
    scene.sent.clear();
    scene.guest(Tcp.ACK, G + 1 + taken, scene.isn + 1, "p");
    Sent answer = scene.next();
    assertThat(answer.ack()).isEqualTo(G + 1 + taken);
    assertThat(answer.window()).isZero();
    assertThat(stream.received.size()).isEqualTo(taken);
  }

  // --- Timestamps

  @Test
  void timestampsAreEchoedAndOldOnesDropped() {
    scene.timestamps = true;
    scene.tsValue = 1000;
    TestStream stream = scene.establish();
    scene.tsValue = 1010;
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, "ab");
    stream.send("x");
    Sent echo = scene.next();
    assertThat(echo.timestamps()).isTrue();
    assertThat(echo.tsEcho()).isEqualTo(1010);
    scene.tsValue = 900;
    scene.guest(Tcp.ACK, G + 3, scene.isn + 2, "old");
    assertThat(stream.received).hasToString("ab");
    assertThat(scene.next().is(Tcp.ACK)).isTrue();
    assertThat(scene.engine.counters().get(TcpCount.DROP_PAWS)).isEqualTo(1);
  }

  @Test
  void aSegmentWithoutTheAgreedTimestampIsDropped() {
    scene.timestamps = true;
    TestStream stream = scene.establish();
    scene.timestamps = false;
    scene.guest(Tcp.ACK, G + 1, scene.isn + 1, "bare");
    assertThat(stream.received.size()).isZero();
    scene.guest(Tcp.RST, G + 1, 0);
    assertThat(stream.aborted).isTrue();
  }

  @Test
  void aWrongChecksumDropsTheSegment() {
    scene.establish();
    ByteBuf frame =
        scene.frame(
            Tcp.ACK,
            G + 1,
            scene.isn + 1,
            65535,
            "x".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    try {
      frame.setByte(frame.writerIndex() - 1, 'y');
      scene.receive(frame);
      scene.engine.flush();
      assertThat(scene.stream().received.size()).isZero();
      frame.setByte(0, 1);
      scene.receive(frame);
      assertThat(scene.stream().received).hasToString("y");
    } finally {
      frame.release();
    }
    assertThat(scene.engine.counters().get(TcpCount.DROP_CHECKSUM)).isEqualTo(1);
  }
}
