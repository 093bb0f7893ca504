package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.gateway.IcmpReason;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.TestStations;
import io.lanyard.vswitch.frame.Tcp;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A connection opens: each rule of RFC 9293 section 3.5 as a segment in and a segment out. */
class OpeningTest extends ConnectionScene {
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
    Station behind = Scene.station("narrow", 0x5254_0000_0011L, family().mtu(1000));
    Neighbour guest = TestStations.neighbour(behind, family().guestAddress);
    Scene.open(scene.engine, scene.link, family().service, guest, Scene.GUEST_PORT);
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
}
