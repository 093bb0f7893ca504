package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
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
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(60, TimeUnit.SECONDS);
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
    assertThat(ran.await(60, TimeUnit.SECONDS)).isTrue();
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
    assertThat(timer.get(60, TimeUnit.SECONDS)).isPositive();
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
    assertThat(ran.await(60, TimeUnit.SECONDS)).isTrue();
  }

  private record Watched(FileDescriptor fd, Runnable action) implements EpollIoHandle {
    @Override
    public void handle(IoRegistration from, IoEvent event) {
      action.run();
    }

    @Override
    public void close() {}
  }

  private IoRegistration watch(FileDescriptor fd, Runnable action) {
    IoRegistration made = loop.register(new Watched(fd, action)).getNow();
    long _ = made.submit(EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLET));
    return made;
  }

  private static void put(FileDescriptor pipe) {
    try {
      int _ = pipe.write(ByteBuffer.allocateDirect(1), 0, 1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A new pipe whose read end has a number; others that are made on the way stay open. */
  private static FileDescriptor[] pipeAt(int number, List<FileDescriptor> all) {
    try {
      for (int i = 0; i < 100; i++) {
        FileDescriptor[] made = FileDescriptor.pipe();
        all.addAll(List.of(made));
        if (made[0].intValue() == number) {
          return made;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    throw new AssertionError("the number " + number + " is not free");
  }

  /** As Netty's channels do it: the file is closed at once, in the middle of the batch. */
  @Test
  void aDescriptorHearsNothingOfTheBatchInWhichItsNumberWasAnothers() throws Exception {
    List<FileDescriptor> all = new ArrayList<>();
    AtomicInteger former = new AtomicInteger();
    AtomicInteger heard = new AtomicInteger();
    CompletableFuture<FileDescriptor> successor = new CompletableFuture<>();
    FileDescriptor[] first = FileDescriptor.pipe();
    FileDescriptor[] second = FileDescriptor.pipe();
    all.addAll(List.of(first));
    all.add(second[1]);
    int number = second[0].intValue();
    loop.submit(
            () -> {
              IoRegistration closing = watch(second[0], former::incrementAndGet);
              IoRegistration trigger =
                  watch(
                      first[0],
                      () -> {
                        boolean _ = closing.cancel();
                        try {
                          second[0].close();
                        } catch (IOException e) {
                          throw new UncheckedIOException(e);
                        }
                        FileDescriptor[] next = pipeAt(number, all);
                        IoRegistration _ = watch(next[0], heard::incrementAndGet);
                        successor.complete(next[1]);
                      });
              assertThat(trigger.isValid()).isTrue();
              put(first[1]);
              put(second[1]);
            })
        .get(60, TimeUnit.SECONDS);
    FileDescriptor into = successor.get(60, TimeUnit.SECONDS);
    loop.submit(() -> {}).get(60, TimeUnit.SECONDS);
    assertThat(former).hasValue(0);
    assertThat(heard).hasValue(0);
    put(into);
    Await.until("the successor's event", () -> heard.get() > 0);
    assertThat(heard).hasValue(1);
    for (FileDescriptor each : all) {
      each.close();
    }
  }
}
