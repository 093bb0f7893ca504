package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.InetDatagram;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.testing.FreePorts;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import java.io.File;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Descriptors that close while epoll still holds an event of theirs, and the sockets that would
 * take their number: real sockets of the loopback on a real loop.
 *
 * <p>One batch of epoll with two events is made by holding the loop up while both become ready, in
 * the order in which epoll then reports them.
 */
class DescriptorReuseTest {
  private static final int TRIES = 20;
  private static final int ISN = 1000;

  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final IoEventLoop loop = group.next();
  private final TestNetwork net = new TestNetwork(loop);
  private final List<SocketChannel> waiting = new ArrayList<>();
  private final ServerSocket silent;
  private final Trigger trigger;
  private NatNetwork nat;

  DescriptorReuseTest() throws Exception {
    silent = silentServer();
    trigger = on(Trigger::new);
    nat =
        on(() ->
            TestNetworks.inward(
                loop,
                net.network,
                net.timers,
                PooledByteBufAllocator.DEFAULT,
                TestNetwork.config(),
                HostResources.alone(),
                nic -> null));
  }

  @BeforeEach
  void introduceTheGuest() throws Exception {
    on(() ->
        net.exchange(
            TestNetwork.arp(
                Ethernet.BROADCAST,
                Arp.REQUEST,
                TestNetwork.GUEST_MAC,
                TestNetwork.GUEST,
                0,
                TestNetwork.GATEWAY)));
  }

  @AfterEach
  void close() throws Exception {
    on(() -> {
      nat.close();
      trigger.close();
      net.guest.close();
      net.network.close();
      return true;
    });
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    for (SocketChannel channel : waiting) {
      channel.close();
    }
    silent.close();
  }

  @Test
  void aSilentHostIsNeverTakenForConnectedByAnEventOfAnEndedConnection() throws Exception {
    int answers = 0;
    try (ServerSocket talking = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      for (int i = 0; i < TRIES; i++) {
        int portA = 20000 + 2 * i;
        int portB = portA + 1;
        try (Socket world = establish(talking, portA)) {
          trigger.action =
              () -> {
                send(tcp(portA, talking.getLocalPort(), ISN + 1, 0, Tcp.RST));
                send(tcp(portB, silent.getLocalPort(), ISN, 0, Tcp.SYN));
              };
          inOneBatch(() -> {
            trigger.fire();
            world.getOutputStream().write('!');
          });
          answers += synAcks(portB);
          on(() -> {
            send(tcp(portB, silent.getLocalPort(), ISN + 1, 0, Tcp.RST));
            return true;
          });
        }
      }
    }
    assertThat(answers).as("SYN-ACKs for a host that never answered").isZero();
    assertThat(trigger.fired).isEqualTo(TRIES);
  }

  @Test
  void aSilentHostIsNeverTakenForConnectedByAnEventOfAChannelOfNetty() throws Exception {
    int answers = 0;
    try (ServerSocket talking = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      for (int i = 0; i < TRIES; i++) {
        int portB = 20001 + 2 * i;
        Channel channel =
            new Bootstrap()
                .group(loop)
                .channel(EpollSocketChannel.class)
                .handler(new Quiet())
                .connect(talking.getLocalSocketAddress())
                .sync()
                .channel();
        talking.setSoTimeout(60_000);
        try (Socket world = talking.accept()) {
          trigger.action =
              () -> {
                var _ = channel.close();
                send(tcp(portB, silent.getLocalPort(), ISN, 0, Tcp.SYN));
              };
          inOneBatch(() -> {
            trigger.fire();
            reset(world);
          });
          answers += synAcks(portB);
          on(() -> {
            send(tcp(portB, silent.getLocalPort(), ISN + 1, 0, Tcp.RST));
            return true;
          });
        }
      }
    }
    assertThat(answers).as("SYN-ACKs for a host that never answered").isZero();
    assertThat(trigger.fired).isEqualTo(TRIES);
  }

  @Test
  void aGuestsPortIsItsOwnAgainAtOnceWhenItsOnlyMappingIsReplaced() throws Exception {
    int port = FreePorts.one();
    try (DatagramSocket server = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      server.setSoTimeout(60_000);
      for (int i = 0; i < 3; i++) {
        on(() -> {
          byte[] data = {1};
          nat.endGuest(Address.ofIpv4(TestNetwork.GUEST), TestNetwork.GUEST_MAC);
          net.guest.send(
              TestNetwork.frame(
                  TestNetwork.udp(
                      TestNetwork.GUEST, TestNetwork.HOST, port, server.getLocalPort(), data)));
          return true;
        });
        DatagramPacket packet = new DatagramPacket(new byte[10], 10);
        server.receive(packet);
        assertThat(packet.getPort()).isEqualTo(port);
      }
    }
  }

  @Test
  void theSocketsOfAGuestKeepTheirNumbersUntilTheBatchInWhichTheyCloseIsOver() throws Exception {
    try (DatagramSocket server = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      server.setSoTimeout(60_000);
      Set<Integer> before = on(DescriptorReuseTest::sockets);
      byte[] data = {1};
      on(() -> {
        send(
            TestNetwork.udp(
                TestNetwork.GUEST, TestNetwork.HOST, 30000, server.getLocalPort(), data));
        return true;
      });
      server.receive(new DatagramPacket(new byte[10], 10));
      assertNumbersStayTaken(before);
    }
    try (ServerSocket talking = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Set<Integer> before = on(DescriptorReuseTest::sockets);
      try (Socket world = establish(talking, 30001)) {
        assertThat(world.getLocalPort()).isEqualTo(talking.getLocalPort());
        assertNumbersStayTaken(before);
      }
    }
  }

