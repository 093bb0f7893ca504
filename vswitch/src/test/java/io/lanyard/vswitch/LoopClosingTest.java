package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.InetDatagram;
import io.lanyard.net.Address;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoopClosingTest {
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final EventLoop loop = group.next();

  @AfterEach
  void stop() throws Exception {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
  }

  private static boolean isPlaceholder(Path entry) throws IOException {
    return Files.readSymbolicLink(entry).equals(Path.of("/dev/null"));
  }

  private static Path entry(int descriptor) {
    return Path.of("/proc/self/fd/" + descriptor);
  }

  @Test
  void theNumberStaysTakenUntilTheTurnIsOver() throws Exception {
    int closed =
        loop.submit(
                () -> {
                  InetDatagram socket = InetDatagram.udp(Address.LOOPBACK_IPV4, 0);
                  LoopClosing.close(loop, socket.fd(), socket);
                  try (InetDatagram next = InetDatagram.udp(Address.LOOPBACK_IPV4, 0)) {
                    assertThat(next.fd()).isNotEqualTo(socket.fd());
                  }
                  assertThat(isPlaceholder(entry(socket.fd()))).isTrue();
                  return socket.fd();
                })
            .get(60, TimeUnit.SECONDS);
    loop.submit(() -> {}).get(60, TimeUnit.SECONDS);
    Path after = entry(closed);
    // Another thread of the process may have taken the number since.
    assertThat(!Files.exists(after, LinkOption.NOFOLLOW_LINKS) || !isPlaceholder(after)).isTrue();
  }

  @Test
  void thePortIsFreeAtOnce() throws Exception {
    loop.submit(
            () -> {
              InetDatagram socket = InetDatagram.udp(Address.LOOPBACK_IPV4, 0);
              int port = socket.localPort();
              LoopClosing.close(loop, socket.fd(), socket);
              new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                  .close();
              return port;
            })
        .get(60, TimeUnit.SECONDS);
  }

  @Test
  void aLoopThatHasEndedClosesAtOnce() throws Exception {
    stop();
    InetDatagram socket = InetDatagram.udp(Address.LOOPBACK_IPV4, 0);
    AtomicBoolean closed = new AtomicBoolean();
    LoopClosing.close(
        loop,
        socket.fd(),
        () -> {
          socket.close();
          closed.set(true);
        });
    assertThat(closed).isTrue();
  }
}
