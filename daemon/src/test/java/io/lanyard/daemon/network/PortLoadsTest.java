package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.api.PortLoad;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.Turn;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class PortLoadsTest {
  private final SteppedTimers timers = new SteppedTimers();
  private final Switch ethernet = new Switch("a", timers, PooledByteBufAllocator.DEFAULT);
  private final PortLoads loads = new PortLoads(ethernet, timers);
  private final Port busy = new InMemoryPort("busy", Offloads.NONE);
  private final Port other = new InMemoryPort("other", Offloads.NONE);

  @BeforeEach
  void start() {
    ethernet.attach(busy);
    ethernet.attach(other);
    loads.start();
  }

  private void pass(long seconds) {
    for (int i = 0; i < seconds; i++) {
      timers.advance(Duration.ofSeconds(1));
    }
  }

  /** Has the loop work for a port. */
  private void work(Port port, long millis) {
    Turn turn = ethernet.turns().of(port);
    assertThat(turn.begin()).isTrue();
    timers.clock().advance(Duration.ofMillis(millis));
    boolean _ = turn.end();
  }

  @Test
  void theBusiestPortsAreThoseOfTheLastSeconds() {
    for (int i = 0; i < PortLoads.SECONDS; i++) {
      work(busy, 400);
      work(other, 100);
      timers.advance(Duration.ofMillis(500));
    }
    assertThat(loads.busiest())
        .containsExactly(new PortLoad("a", "busy", 40), new PortLoad("a", "other", 10));
    pass(PortLoads.SECONDS);
    assertThat(loads.busiest()).isEmpty();
  }

  @Test
  void aPortThatLeavesIsNoLongerThere() {
    work(busy, 400);
    ethernet.detach(busy);
    pass(1);
    assertThat(loads.busiest()).isEmpty();
    assertThat(loads.problem(busy)).isEmpty();
  }

  @Test
  void aGuestThatSendsAndTakesNothingIsAProblemUntilItTakesAFrame() {
    pass(1);
    busy.counters().transmitDropped(DropCause.QUEUE_FULL, 100);
    assertThat(loads.problem(busy)).as("it may be paused").isEmpty();
    busy.counters().received(1, 60);
    assertThat(loads.problem(busy))
        .isEqualTo(
            "the guest behind it sends frames and takes none: 100 for it were dropped within 5 s;"
                + " look at the guest");
    assertThat(loads.problem(other)).isEmpty();
    busy.counters().transmitted(1, 60);
    assertThat(loads.problem(busy)).as("it is slow").isEmpty();
  }

  @Test
  void framesThatMakeNoSenseAreAProblemWhileTheyCome() {
    pass(1);
    busy.counters().receiveDropped(DropCause.RESERVED_ADDRESS, 1000);
    assertThat(loads.problem(busy)).isEmpty();
    busy.counters().receiveDropped(DropCause.BAD_ENCAPSULATION, 99);
    assertThat(loads.problem(busy)).isEmpty();
    busy.counters().receiveDropped(DropCause.BAD_ENCAPSULATION);
    assertThat(loads.problem(busy))
        .startsWith("100 frames from it were dropped within 5 s (bad-encapsulation): compare");
    pass(PortLoads.SECONDS);
    assertThat(loads.problem(busy)).isEmpty();
  }
}
