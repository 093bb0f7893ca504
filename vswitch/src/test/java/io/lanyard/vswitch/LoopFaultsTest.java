package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.base.TimerWheel;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedClock;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Faults on a loop, wherever they are thrown, end neither the loop nor what else it does. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LoopFaultsTest {
  private final AtomicInteger exit = new AtomicInteger();
  private final LoopFaults faults = new LoopFaults("test", Clock.system(), exit::set);
  private final AfterBatch after = new AfterBatch(faults);
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, after.around(EpollIoHandler.newFactory()));
  private final IoEventLoop loop = group.next();

  @AfterEach
  void close() throws Exception {
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await();
  }

  /** Always ready, and never good. */
  private static final class Faulty implements EpollIoHandle {
    private final FileDescriptor descriptor;
    private final CountDownLatch calls = new CountDownLatch(3);

    Faulty(FileDescriptor descriptor) {
      this.descriptor = descriptor;
    }

    @Override
    public FileDescriptor fd() {
      return descriptor;
    }

    @Override
    public void handle(IoRegistration registration, IoEvent event) {
      calls.countDown();
      throw new AssertionError("on purpose");
    }

    @Override
    public void close() {}
  }

  @Test
  void aLoopOutlivesAnErrorInOneOfItsHandles() throws Exception {
    LogWatch.expect("loop-task-failed network=\"test\"");
    FileDescriptor[] pipe = FileDescriptor.pipe();
    Faulty faulty = new Faulty(pipe[1]);
    IoRegistration registration = loop.register(faulty).get();
    registration.submit(EpollIoOps.EPOLLOUT);
    assertThat(faulty.calls.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(loop.submit(() -> "it answers").get(60, TimeUnit.SECONDS)).isEqualTo("it answers");
    loop.submit(registration::cancel).get(60, TimeUnit.SECONDS);
    pipe[0].close();
    pipe[1].close();
    assertThat(faults.count()).isGreaterThanOrEqualTo(3);
    assertThat(exit).hasValue(0);
  }

  @Test
  void aLoopOutlivesAnErrorInATaskBetweenTwoBatches() throws Exception {
    LogWatch.expect("loop-task-failed");
    CountDownLatch ran = new CountDownLatch(1);
    loop.execute(() -> {
      after.execute(() -> {
        throw new AssertionError("on purpose");
      });
      after.execute(ran::countDown);
    });
    assertThat(ran.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(faults.count()).isEqualTo(1);
  }

  @Test
  void anErrorOfATimerIsToldAndTheOthersGoOn() throws Exception {
    LogWatch.expect("loop-task-failed");
    TimerWheel wheel = LoopAlarm.wheel(loop, Clock.system(), faults);
    CountDownLatch ran = new CountDownLatch(2);
    loop.execute(() -> {
      wheel
          .create(() -> {
            throw new AssertionError("on purpose");
          })
          .arm(0);
      wheel.create(ran::countDown).arm(0);
      wheel.create(ran::countDown).arm(20_000_000);
    });
    assertThat(ran.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(faults.count()).isEqualTo(1);
  }

  @Test
  void aFullHeapEndsTheProcess() throws Exception {
    LogWatch.allowWarnings(); // here the process goes on after all
    CountDownLatch ran = new CountDownLatch(1);
    loop.execute(() -> {
      after.execute(() -> {
        throw new OutOfMemoryError("on purpose");
      });
      after.execute(ran::countDown);
    });
    assertThat(ran.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(exit).hasValue(3);
  }

  @Test
  void aDirectBufferThatIsRefusedDoesNotEndTheProcess() throws ReflectiveOperationException {
    LogWatch.expect("loop-task-failed");
    // Only the allocator is meant to make one.
    var constructor = OutOfDirectMemoryError.class.getDeclaredConstructor(String.class);
    constructor.setAccessible(true);
    Throwable refused = constructor.newInstance("on purpose");
    faults.caught(refused);
    assertThat(exit).hasValue(0);
    assertThat(LoopFaults.passes(refused)).isTrue();
    assertThat(LoopFaults.passes(new AssertionError())).isFalse();
  }

  @Test
  void whatIsNotLoggedAnyMoreIsCountedAllTheSame() {
    LogWatch.expect("loop-task-failed network=\"n\" port=\"p\"");
    LoopFaults many = new LoopFaults("n", new SteppedClock());
    for (int i = 0; i < 1000; i++) {
      many.caught(new IllegalStateException("on purpose"), "p");
    }
    assertThat(many.count()).isEqualTo(1000);
    assertThat(LogWatch.lines()).isLessThanOrEqualTo(51);
  }
}
