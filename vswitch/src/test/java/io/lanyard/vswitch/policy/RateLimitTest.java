package io.lanyard.vswitch.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RateLimitTest {
  private static final long GUEST = 0x525400000001L;
  private static final int PAYLOAD = 1500;
  private static final int FRAME_BITS = 8 * (14 + PAYLOAD);
  private static final int RATE = 100_000_000;

  private final SteppedTimers timers = new SteppedTimers();
  private final Switch network = new Switch("test", timers, PooledByteBufAllocator.DEFAULT);
  private final InMemoryPort guest = new InMemoryPort("guest", Offloads.NONE);
  private final InMemoryPort other = InMemoryPort.attached("other", Offloads.NONE, network);

  RateLimitTest() {
    guest.attachTo(
        network,
        new PortRules(
            List.of(new RateLimit(RATE, timers.clock())),
            List.of(),
            PortRules.Reach.ORDINARY,
            Integer.MAX_VALUE,
            false,
            null));
  }

  @AfterEach
  void close() {
    guest.close();
    other.close();
    network.close();
  }

  private long arrive(int frames) {
    for (int i = 0; i < frames; i++) {
      guest.send(Frames.ethernet(2, GUEST, Ethernet.TYPE_IPV4, new byte[PAYLOAD]));
    }
    return other.drain().size();
  }

  @Test
  void aBurstPassesAndThenWhatTheRateLets() {
    long burst = arrive(2000);
    assertThat(burst * FRAME_BITS).as("50 ms of it").isBetween(RATE / 20L, RATE / 20L + FRAME_BITS);
    assertThat(guest.counters().receiveDrops(DropCause.RATE_LIMIT)).isEqualTo(2000 - burst);
    long passed = 0;
    for (int i = 0; i < 100; i++) {
      timers.advance(Duration.ofMillis(10));
      passed += arrive(500);
    }
    assertThat(passed * FRAME_BITS).isBetween((long) (RATE * 0.98), (long) (RATE * 1.02));
  }
}
