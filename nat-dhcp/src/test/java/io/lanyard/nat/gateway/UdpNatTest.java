package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.NatOptions;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.FlowQuota;
import io.lanyard.nat.udp.UdpCount;
import io.lanyard.nat.udp.UdpOptions;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The UDP NAT on a real loop with real sockets of the loopback, and a guest made of bytes. */
class UdpNatTest {
  private static final byte[] HELLO = "hello".getBytes(StandardCharsets.UTF_8);

  private final TestNetwork net = new TestNetwork();
  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final EventLoop loop = group.next();
  private NatNetwork nat = make(options());

  private static NatOptions options() {
    return NatOptions.of("test", TestNetwork.addresses(true)).withTranslate(false);
  }

  private NatNetwork make(NatOptions options) {
    try {
      NatNetwork made =
          on(() ->
              new NatNetwork(
                  loop,
                  net.network,
                  net.timers,
                  PooledByteBufAllocator.DEFAULT,
                  options,
                  name -> 0));
      on(() ->
          net.exchange(
              TestNetwork.arp(
                  Ethernet.BROADCAST,
                  Arp.REQUEST,
                  TestNetwork.GUEST_MAC,
                  TestNetwork.GUEST,
                  0,
                  TestNetwork.GATEWAY)));
      return made;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private void remake(NatOptions options) throws Exception {
    on(() -> {
      nat.close();
      return net.guest.drain();
    });
    nat = make(options);
  }

  @AfterEach
  void close() throws Exception {
    on(() -> {
      nat.close();
      net.guest.close();
      return true;
    });
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
  }

  private <T> T on(Callable<T> task) throws Exception {
    return loop.submit(task).get(20, TimeUnit.SECONDS);
  }

  private static DatagramSocket server() throws Exception {
    DatagramSocket socket =
        new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    socket.setSoTimeout(5000);
    return socket;
  }

  private void guestSends(int port, int to, byte[] data) throws Exception {
    on(() -> {
      net.guest.send(
          TestNetwork.frame(TestNetwork.udp(TestNetwork.GUEST, TestNetwork.HOST, port, to, data)));
      return true;
    });
  }

  private static DatagramPacket receive(DatagramSocket socket) throws Exception {
    DatagramPacket packet = new DatagramPacket(new byte[70000], 70000);
    socket.receive(packet);
    return packet;
  }

  /** The next frame that the guest gets, within five seconds. */
  private ByteBuf guestReceives() throws Exception {
    long end = System.nanoTime() + 5_000_000_000L;
    while (System.nanoTime() < end) {
      ByteBuf frame = on(net.guest::poll);
      if (frame != null) {
        byte[] bytes = new byte[frame.readableBytes() - 12];
        frame.getBytes(12, bytes);
        frame.release();
        return Unpooled.wrappedBuffer(bytes);
      }
      Thread.onSpinWait();
    }
    throw new AssertionError("no frame came");
  }

  @Test
  void a_datagram_goes_out_and_its_answer_comes_back_with_a_good_checksum() throws Exception {
    try (DatagramSocket server = server()) {
      guestSends(40001, server.getLocalPort(), HELLO);
      DatagramPacket packet = receive(server);
      assertThat(Arrays.copyOf(packet.getData(), packet.getLength())).isEqualTo(HELLO);
      packet.setData("olleh!!".getBytes(StandardCharsets.UTF_8));
      server.send(packet);
      ByteBuf b = guestReceives();
      assertThat(Ipv4.source(b, 14)).isEqualTo(TestNetwork.HOST);
      assertThat(Ipv4.checksumValid(b, 14)).isTrue();
      assertThat(Udp.sourcePort(b, 34)).isEqualTo(server.getLocalPort());
      assertThat(Udp.destinationPort(b, 34)).isEqualTo(40001);
      assertThat(Checksum.transport4(b, 14, Ipv4.UDP, 34, 15)).isZero();
    }
  }

  @Test
  void the_guests_port_is_kept_where_it_is_free() throws Exception {
    int port;
    try (DatagramSocket free = new DatagramSocket(0)) {
      port = free.getLocalPort();
    }
    try (DatagramSocket server = server()) {
      guestSends(port, server.getLocalPort(), HELLO);
      assertThat(receive(server).getPort()).isEqualTo(port);
    }
    try (DatagramSocket server = server();
        DatagramSocket taken = new DatagramSocket(0)) {
      guestSends(taken.getLocalPort(), server.getLocalPort(), HELLO);
      assertThat(receive(server).getPort()).isNotEqualTo(taken.getLocalPort());
    }
  }

  @Test
  void ten_thousand_destinations_of_one_guest_port_are_one_socket() throws Exception {
    for (int batch = 0; batch < 100; batch++) {
      int first = 20_000 + 100 * batch;
      on(() -> {
        for (int to = first; to < first + 100; to++) {
          byte[] bytes = TestNetwork.udp(TestNetwork.GUEST, TestNetwork.HOST, 40002, to, HELLO);
          // Without leak detection, which costs a stack trace for each look at a byte.
          net.guest.send(
              new UnpooledByteBufAllocator(true, true)
                  .directBuffer(100)
                  .writeZero(12)
                  .writeBytes(bytes));
        }
        return net.guest.drain();
      });
    }
    assertThat(on(() -> nat.flows().size(FlowKey.UDP))).isEqualTo(10_000);
    assertThat(on(() -> nat.udp().mappings())).isEqualTo(1);
    on(() -> {
      net.timers.advance(Duration.ofMinutes(6));
      return true;
    });
    assertThat(on(() -> nat.flows().size())).isZero();
    assertThat(on(() -> nat.udp().mappings())).isZero();
  }

  @Test
  void a_closed_port_is_told_with_the_guests_own_ports_in_the_quote() throws Exception {
    int closed;
    try (DatagramSocket probe = server()) {
      closed = probe.getLocalPort();
    }
    guestSends(40003, closed, HELLO);
    ByteBuf b = guestReceives();
    assertThat(Ipv4.source(b, 14)).isEqualTo(TestNetwork.HOST);
    assertThat(Icmp.type(b, 34)).isEqualTo(Icmp.UNREACHABLE);
    assertThat(Icmp.code(b, 34)).isEqualTo(Icmp.PORT_UNREACHABLE);
    assertThat(Ipv4.source(b, 42)).isEqualTo(TestNetwork.GUEST);
    assertThat(Ipv4.destination(b, 42)).isEqualTo(TestNetwork.HOST);
    assertThat(Udp.sourcePort(b, 62)).isEqualTo(40003);
    assertThat(Udp.destinationPort(b, 62)).isEqualTo(closed);
  }

  @Test
  void another_port_of_a_known_address_is_let_in_unless_the_filter_says_no() throws Exception {
    try (DatagramSocket server = server();
        DatagramSocket other = server()) {
      guestSends(40004, server.getLocalPort(), HELLO);
      int outside = receive(server).getPort();
      send(other, outside);
      assertThat(Udp.sourcePort(guestReceives(), 34)).isEqualTo(other.getLocalPort());

      UdpOptions strict =
          new UdpOptions(
              UdpOptions.Filtering.ADDRESS_AND_PORT_DEPENDENT,
              UdpOptions.DEFAULT.timeoutNanos(),
              UdpOptions.DEFAULT.queryTimeoutNanos());
      remake(options().withUdp(strict));
      guestSends(40004, server.getLocalPort(), HELLO);
      outside = receive(server).getPort();
      send(other, outside);
      send(server, outside);
      assertThat(Udp.sourcePort(guestReceives(), 34)).isEqualTo(server.getLocalPort());
      assertThat(on(() -> nat.udp().counters().get(UdpCount.FILTERED))).isEqualTo(1);
    }
  }

  private static void send(DatagramSocket from, int port) throws Exception {
    from.send(new DatagramPacket(HELLO, HELLO.length, InetAddress.getLoopbackAddress(), port));
  }

  @Test
  void large_datagrams_cross_both_ways_in_fragments() throws Exception {
    byte[] data = new byte[60_000];
    new java.util.Random(3).nextBytes(data);
    try (DatagramSocket server = server()) {
      byte[] whole =
          TestNetwork.udpPayload(
              TestNetwork.GUEST, TestNetwork.HOST, 40005, server.getLocalPort(), data);
      for (int at = 0; at < whole.length; at += 1480) {
        int end = Math.min(at + 1480, whole.length);
        byte[] piece =
            TestNetwork.ipv4(
                TestNetwork.GUEST,
                TestNetwork.HOST,
                Ipv4.UDP,
                64,
                5,
                (at / 8) | (end < whole.length ? Ipv4.MORE_FRAGMENTS : 0),
                Arrays.copyOfRange(whole, at, end));
        on(() -> {
          net.guest.send(TestNetwork.frame(piece));
          return true;
        });
      }
      DatagramPacket packet = receive(server);
      assertThat(Arrays.copyOf(packet.getData(), packet.getLength())).isEqualTo(data);
      server.send(packet);
      byte[] back = new byte[data.length];
      for (int got = -8; got < data.length; ) {
        ByteBuf piece = guestReceives();
        int offset = Ipv4.fragmentOffset(piece, 14) - 8;
        int length = Ipv4.totalLength(piece, 14) - 20;
        got += length;
        int skip = offset < 0 ? 8 : 0;
        piece.getBytes(34 + skip, back, offset + skip, length - skip);
      }
      assertThat(back).isEqualTo(data);
    }
  }

  @Test
  void a_super_frame_leaves_as_single_datagrams() throws Exception {
    try (DatagramSocket server = server()) {
      byte[] bytes =
          TestNetwork.udp(
              TestNetwork.GUEST, TestNetwork.HOST, 40006, server.getLocalPort(), new byte[250]);
      ByteBuf frame = TestNetwork.frame(bytes);
      OffloadHeader.set(
          frame, 0, OffloadHeader.NEEDS_CSUM, OffloadHeader.GSO_UDP_L4, 42, 100, 34, 6);
      on(() -> {
        net.guest.send(frame);
        return true;
      });
      assertThat(receive(server).getLength()).isEqualTo(100);
      assertThat(receive(server).getLength()).isEqualTo(100);
      assertThat(receive(server).getLength()).isEqualTo(50);
    }
  }

  @Test
  void a_guest_that_passes_its_quota_loses_its_oldest_flow_and_its_socket() throws Exception {
    remake(options().withQuota(new FlowQuota(9, 9, 5, 9, 9, 9)));
    try (DatagramSocket server = server()) {
      for (int i = 0; i < 20; i++) {
        guestSends(41000 + i, server.getLocalPort(), HELLO);
      }
      assertThat(on(() -> nat.udp().mappings())).isEqualTo(5);
      assertThat(on(() -> nat.flows().evicted())).isEqualTo(15);
    }
  }

  @Test
  void a_datagram_makes_no_garbage() throws Exception {
    // A switch that counts: what is measured is the NAT, not the test.
    int[] seen = new int[1];
    Switch sink =
        new Switch() {
          @Override
          public void attach(Port port) {}

          @Override
          public void detach(Port port) {}

          @Override
          public void receive(Port from, ByteBuf frame) {
            seen[0]++;
          }

          @Override
          public void flush() {}
        };
    // Leak detection, paranoid as it is in tests, would make most of the garbage.
    var unwatched = new UnpooledByteBufAllocator(true, true);
    var threads =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    try (DatagramSocket server = server()) {
      NatNetwork measured =
          on(() -> new NatNetwork(loop, sink, net.timers, unwatched, options(), name -> 0));
      Port port = measured.gateway().port();
      ByteBuf arp =
          TestNetwork.frame(
              TestNetwork.arp(
                  Ethernet.BROADCAST,
                  Arp.REQUEST,
                  TestNetwork.GUEST_MAC,
                  TestNetwork.GUEST,
                  0,
                  TestNetwork.GATEWAY));
      byte[] datagram =
          TestNetwork.udp(
              TestNetwork.GUEST, TestNetwork.HOST, 40007, server.getLocalPort(), new byte[1000]);
      ByteBuf out = unwatched.directBuffer(2000).writeZero(12).writeBytes(datagram);
      on(() -> {
        port.transmit(arp);
        port.transmit(out);
        return true;
      });
      int outside = receive(server).getPort();
      server.setReceiveBufferSize(1 << 20);
      // Until the compiler is done with the path there is garbage; then there must be none.
      long outward = Long.MAX_VALUE;
      for (int round = 0; round < 60 && outward >= 20_000; round++) {
        outward =
            on(() -> {
              long before = threads.getCurrentThreadAllocatedBytes();
              for (int i = 0; i < 20_000; i++) {
                port.transmit(out);
              }
              return threads.getCurrentThreadAllocatedBytes() - before;
            });
      }
      long inward = Long.MAX_VALUE;
      for (int round = 0; round < 200 && inward >= 32; round++) {
        long before = on(threads::getCurrentThreadAllocatedBytes);
        int from = on(() -> seen[0]);
        for (int i = 0; i < 100; i++) {
          send(server, outside);
        }
        long after = on(threads::getCurrentThreadAllocatedBytes);
        inward = (after - before) / Math.max(1, on(() -> seen[0]) - from);
      }
      on(() -> {
        measured.close();
        arp.release();
        out.release();
        return true;
      });
      assertThat(outward).isLessThan(20_000);
      // What is left belongs to the loop's tasks and wake-ups of the measurement.
      assertThat(inward).isLessThan(32);
    }
  }
}
