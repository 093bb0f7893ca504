package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.flow.FlowOwner;
import io.lanyard.vswitch.frame.Tcp;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that both sides have ended before the host's peer has taken all of it. */
class LingeringTest {
  private static final int LENGTH = 16 << 10;
  private static final int END = Scene.GUEST_ISN + 1 + LENGTH;
  private static final int FIN_ACK = Tcp.FIN | Tcp.ACK;

  private final MemoryPool pool = new MemoryPool(4 << 20);
  private final Scene scene = new Scene(family(), 4 << 20, pool);
  private final FlowOwner port = Scene.STATION.budget().flows();

  Family family() {
    return Family.IPV4;
  }

  @AfterEach
  void nothingIsLeft() {
    scene.close();
    assertThat(port.memory().bytes()).isZero();
    assertThat(port.memory().users()).isZero();
  }

  /** A connection to a peer that takes nothing, ended by both sides. */
  private TestStream ended(boolean guestFirst) {
    TestStream stream = scene.establish();
    stream.stuck = true;
    scene.guest(Tcp.ACK | Tcp.PSH, Scene.GUEST_ISN + 1, scene.isn + 1, 65535, new byte[LENGTH]);
    if (guestFirst) {
      scene.guest(FIN_ACK, END, scene.isn + 1);
      stream.guest.end();
      scene.guest(Tcp.ACK, END + 1, scene.isn + 2);
    } else {
      stream.guest.end();
      scene.guest(Tcp.ACK, END, scene.isn + 2);
      scene.guest(FIN_ACK, END, scene.isn + 2);
    }
    assertThat(stream.finished).isTrue();
    assertThat(stream.closed).isTrue();
    scene.sent.clear();
    return stream;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatThePeerHasYetToTakeStaysChargedUntilItHasLeft(boolean guestFirst) {
    TestStream stream = ended(guestFirst);
    assertThat(port.memory().bytes()).isEqualTo(LENGTH);
    assertThat(scene.engine.memory().used()).isEqualTo(LENGTH);
    stream.unsent = 1000;
    stream.guest.drained();
    assertThat(port.memory().bytes()).isEqualTo(1000);
    stream.unsent = 0;
    stream.guest.drained();
    assertThat(port.memory().bytes()).isZero();
    scene.timers.advanceMillis(61_000);
    assertThat(scene.engine.connections()).isZero();
    assertThat(stream.aborted).isFalse();
  }

  @Test
  void whatThePeerTakesAfterTheGuestsFinIsGivenBackAtOnce() {
    TestStream stream = scene.establish();
    stream.stuck = true;
    scene.guest(Tcp.ACK, Scene.GUEST_ISN + 1, scene.isn + 1, 65535, new byte[LENGTH]);
    scene.guest(FIN_ACK, END, scene.isn + 1);
    assertThat(port.memory().bytes()).isEqualTo(LENGTH);
    stream.unsent = 0;
    stream.guest.drained();
    assertThat(port.memory().bytes()).isZero();
  }

  @Test
  void aPortWhoseConnectionsLingerHasNoMemoryForNewOnes() {
    int connections = 0;
    while (scene.engine.lackMemory().isEmpty() && connections < 1000) {
      scene.guestPort = 10_000 + connections++;
      ended(true);
    }
    assertThat(scene.engine.lackMemory()).containsExactly(port);
    assertThat(port.memory().bytes()).isGreaterThan(pool.limit() / 3);
  }

  @Test
  void aFinThatComesAgainIsAnswered() {
    ended(true);
    scene.guest(FIN_ACK, END, scene.isn + 2);
    Sent answer = scene.next();
    assertThat(answer.is(Tcp.ACK)).isTrue();
    assertThat(answer.ack()).isEqualTo(END + 1);
  }

  @Test
  void aPeerThatTakesNothingForTwoMinutesIsReset() {
    TestStream stream = ended(true);
    scene.timers.advanceMillis(119_000);
    assertThat(stream.aborted).isFalse();
    scene.timers.advanceMillis(2_000);
    assertThat(stream.aborted).isTrue();
    assertThat(scene.engine.connections()).isZero();
    assertThat(scene.sent).isEmpty();
  }

  @Test
  void aPeerThatResetsFreesWhatWasHeldForIt() {
    TestStream stream = ended(true);
    stream.unsent = 0;
    stream.guest.reset();
    assertThat(port.memory().bytes()).isZero();
    assertThat(scene.sent).isEmpty();
  }

  @Test
  void aPortThatIsGoneLeavesNothingLingering() {
    TestStream stream = ended(true);
    scene.link.flows.endOwner(port, List.of());
    assertThat(stream.aborted).isTrue();
    assertThat(port.memory().bytes()).isZero();
    assertThat(scene.sent).isEmpty();
  }
}
