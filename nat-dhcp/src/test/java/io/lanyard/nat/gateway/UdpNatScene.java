package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.NetworkConfig;
import io.lanyard.linux.DatagramEnds;
import io.lanyard.linux.InetDatagram;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.udp.UdpCount;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;

/** A UDP NAT on a real loop with real sockets of the loopback, and a guest made of bytes. */
abstract class UdpNatScene {
  static final String STRICT = "filtering: address-and-port-dependent";
  static final String FIVE_FLOWS =
      "quotas: {tcp-per-guest: 9, tcp: 9, udp-per-guest: 5, udp: 9, icmp-per-guest: 9, icmp: 9}";
  static final byte[] HELLO = "hello".getBytes(StandardCharsets.UTF_8);

  final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  final EventLoop loop = group.next();
  TestNetwork net = new TestNetwork(loop);
  NatNetwork nat = make(family().config());

  WireFamily family() {
    return WireFamily.IPV4;
  }

  final NatNetwork make(NetworkConfig config) {
    family().guest(net.guest);
    try {
      NatNetwork made =
          on(() ->
              TestNetworks.inward(
                  loop,
                  net.network,
                  net.timers,
                  PooledByteBufAllocator.DEFAULT,
                  config,
                  HostResources.alone(),
                  nic -> null));
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

  final void remake(NetworkConfig config) throws Exception {
    on(() -> {
      nat.close();
      return net.guest.drain();
    });
    nat = make(config);
  }

  /** The same with a guest that takes super-frames. */
  final void remakeWithOffloads() throws Exception {
    remakeWithOffloads(1500);
  }

  final void remakeWithOffloads(int guestMtu) throws Exception {
    on(() -> {
      nat.close();
      net.guest.close();
      net.network.close();
      return true;
    });
    net = new TestNetwork(loop, guestMtu, Offloads.ALL);
    nat = make(family().config());
  }

  @AfterEach
  void close() throws Exception {
    on(() -> {
      nat.close();
      net.guest.close();
      net.network.close();
      return true;
    });
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
  }

  final <T> T on(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  final DatagramSocket server() throws Exception {
    DatagramSocket socket = new DatagramSocket(family().anyPort());
    socket.setSoTimeout(60_000);
    return socket;
  }

  final void guestSends(int port, int to, byte[] data) throws Exception {
    on(() -> {
      net.guest.send(
          TestNetwork.frame(TestNetwork.udp(TestNetwork.GUEST, TestNetwork.HOST, port, to, data)));
      return true;
    });
  }

  static DatagramPacket receive(DatagramSocket socket) throws Exception {
    DatagramPacket packet = new DatagramPacket(new byte[70000], 70000);
    socket.receive(packet);
    return packet;
  }

  /** The next frame that the guest gets, within a minute. */
  final ByteBuf guestReceives() throws Exception {
    long end = System.nanoTime() + 60_000_000_000L;
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

  final void send(DatagramSocket from, int port) throws Exception {
    from.send(new DatagramPacket(HELLO, HELLO.length, family().host(), port));
  }

  static byte[] udp(int port, int to, byte[] data) {
    return TestNetwork.udp(TestNetwork.GUEST, TestNetwork.HOST, port, to, data);
  }

  static ByteBuf superFrame(int port, int to, byte[] data, int size) {
    return superFrame(udp(port, to, data), size);
  }

  static ByteBuf superFrame(byte[] bytes, int size) {
    ByteBuf frame = TestNetwork.frame(bytes);
    OffloadHeader.set(
        frame, 0, OffloadHeader.NEEDS_CSUM, OffloadHeader.GSO_UDP_L4, 42, size, 34, 6);
    return frame;
  }

  /** Gives the switch frames as one burst. */
  final void burst(List<ByteBuf> frames) throws Exception {
    on(() -> {
      for (ByteBuf frame : frames) {
        net.guest.put(frame);
      }
      net.network.flush();
      return true;
    });
  }

  static byte[] payload(DatagramSocket server) throws Exception {
    DatagramPacket packet = receive(server);
    return Arrays.copyOf(packet.getData(), packet.getLength());
  }

  final long count(UdpCount what) throws Exception {
    return on(() -> nat.udp().counters().get(what));
  }

  /** Bytes that say where in the whole they are. */
  static byte[] numbered(int length) {
    byte[] data = new byte[length];
    new java.util.Random(length).nextBytes(data);
    return data;
  }

  /** Free on any machine that runs these tests, or the test would say so. */
  static int outsidePort(int guestPort) {
    return guestPort;
  }

  /** A socket of the host's that can send batches, and knows where the guest is outside. */
  final InetDatagram batches(int guestPort) throws Exception {
    InetDatagram socket = InetDatagram.udp(family().loopback(), 0);
    burst(List.of(TestNetwork.frame(udp(guestPort, socket.localPort(), HELLO))));
    return socket;
  }

  final void sendBatch(InetDatagram from, byte[] data, int size, int port) {
    ByteBuf bytes = Unpooled.directBuffer(data.length).writeBytes(data);
    int sent =
        from.sendBatch(
            bytes.memoryAddress(), data.length, size, DatagramEnds.to(family().loopback(), port));
    bytes.release();
    assertThat(sent).isEqualTo(data.length);
  }
}
