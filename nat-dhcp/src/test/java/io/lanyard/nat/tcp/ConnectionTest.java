package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.gateway.IcmpReason;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The state machine: each rule of the RFCs as a segment in and a segment out, time stopped. */
class ConnectionTest {
  private static final int G = Scene.GUEST_ISN;
  private static final int SYN_ACK = Tcp.SYN | Tcp.ACK;
  private static final int FIN_ACK = Tcp.FIN | Tcp.ACK;
  private static final int RST_ACK = Tcp.RST | Tcp.ACK;

  private Scene scene = new Scene(family());

  Family family() {
    return Family.IPV4;
  }

  /** A window that the SYN can say in full: the first data is no occasion to open it further. */
  private void smallWindow() {
    scene.close();
    scene = new Scene(family(), 65535, MemoryPool.ofProcess());
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(scene.engine.counters().get(TcpCount.FAULTS)).isZero();
    scene.close();
  }

  private Connection.State state() {
    return scene.connection().tcpState();
  }

  // --- Opening

  @Test
  void theSynIsAnsweredOnlyOnceTheHostHasConnected() {
    scene.connectAtOnce = false;
    scene.guest(Tcp.SYN, G, 0);
    assertThat(scene.sent).isEmpty();
    scene.stream().guest.connected();
    Sent answer = scene.next();
    assertThat(answer.is(SYN_ACK)).isTrue();
    assertThat(answer.ack()).isEqualTo(G + 1);
  }

  @Test
  void aSynThatComesAgainWhileTheHostConnectsIsNotAnsweredTwice() {
    scene.connectAtOnce = false;
    scene.guest(Tcp.SYN, G, 0);
    scene.guest(Tcp.SYN, G, 0);
    scene.stream().guest.connected();
    scene.next();
    assertThat(scene.sent).isEmpty();
    assertThat(scene.streams).hasSize(1);
  }

  @Test
  void aRefusalOfTheHostBecomesAReset() {
    scene.connectAtOnce = false;
    scene.guest(Tcp.SYN, G, 0);
    scene.stream().guest.failed(ConnectFailure.REFUSED);
    Sent answer = scene.next();
    assertThat(answer.is(RST_ACK)).isTrue();
    assertThat(answer.ack()).isEqualTo(G + 1);
    assertThat(scene.engine.connections()).isZero();
  }

  @Test
  void anUnreachableHostBecomesIcmpThatQuotesTheSyn() {
    scene.connectAtOnce = false;
    scene.guest(Tcp.SYN, G, 0);
    scene.stream().guest.failed(ConnectFailure.NETWORK_UNREACHABLE);
    assertThat(scene.sent).isEmpty();
    assertThat(scene.link.reported).isEqualTo(IcmpReason.NO_ROUTE);
    assertThat(Objects.requireNonNull(scene.link.reportedFlow).guest())
        .isEqualTo(family().guestAddress);
    assertThat(scene.link.reportedTransport)
        .isEqualTo((long) Scene.GUEST_PORT << 48 | (long) Scene.SERVER_PORT << 32 | G);
  }

  @Test
  void aGuestThatGivesUpWhileTheHostConnectsEndsTheAttempt() {
    scene.connectAtOnce = false;
    scene.guest(Tcp.SYN, G, 0);
    scene.guest(Tcp.RST, G + 1, 0);
    assertThat(scene.stream().aborted).isTrue();
    assertThat(scene.engine.connections()).isZero();
  }

  @Test
  void theAnswerOffersWhatTheGuestOffered() {
    scene.guest(Tcp.SYN, G, 0, 65535, new byte[0], Scene.synOptions(1460, true, 7));
    Sent answer = scene.next();
    assertThat(answer.mss()).isEqualTo(1460);
    assertThat(answer.shift()).isEqualTo(Receiver.SHIFT);
    assertThat(answer.sackPermitted()).isTrue();
    assertThat(answer.timestamps()).isFalse();
  }

  @Test
  void theAnswerOffersNothingThatTheGuestDidNot() {
    scene.guest(Tcp.SYN, G, 0);
    Sent answer = scene.next();
    assertThat(answer.shift()).isEqualTo(-1);
    assertThat(answer.sackPermitted()).isFalse();
    assertThat(answer.timestamps()).isFalse();
  }

  @Test
  void theMssFollowsTheMtuOfTheLink() {
    scene.link.mtu = family().mtu(9000);
    scene.guest(Tcp.SYN, G, 0, 65535, new byte[0], Scene.synOptions(1460, true, 7));
    assertThat(scene.next().mss()).isEqualTo(8960);
  }

  @Test
  void theMssFollowsTheMtuOfTheGuestsPort() {
    scene.link.portMtu = family().mtu(1000);
    scene.guest(Tcp.SYN, G, 0, 65535, new byte[0], Scene.synOptions(1460, true, 7));
    assertThat(scene.next().mss()).isEqualTo(960);
  }

