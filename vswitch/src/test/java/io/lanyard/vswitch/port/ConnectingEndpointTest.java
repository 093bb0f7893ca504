package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An address that cannot be reached, for one reason after the other. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConnectingEndpointTest {
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final IoEventLoop loop = group.next();
  private final SteppedTimers timers = new SteppedTimers();
  private final Switch network =
      new Switch("connecting", timers, loop, PooledByteBufAllocator.DEFAULT);
  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

  private final StreamEndpoint.Client client =
      new StreamEndpoint.Client() {
        @Override
        public void offer(Channel channel) {
          var _ = channel.close();
        }

        @Override
        public void waiting(PortState now) {
          told.add(
              (loop.inEventLoop() ? "" : "off the loop: ") + ((PortState.NoCarrier) now).reason());
        }
      };

  private <T> T onLoop(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  private String connect(InetSocketAddress to) throws Exception {
    ConnectingEndpoint endpoint =
        new ConnectingEndpoint(
            "vm",
            to,
            new PortContext(loop, timers, network, PooledByteBufAllocator.DEFAULT, Runnable::run),
            client);
    onLoop(() -> {
      endpoint.start();
      return 0;
    });
    String first = told.poll(60, TimeUnit.SECONDS);
    onLoop(() -> {
      endpoint.close();
      return 0;
    });
    return String.valueOf(first);
  }

  /** Netty itself tells of a socket that could not be made on a thread of its own. */
  @Test
  void aPortWithoutADescriptorForItsConnectionHearsOfThatOnTheLoop() throws Exception {
    InetSocketAddress nobody =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), FreePorts.one());
    try (FewDescriptors few = new FewDescriptors()) {
      assertThat(connect(nobody)).startsWith("nobody answers at "); // its classes are loaded now
      few.begin();
      assertThat(connect(nobody))
          .startsWith("nobody answers at ")
          .contains("no descriptors are left");
    } finally {
      onLoop(() -> {
        network.close();
        return 0;
      });
      group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await();
    }
  }
}
