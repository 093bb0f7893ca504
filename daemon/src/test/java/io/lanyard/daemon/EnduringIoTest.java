package io.lanyard.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class EnduringIoTest {
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
      throw new OutOfMemoryError("on purpose");
    }

    @Override
    public void close() {}
  }

  @Test
  void aLoopOutlivesAnErrorInOneOfItsHandles() throws Exception {
    FileDescriptor[] pipe = FileDescriptor.pipe();
    try (NetworkLoop network = new NetworkLoop("test")) {
      IoEventLoop loop = network.loop();
      Faulty faulty = new Faulty(pipe[1]);
      IoRegistration registration = loop.register(faulty).get();
      registration.submit(EpollIoOps.EPOLLOUT);
      assertThat(faulty.calls.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(network.call(() -> "it answers")).isEqualTo("it answers");
      registration.cancel();
    } finally {
      pipe[0].close();
      pipe[1].close();
    }
  }
}
