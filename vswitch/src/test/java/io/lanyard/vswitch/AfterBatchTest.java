package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.testing.LogWatch;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AfterBatchTest {
  private final LoopFaults faults = new LoopFaults("test", Clock.system());
  private final AfterBatch after = new AfterBatch(faults);
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, after.around(EpollIoHandler.newFactory()));
  private final IoEventLoop loop = group.next();

  @AfterEach
  void close() throws Exception {
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(5, TimeUnit.SECONDS);
  }

  @Test
  void runsTasksWithoutAnEventToWakeTheLoop() throws Exception {
    CountDownLatch ran = new CountDownLatch(3);
    Runnable again =
        new Runnable() {
          @Override
          public void run() {
            ran.countDown();
            if (ran.getCount() > 0) {
              after.execute(this);
            }
          }
        };
    loop.execute(() -> after.execute(again));
    assertThat(ran.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void letsTheLoopServeOthersWhileATaskAsksForItselfForEver() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger rounds = new AtomicInteger();
    Runnable busy =
        new Runnable() {
          @Override
          public void run() {
            rounds.incrementAndGet();
            if (!stop.get()) {
              after.execute(this);
            }
          }
        };
    loop.execute(() -> after.execute(busy));
    CompletableFuture<Integer> timer = new CompletableFuture<>();
    // Timers run between batches alone: a task that the loop runs again and again shuts them out.
    var _ = loop.schedule(() -> repeat(20, rounds, timer), 1, TimeUnit.MILLISECONDS);
    assertThat(timer.get(10, TimeUnit.SECONDS)).isPositive();
    stop.set(true);
  }

  private void repeat(int times, AtomicInteger rounds, CompletableFuture<Integer> done) {
    if (times == 0) {
      done.complete(rounds.get());
    } else {
      var _ = loop.schedule(() -> repeat(times - 1, rounds, done), 1, TimeUnit.MILLISECONDS);
    }
  }

  @Test
  void goesOnAfterATaskThatThrows() throws Exception {
    LogWatch.expect("loop-task-failed");
    CountDownLatch ran = new CountDownLatch(1);
    loop.execute(() -> {
      after.execute(() -> {
        throw new IllegalStateException("on purpose");
      });
      after.execute(ran::countDown);
    });
    assertThat(ran.await(10, TimeUnit.SECONDS)).isTrue();
  }
}