  /** Ends the guest, and opens descriptors in the same task of the loop. */
  private void assertNumbersStayTaken(Set<Integer> others) throws Exception {
    Set<Integer> own = on(DescriptorReuseTest::sockets);
    own.removeAll(others);
    assertThat(own).isNotEmpty();
    List<FileDescriptor> next = new ArrayList<>();
    on(() -> {
      nat.endGuest(Address.ofIpv4(TestNetwork.GUEST), TestNetwork.GUEST_MAC);
      while (next.isEmpty() || next.getLast().intValue() <= Collections.max(own) + 2) {
        next.addAll(List.of(FileDescriptor.pipe()));
      }
      return true;
    });
    for (FileDescriptor each : next) {
      each.close();
    }
    assertThat(next).extracting(FileDescriptor::intValue).doesNotContainAnyElementsOf(own);
  }

  /** The numbers of the process's sockets. */
  private static Set<Integer> sockets() throws IOException {
    Set<Integer> numbers = new HashSet<>();
    for (String number : Objects.requireNonNull(new File("/proc/self/fd").list())) {
      Path link = Path.of("/proc/self/fd", number);
      try {
        if (Files.readSymbolicLink(link).toString().startsWith("socket:")) {
          numbers.add(Integer.valueOf(number));
        }
      } catch (NoSuchFileException e) {
        // It was the list's own.
      }
    }
    return numbers;
  }

  /** Netty closes a channel whose peer has reset before its handler is told. */
  private static final class Quiet extends ChannelInboundHandlerAdapter {
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      var _ = context.close();
    }
  }

  private static void reset(Socket socket) throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  // --- The guest

  private void send(byte[] frame) {
    net.guest.send(TestNetwork.frame(frame));
  }

  /** A guest's connection that stands on both sides; the world's end of it. */
  private Socket establish(ServerSocket server, int port) throws Exception {
    on(() -> {
      send(tcp(port, server.getLocalPort(), ISN, 0, Tcp.SYN));
      return true;
    });
    server.setSoTimeout(60_000);
    Socket world = server.accept();
    long end = System.nanoTime() + 60_000_000_000L;
    while (System.nanoTime() < end) {
      for (byte[] frame : on(net.guest::drain)) {
        ByteBuf b = TestNetwork.view(frame);
        if (isSynAck(b, port)) {
          int ack = Tcp.sequence(b, 34) + 1;
          on(() -> {
            send(tcp(port, server.getLocalPort(), ISN + 1, ack, Tcp.ACK));
            return true;
          });
          return world;
        }
      }
    }
    throw new AssertionError("no SYN-ACK came");
  }

  private int synAcks(int port) throws Exception {
    return on(() ->
        (int)
            net.guest.drain().stream()
                .filter(frame -> isSynAck(TestNetwork.view(frame), port))
                .count());
  }

  private static boolean isSynAck(ByteBuf frame, int port) {
    return Ethernet.type(frame, 0) == Ethernet.TYPE_IPV4
        && Ipv4.protocol(frame, 14) == Ipv4.TCP
        && Tcp.destinationPort(frame, 34) == port
        && (Tcp.flags(frame, 34) & (Tcp.SYN | Tcp.ACK)) == (Tcp.SYN | Tcp.ACK);
  }

  private static byte[] tcp(int from, int to, int seq, int ack, int flags) {
    return TestNetwork.tcp(TestNetwork.GUEST, TestNetwork.HOST, from, to, seq, ack, flags);
  }

  // --- The loop

  private <T> T on(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  private interface Step {
    void run() throws Exception;
  }

  /** Makes descriptors ready while the loop does not look, and waits until it has handled them. */
  private void inOneBatch(Step step) throws Exception {
    int before = trigger.fired;
    on(() -> {
      step.run();
      return true;
    });
    long end = System.nanoTime() + 60_000_000_000L;
    while (on(() -> trigger.fired) == before && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    // One more turn of the loop: the rest of that batch is behind it.
    on(() -> true);
  }

  /** A descriptor whose event does something in the middle of a batch. */
  private final class Trigger implements EpollIoHandle {
    private final InetDatagram socket;
    private final IoRegistration registration;
    private final DatagramSocket sender = new DatagramSocket();
    private Runnable action = () -> {};
    private int fired;

    Trigger() throws Exception {
      socket = InetDatagram.udp(Address.LOOPBACK_IPV4, 0);
      registration = loop.register(this).get();
      registration.submit(EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLET));
    }

    void fire() throws Exception {
      sender.send(
          new DatagramPacket(
              new byte[1],
              1,
              new InetSocketAddress(InetAddress.getLoopbackAddress(), socket.localPort())));
    }

    @Override
    public FileDescriptor fd() {
      return new FileDescriptor(socket.fd());
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
      fired++;
      action.run();
    }

    @Override
    public void close() {
      registration.cancel();
      socket.close();
      sender.close();
    }
  }

  /** A host that lets SYNs fall: its queue of accepted connections is full. */
  private ServerSocket silentServer() throws Exception {
    ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    for (int i = 0; i < 8; i++) {
      SocketChannel channel = SocketChannel.open();
      waiting.add(channel);
      channel.configureBlocking(false);
      channel.connect(server.getLocalSocketAddress());
    }
    return server;
  }
}
