package io.lanyard.nat.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BindFailureTest {
  private static InetSocketAddress at(String address, int port) throws Exception {
    return new InetSocketAddress(InetAddress.ofLiteral(address), port);
  }

  private static String describe(InetSocketAddress endpoint, int number) {
    return BindFailure.describe(endpoint, new ErrnoException("bind", number), null);
  }

  @Test
  void aPrivilegedPortSaysWhatWouldPermitIt() throws Exception {
    assertThat(BindFailure.notPermitted(80, 1024))
        .contains("port 80 is privileged")
        .contains("CAP_NET_BIND_SERVICE")
        .contains("net.ipv4.ip_unprivileged_port_start to 80 (it is 1024)");
    assertThat(describe(at("127.0.0.1", 8080), Errno.EACCES)).contains("does not permit port 8080");
  }

  @Test
  void anAddressOfNobodySaysSo() throws Exception {
    assertThat(describe(at("192.0.2.7", 8080), Errno.EADDRNOTAVAIL))
        .isEqualTo("the host has no address 192.0.2.7 at present");
  }

  @Test
  void aFailureOfNettyIsNamedInWordsToo() throws Exception {
    var group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Throwable cause =
          new ServerBootstrap()
              .group(group)
              .channel(EpollServerSocketChannel.class)
              .childHandler(new ChannelInboundHandlerAdapter())
              .bind(taken.getLocalSocketAddress())
              .awaitUninterruptibly()
              .cause();
      assertThat(BindFailure.number(cause)).isEqualTo(Errno.EADDRINUSE);
      assertThat(BindFailure.describe(at("127.0.0.1", taken.getLocalPort()), cause, null))
          .isEqualTo(
              "port "
                  + taken.getLocalPort()
                  + " is taken by another process: end it, or listen on another port or address");
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "0.0.0.0"})
  void theOwnerOfATakenPortIsFound(String wanted) throws Exception {
    try (ServerSocket tcp = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        DatagramSocket udp = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      assertThat(SocketOwner.find(Forward.Protocol.TCP, at(wanted, tcp.getLocalPort())))
          .isEqualTo("this daemon itself");
      assertThat(SocketOwner.find(Forward.Protocol.UDP, at(wanted, udp.getLocalPort())))
          .isEqualTo("this daemon itself");
    }
  }

  @Test
  void theOwnerOfAnotherAddressIsNotTakenForIt() throws Exception {
    try (ServerSocket tcp = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThat(SocketOwner.find(Forward.Protocol.TCP, at("127.0.0.2", tcp.getLocalPort())))
          .isNull();
      assertThat(SocketOwner.find(Forward.Protocol.UDP, at("127.0.0.1", tcp.getLocalPort())))
          .isNull();
    }
  }

  @Test
  void anotherProcessIsNamedWithItsNumber() throws Exception {
    Process other =
        new ProcessBuilder(
                "perl",
                "-MIO::Socket::INET",
                "-e",
                "my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die;"
                    + " $| = 1; print $s->sockport, \"\\n\"; <STDIN>")
            .start();
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(other.getInputStream(), StandardCharsets.UTF_8))) {
      int port = Integer.parseInt(out.readLine());
      assertThat(SocketOwner.find(Forward.Protocol.TCP, at("127.0.0.1", port)))
          .isEqualTo("perl (pid " + other.pid() + ")");
    } finally {
      other.destroy();
    }
  }
}