  @Test
  void aLostSynAckIsSentAgainAndTheConnectionGivenUpInTheEnd() {
    scene.guest(Tcp.SYN, G, 0);
    scene.next();
    scene.timers.advanceMillis(1001);
    assertThat(scene.next().is(SYN_ACK)).isTrue();
    scene.timers.advanceMillis(200_000);
    assertThat(scene.engine.connections()).isZero();
    assertThat(scene.stream().aborted).isTrue();
  }

  @Test
  void aSynThatComesAgainIsAnsweredAgain() {
    scene.guest(Tcp.SYN, G, 0);
    int isn = scene.next().seq();
    scene.guest(Tcp.SYN, G, 0);
    Sent again = scene.next();
    assertThat(again.is(SYN_ACK)).isTrue();
    assertThat(again.seq()).isEqualTo(isn);
  }

  @Test
  void anAcknowledgmentOfTheWrongSynIsReset() {
    scene.guest(Tcp.SYN, G, 0);
    int isn = scene.next().seq();
    scene.guest(Tcp.ACK, G + 1, isn + 77);
    Sent reset = scene.next();
    assertThat(reset.is(Tcp.RST)).isTrue();
    assertThat(reset.seq()).isEqualTo(isn + 77);
  }

  @Test
  void theHostIsReadOnlyOnceTheHandshakeIsDone() {
    scene.guest(Tcp.SYN, G, 0);
    int isn = scene.next().seq();
    assertThat(scene.stream().reading).isFalse();
    scene.guest(Tcp.ACK, G + 1, isn + 1);
    assertThat(scene.stream().reading).isTrue();
    assertThat(state()).isEqualTo(Connection.State.ESTABLISHED);
  }

  @Test
  void dataWithTheLastAckOfTheHandshakeIsTaken() {
    scene.guest(Tcp.SYN, G, 0);
    int isn = scene.next().seq();
    scene.guest(Tcp.ACK, G + 1, isn + 1, "GET /");
    assertThat(scene.stream().received).hasToString("GET /");
  }

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

  // --- Receiving

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

  // --- Sending

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

  // --- Opening to the guest

  private TestStream openToGuest() {
    TestStream stream =
        Scene.open(scene.engine, scene.link, family().service, family().guest, Scene.GUEST_PORT);
    scene.streams.add(stream);
    return stream;
  }

  @Test
  void aForwardOpensToTheGuest() {
    TestStream stream = openToGuest();
    Sent syn = scene.next();
    assertThat(syn.is(Tcp.SYN)).isTrue();
    assertThat(syn.sackPermitted()).isTrue();
    scene.guest(SYN_ACK, G, syn.seq() + 1, 65535, new byte[0], Scene.synOptions(1460, true, 7));
    Sent ack = scene.next();
    assertThat(ack.is(Tcp.ACK)).isTrue();
    assertThat(stream.reading).isTrue();
    stream.send("hello guest");
    assertThat(scene.next().text()).isEqualTo("hello guest");
  }

  @Test
  void aForwardToAGuestThatRefusesIsReset() {
    TestStream stream = openToGuest();
    Sent syn = scene.next();
    scene.guest(RST_ACK, 0, syn.seq() + 1);
    assertThat(stream.aborted).isTrue();
    assertThat(scene.engine.connections()).isZero();
  }

  @Test
  void aForwardToAGuestThatIsNotThereGivesUp() {
    TestStream stream = openToGuest();
    scene.timers.advanceMillis(200_000);
    assertThat(stream.aborted).isTrue();
  }

  @Test
  void aForwardToAnAddressThatNobodyAnswersForGivesUpAtOnce() {
    TestStream stream = openToGuest();
    scene.engine.unanswered(scene.link.neighbour(family().guestAddress.plus(1)));
    assertThat(stream.aborted).isFalse();
    scene.engine.unanswered(family().guest);
    assertThat(stream.aborted).isTrue();
    assertThat(scene.engine.connections()).isZero();
  }

  @Test
  void aConnectionThatStandsOutlivesAnUnansweredArp() {
    scene.establish();
    scene.engine.unanswered(family().guest);
    assertThat(state()).isEqualTo(Connection.State.ESTABLISHED);
  }

  @Test
  void bothOpenAtOnce() {
    TestStream stream = openToGuest();
    Sent syn = scene.next();
    scene.guest(Tcp.SYN, G, 0, 65535, new byte[0], Scene.synOptions(1460, true, 7));
    Sent answer = scene.next();
    assertThat(answer.is(SYN_ACK)).isTrue();
    assertThat(answer.seq()).isEqualTo(syn.seq());
    scene.guest(SYN_ACK, G, syn.seq() + 1, 65535, new byte[0], Scene.synOptions(1460, true, 7));
    assertThat(state()).isEqualTo(Connection.State.ESTABLISHED);
    assertThat(stream.reading).isTrue();
  }

  // --- Checks

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
