package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.frame.Frames;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Ports that are idle cost those that work nothing. */
class IdlePortsTest {
  private static final int IDLE = 250;
  private static final long A = 0x525400000001L;
  private static final long B = 0x525400000002L;

  private final SteppedTimers timers = new SteppedTimers();
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final Switch network =
      new Switch("test", timers, tasks::add, PooledByteBufAllocator.DEFAULT);
  private final AtomicLong calls = new AtomicLong();

  /** A guest that sends without end, as a flood does: its turns are over and come again. */
  private final class Guest extends Work {
    private final SinkPort port;
    private final Turn turn;
    private final ByteBuf frame;
    private long taken;

    Guest(String name, long mac, long to) {
      port = new SinkPort(name, Offloads.NONE, network, lent -> taken++);
      turn = network.turns().of(port);
      network.pin(mac, port);
      frame = Frames.udp4(to, mac, 1, 2, 3, 4, new byte[1000]);
    }

    @Override
    protected boolean run() {
      for (int i = 0; i < 32; i++) {
        network.receive(port, frame);
      }
      network.flush();
      timers.clock().advanceNanos(Turns.QUANTUM / 4);
      return true;
    }

    @Override
    protected void broke(Throwable cause) {
      throw new AssertionError(cause);
    }
  }

  @Test
  void noFrameTurnOrTimerLooksAtAPortThatIsIdle() {
    Guest a = new Guest("a", A, B);
    IdlePort.attach(network, IDLE, calls);
    Guest b = new Guest("b", B, A);
    calls.set(0);
    a.turn.ready(a);
    b.turn.ready(b);
    for (int i = 0; i < 1000; i++) {
      tasks.remove().run();
    }
    timers.advance(Duration.ofHours(1));
    assertThat(a.taken + b.taken).isGreaterThan(10_000);
    assertThat(calls).as("calls of idle ports").hasValue(0);
    assertThat(tasks).as("one task serves all that wait").hasSize(1);
    a.frame.release();
    b.frame.release();
    network.close();
  }

  @Test
  void aFrameToAllIsHandedToEachIdlePortOnce() {
    Guest a = new Guest("a", A, B);
    IdlePort.attach(network, IDLE, calls);
    ByteBuf broadcast = Frames.udp4(0xffff_ffff_ffffL, A, 1, 2, 3, 4, new byte[10]);
    network.receive(a.port, broadcast);
    network.flush();
    assertThat(calls).as("transmit and flush of each").hasValue(2 * IDLE);
    broadcast.release();
    a.frame.release();
    network.close();
  }
}
