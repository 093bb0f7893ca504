package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.Await;
import io.lanyard.testing.FewDescriptors;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.Switch;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An address that cannot be had, for one reason after the other. */
@SuppressWarnings("NullAway.Init") // the endpoint is set by each test
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ListeningEndpointTest {
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final IoEventLoop loop = group.next();
  private final SteppedTimers timers = new SteppedTimers();
  private final Switch network =
      new Switch("listening", timers, loop, PooledByteBufAllocator.DEFAULT);
  private ListeningEndpoint endpoint;
  private volatile PortState state = PortState.up();

  /** Whether it was told on a thread other than the loop's. */
  private volatile boolean strayed;

  @AfterEach
  void end() throws Exception {
    onLoop(() -> {
      endpoint.close();
      network.close();
      return 0;
    });
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await();
    assertThat(strayed).isFalse();
  }

  private <T> T onLoop(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  private void make(ServerSocket holder, Executor blocking) throws Exception {
    StreamEndpoint.Client client =
        new StreamEndpoint.Client() {
          @Override
          public void offer(Channel channel) {
            var _ = channel.close();
          }

          @Override
          public void waiting(PortState now) {
            strayed |= !loop.inEventLoop();
            state = now;
          }
        };
    endpoint =
        onLoop(() ->
            new ListeningEndpoint(
                new StreamAddress.Listen(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), holder.getLocalPort())),
                new PortContext(loop, timers, network, PooledByteBufAllocator.DEFAULT, blocking),
                client));
  }

  private void start() throws Exception {
    onLoop(() -> {
      endpoint.start();
      return 0;
    });
  }

  private void tryAgain() throws Exception {
    onLoop(() -> {
      timers.advance(Duration.ofSeconds(ListeningEndpoint.RETRY_SECONDS).plusMillis(10));
      return 0;
    });
  }

  private void await(String reason) throws Exception {
    Await.until(() -> state.toString(), () -> onLoop(() -> state.toString()).contains(reason));
  }

  private static ServerSocket take() throws Exception {
    return new ServerSocket(FreePorts.one(), 1, InetAddress.getLoopbackAddress());
  }

  @Test
  void theReasonIsTheLatestOneAndEndsWhenTheAddressIsHad() throws Exception {
    try (ServerSocket other = take()) {
      make(other, Runnable::run);
      start();
      await("port " + other.getLocalPort() + " is taken by"); // its classes are loaded now
      onLoop(() -> {
        endpoint.close();
        return 0;
      });
    }
    ServerSocket holder = take();
    make(holder, Runnable::run);
    try (FewDescriptors few = new FewDescriptors()) {
      few.begin();
      start();
      await("no descriptors are left");
    }
    tryAgain();
    await("port " + holder.getLocalPort() + " is taken by");
    holder.close();
    tryAgain();
    await("no client is connected");
  }

  @Test
  void anAddressWhoseHolderCannotBeLookedUpIsTriedAgainAllTheSame() throws Exception {
    ServerSocket holder = take();
    make(
        holder,
        task -> {
          throw new RejectedExecutionException("no thread is left");
        });
    start();
    await("is taken by another process");
    holder.close();
    tryAgain();
    await("no client is connected");
  }
}
