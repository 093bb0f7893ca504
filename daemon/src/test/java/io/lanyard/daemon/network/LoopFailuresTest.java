package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.testing.LogWatch;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(240)
class LoopFailuresTest {
  private static final int FAILURES = 200;

  @TempDir Path home;

  /** Always ready, and never good. */
  private static final class Faulty implements EpollIoHandle {
    private final FileDescriptor descriptor;
    private final CountDownLatch calls = new CountDownLatch(FAILURES);

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
  void allThatReachesALoopIsCountedThoughNotAllIsLogged() throws Exception {
    LogWatch.expect("event=loop-task-failed network=\"a\"");
    Epoll.ensureAvailability(); // loads the native part of the pipe
    FileDescriptor[] pipe = FileDescriptor.pipe();
    try (Daemon daemon =
        InProcessDaemon.open(home, "version: 1\nnetworks: {a: {mode: isolated}}\n")) {
      Network network = Objects.requireNonNull(daemon.network("a"));
      IoEventLoop loop = (IoEventLoop) network.eventLoop();
      Faulty faulty = new Faulty(pipe[1]);
      IoRegistration registration = loop.register(faulty).get(60, TimeUnit.SECONDS);
      registration.submit(EpollIoOps.EPOLLOUT);
      assertThat(faulty.calls.await(60, TimeUnit.SECONDS)).isTrue();
      loop.submit(registration::cancel).get(60, TimeUnit.SECONDS);
      assertThat(daemon.status().loopFailures()).isGreaterThanOrEqualTo(FAILURES);
      assertThat(LogWatch.count("event=loop-task-failed")).isLessThan(FAILURES);
    } finally {
      pipe[0].close();
      pipe[1].close();
    }
  }
}
