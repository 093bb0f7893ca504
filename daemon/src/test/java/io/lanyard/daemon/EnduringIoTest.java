package io.lanyard.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.LogWatch;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
      throw new AssertionError("on purpose");
    }

    @Override
    public void close() {}
  }

  @Test
  void aLoopOutlivesAnErrorInOneOfItsHandles() throws Exception {
    LogWatch.expect("event=loop-error");
    Epoll.ensureAvailability();
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

  @Test
  void aFullHeapEndsTheProcess() {
    AtomicInteger exit = new AtomicInteger();
    new EnduringIo(new Failing(new OutOfMemoryError("on purpose")), exit::set).run(null);
    assertThat(exit).hasValue(3);
  }

  @Test
  void aDirectBufferThatIsRefusedDoesNotEndTheProcess() throws ReflectiveOperationException {
    LogWatch.expect("event=loop-error");
    // Only the allocator is meant to make one.
    var constructor = OutOfDirectMemoryError.class.getDeclaredConstructor(String.class);
    constructor.setAccessible(true);
    AtomicInteger exit = new AtomicInteger();
    new EnduringIo(new Failing(constructor.newInstance("on purpose")), exit::set).run(null);
    assertThat(exit).hasValue(0);
  }

  private record Failing(Error error) implements IoHandler {
    @Override
    public int run(IoHandlerContext context) {
      throw error;
    }

    @Override
    public IoRegistration register(IoHandle handle) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void wakeup() {}

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
      return true;
    }
  }
}
