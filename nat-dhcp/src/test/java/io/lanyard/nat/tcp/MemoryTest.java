package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.flow.FlowAccount;
import io.lanyard.nat.flow.FlowOwner;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Tcp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The memory that guests can make the daemon hold, and the daemon without memory left. */
class MemoryTest {
  private static final int LIMIT = 16 << 20;
  private static final int CONNECTIONS = 500;

  /** The most bytes of a connection whose guest has used up its share: a burst and its header. */
  private static final int LEAST = 5000;

  /** Engines take from the pool by the mebibyte. */
  private static final int UNIT = 1 << 20;

  private final MemoryPool pool = new MemoryPool(LIMIT);
  private final Scene scene = new Scene(family(), 4 << 20, pool);

  Family family() {
    return Family.IPV4;
  }

  @AfterEach
  void nothingIsLeft() {
    scene.close();
    assertThat(pool.used()).isZero();
  }

  /** Sends as a socket does that never runs dry. */
  private static void fill(TestStream stream) {
    byte[] bytes = new byte[1 << 16];
    while (stream.guest.room() > 0) {
      stream.send(bytes, 0, Math.min(bytes.length, stream.guest.burst()));
    }
  }

  private void openManyThatTakeNothing() {
    for (int i = 0; i < CONNECTIONS; i++) {
      scene.guestPort = 10_000 + i;
      fill(scene.establish());
    }
  }

  @Test
  void aGuestThatTakesNothingHoldsItsShareAndLittleMore() {
    openManyThatTakeNothing();
    assertThat(pool.used()).isBetween(LIMIT / 2L, LIMIT / 2L + CONNECTIONS * LEAST + UNIT);
  }

  @Test
  void anotherGuestHasItsWindowsAllTheSame() {
    openManyThatTakeNothing();
    Neighbour other = scene.link.neighbour(family().guestAddress.plus(1));
    TestStream made =
        Scene.open(scene.engine, scene.link, family().service, other, Scene.GUEST_PORT);
    assertThat(made.guest.room()).isEqualTo(512 << 10);
  }

  @Test
  void aConnectionOfAGuestWithoutMemoryStillMovesAFewKilobytesAtATime() {
    openManyThatTakeNothing();
    scene.guestPort = 9_999;
    TestStream stream = scene.establish();
    int sent = 1;
    for (int i = 0; i < 10; i++) {
      int length = stream.guest.burst();
      assertThat(length).isBetween(536, 4096);
      assertThat(stream.guest.room()).isPositive();
      stream.send(Scene.bytes(length));
      assertThat(stream.guest.room()).isNotPositive();
      sent += length;
      scene.ack(sent);
    }
  }

  /** Windows that were promised while there was memory do not bring more than there is. */
  @Test
  void whatAGuestSendsToASideThatTakesNothingIsBoundedToo() {
    byte[] text = new byte[16 << 10];
    TestStream[] streams = new TestStream[CONNECTIONS];
    int[] initial = new int[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
      scene.guestPort = 10_000 + i;
      streams[i] = scene.establish();
      streams[i].stuck = true;
      initial[i] = scene.isn;
    }
    for (int round = 0; round < 4; round++) {
      for (int i = 0; i < CONNECTIONS; i++) {
        scene.guestPort = 10_000 + i;
        int seq = Scene.GUEST_ISN + 1 + streams[i].unsent;
        scene.guest(Tcp.ACK | Tcp.PSH, seq, initial[i] + 1, 65535, text);
      }
    }
    assertThat(pool.used()).isBetween(LIMIT / 2L, LIMIT / 2L + CONNECTIONS * 8192L + UNIT);
    assertThat(scene.engine.counters().get(TcpCount.DROP_NO_MEMORY)).isPositive();
    // Once it is taken, the guest gets on.
    for (TestStream stream : streams) {
      stream.unsent = 0;
      stream.guest.drained();
    }
    scene.guestPort = 10_000;
    int taken = streams[0].received.size();
    scene.guest(Tcp.ACK, Scene.GUEST_ISN + 1 + taken, initial[0] + 1, 65535, text);
    assertThat(streams[0].received.size()).isEqualTo(taken + text.length);
  }

  /** Some kilobytes for each would be more than all the rest. */
  @Test
  void thousandsOfConnectionsThatAreStuckBothWaysHoldASegmentEachWay() {
    int connections = 3000;
    byte[] text = new byte[1460];
    for (int i = 0; i < connections; i++) {
      scene.guestPort = 10_000 + i;
      TestStream stream = scene.establish();
      stream.stuck = true;
      for (int sent = 0; sent < 6; sent++) {
        int seq = Scene.GUEST_ISN + 1 + stream.unsent;
        scene.guest(Tcp.ACK | Tcp.PSH, seq, scene.isn + 1, 65535, text);
      }
      fill(stream);
      scene.sent.clear();
    }
    assertThat(pool.used()).isLessThan(LIMIT * 5L / 8 + connections * 3200L + UNIT);
  }

  @Test
  void segmentsOfALargeMtuDoNotMakeThemHoldMoreThanOthersWithoutMemory() {
    int connections = 1000;
    scene.link.mtu = 32_000;
    byte[] text = new byte[31_000];
    for (int i = 0; i < connections; i++) {
      scene.guestPort = 10_000 + i;
      TestStream stream = scene.establish(Scene.synOptions(31_960, true, 7));
      stream.stuck = true;
      scene.guest(Tcp.ACK | Tcp.PSH, Scene.GUEST_ISN + 1, scene.isn + 1, 65535, text);
      fill(stream);
      scene.sent.clear();
    }
    long each = 8192 + LEAST;
    assertThat(pool.used()).isLessThan(LIMIT * 5L / 8 + connections * each + 2 * UNIT);
  }

  @Test
  void whatAForwardsClientHoldsIsTheForwardsAndNotTheGuests() {
    FlowOwner forward = FlowOwner.ofForward("web", 0);
    TestStream[] made = new TestStream[1];
    scene.engine.openToGuest(
        family().service,
        family().guest,
        80,
        new FlowAccount(forward),
        stream -> made[0] = new TestStream(stream, scene.link.allocator));
    fill(made[0]);
    assertThat(forward.memory().bytes()).isPositive();
    assertThat(Scene.STATION.flows().memory().bytes()).isZero();
    assertThat(Scene.STATION.budget().flows().memory().bytes()).isZero();
  }

  @Test
  void aConnectionThatFindsNoMemoryIsResetAndTheNextOneWorks() {
    LogWatch.expect("tcp-out-of-memory");
    TestStream stream = scene.establish();
    stream.send(Scene.bytes(200_000));
    scene.link.starving = true;
    // What is not at the start of its buffer has to be copied to be sent.
    scene.ack(1 + 10 * 1460);
    scene.link.starving = false;
    assertThat(stream.aborted).isTrue();
    assertThat(scene.engine.connections()).isZero();
    assertThat(scene.engine.counters().get(TcpCount.NO_MEMORY)).isPositive();
    assertThat(scene.engine.counters().get(TcpCount.FAULTS)).isZero();
    scene.guestPort++;
    scene.sent.clear();
    scene.establish().send("again");
    assertThat(scene.next().text()).isEqualTo("again");
  }
}
