package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.NetworkConfig;
import io.lanyard.linux.DatagramBatch;
import io.lanyard.linux.DatagramEnds;
import io.lanyard.linux.InetDatagram;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.udp.UdpCount;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.SinkPort;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadCheck;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.ByteArrayOutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The UDP NAT on a real loop with real sockets of the loopback, and a guest made of bytes. */
class UdpNatTest {
  private static final String STRICT = "filtering: address-and-port-dependent";
  private static final String FIVE_FLOWS =
      "quotas: {tcp-per-guest: 9, tcp: 9, udp-per-guest: 5, udp: 9, icmp-per-guest: 9, icmp: 9}";

  private static final byte[] HELLO = "hello".getBytes(StandardCharsets.UTF_8);

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final EventLoop loop = group.next();
  private TestNetwork net = new TestNetwork(loop);
  private NatNetwork nat = make(family().config());

  WireFamily family() {
    return WireFamily.IPV4;
  }

  private NatNetwork make(NetworkConfig config) {
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

  private void remake(NetworkConfig config) throws Exception {
    on(() -> {
      nat.close();
      return net.guest.drain();
    });
    nat = make(config);
  }

  /** The same with a guest that takes super-frames. */
  private void remakeWithOffloads() throws Exception {
    remakeWithOffloads(1500);
  }

  private void remakeWithOffloads(int guestMtu) throws Exception {
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

  private <T> T on(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  private DatagramSocket server() throws Exception {
    DatagramSocket socket = new DatagramSocket(family().anyPort());
    socket.setSoTimeout(60_000);
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

  /** The next frame that the guest gets, within a minute. */
  private ByteBuf guestReceives() throws Exception {
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

  @Test
  void aDatagramGoesOutAndItsAnswerComesBackWithAGoodChecksum() throws Exception {
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
  void theGuestsPortIsKeptWhereItIsFree() throws Exception {
    int port = FreePorts.one();
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
  void aPortThatAForwardIsForIsNotTheGuests() throws Exception {
    LogWatch.expect("forward-failed");
    int port = FreePorts.one();
    // Its address is not the host's yet, so nothing has the port.
    Endpoint later = new Endpoint(Address.parse("192.0.2.7"), port);
    remake(
        TestNetworks.forwards(
            family().config(),
            TestNetwork.forward(
                Transport.UDP, later, family().address(TestNetwork.GUEST).toString(), 53)));
    try (DatagramSocket server = server()) {
      guestSends(port, server.getLocalPort(), HELLO);
      assertThat(receive(server).getPort()).isNotEqualTo(port);
    }
    assertThat(on(() -> nat.forwards().remove("udp/192.0.2.7:" + port, false))).isTrue();
    on(() -> {
      nat.endGuest(family().address(TestNetwork.GUEST), TestNetwork.GUEST_MAC);
      return true;
    });
    try (DatagramSocket server = server()) {
      guestSends(port, server.getLocalPort(), HELLO);
      assertThat(receive(server).getPort()).isEqualTo(port);
    }
  }

  @Test
  void tenThousandDestinationsOfOneGuestPortAreOneSocket() throws Exception {
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
  void aClosedPortIsToldWithTheGuestsOwnPortsInTheQuote() throws Exception {
    int closed = FreePorts.one();
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
  void anotherPortOfAKnownAddressIsLetInUnlessTheFilterSaysNo() throws Exception {
    try (DatagramSocket server = server();
        DatagramSocket other = server()) {
      guestSends(40004, server.getLocalPort(), HELLO);
      int outside = receive(server).getPort();
      send(other, outside);
      assertThat(Udp.sourcePort(guestReceives(), 34)).isEqualTo(other.getLocalPort());

      remake(family().config(STRICT));
      guestSends(40004, server.getLocalPort(), HELLO);
      outside = receive(server).getPort();
      send(other, outside);
      send(server, outside);
      assertThat(Udp.sourcePort(guestReceives(), 34)).isEqualTo(server.getLocalPort());
      assertThat(on(() -> nat.udp().counters().get(UdpCount.FILTERED))).isEqualTo(1);
    }
  }

  private void send(DatagramSocket from, int port) throws Exception {
    from.send(new DatagramPacket(HELLO, HELLO.length, family().host(), port));
  }

  @Test
  void largeDatagramsCrossBothWaysInFragments() throws Exception {
    byte[] data = new byte[60_000];
    new java.util.Random(3).nextBytes(data);
    int most = family().fragment(1500);
    try (DatagramSocket server = server()) {
      byte[] whole =
          TestNetwork.udpPayload(
              TestNetwork.GUEST, TestNetwork.HOST, 40005, server.getLocalPort(), data);
      for (int at = 0; at < whole.length; at += most) {
        int end = Math.min(at + most, whole.length);
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

  private static byte[] udp(int port, int to, byte[] data) {
    return TestNetwork.udp(TestNetwork.GUEST, TestNetwork.HOST, port, to, data);
  }

  private static ByteBuf superFrame(int port, int to, byte[] data, int size) {
    return superFrame(udp(port, to, data), size);
  }

  private static ByteBuf superFrame(byte[] bytes, int size) {
    ByteBuf frame = TestNetwork.frame(bytes);
    OffloadHeader.set(
        frame, 0, OffloadHeader.NEEDS_CSUM, OffloadHeader.GSO_UDP_L4, 42, size, 34, 6);
    return frame;
  }

  /** Gives the switch frames as one burst. */
  private void burst(List<ByteBuf> frames) throws Exception {
    on(() -> {
      for (ByteBuf frame : frames) {
        net.guest.put(frame);
      }
      net.network.flush();
      return true;
    });
  }

  private static byte[] payload(DatagramSocket server) throws Exception {
    DatagramPacket packet = receive(server);
    return Arrays.copyOf(packet.getData(), packet.getLength());
  }

  private long count(UdpCount what) throws Exception {
    return on(() -> nat.udp().counters().get(what));
  }

  /** Bytes that say where in the whole they are. */
  private static byte[] numbered(int length) {
    byte[] data = new byte[length];
    new java.util.Random(length).nextBytes(data);
    return data;
  }

  @ParameterizedTest
  @CsvSource({
    "250, 100, 3",
    "100, 100, 1",
    "200, 100, 2",
    "99, 100, 1",
    "0, 100, 1",
    "128, 1, 128",
    "129, 2, 65",
    "60000, 500, 120",
    "65507, 1400, 47",
    "1000, 65535, 1"
  })
  void aSuperFrameLeavesAsSingleDatagrams(int bytes, int size, int datagrams) throws Exception {
    int length = Math.min(bytes, 65_535 - family().header() - 8);
    try (DatagramSocket server = server()) {
      server.setReceiveBufferSize(1 << 20);
      byte[] data = numbered(length);
      burst(List.of(superFrame(40006, server.getLocalPort(), data, size)));
      ByteArrayOutputStream got = new ByteArrayOutputStream();
      for (int i = 0; i < datagrams; i++) {
        byte[] one = payload(server);
        assertThat(one).hasSize(Math.min(size, length - i * size));
        got.writeBytes(one);
      }
      assertThat(got.toByteArray()).isEqualTo(data);
      assertThat(count(UdpCount.OUT)).isEqualTo(datagrams);
      assertThat(on(() -> nat.listFlows().getFirst().packetsFromGuest())).isEqualTo(datagrams);
      assertThat(on(() -> nat.listFlows().getFirst().bytesFromGuest()))
          .isEqualTo(length + (family().header() + 8L) * datagrams);
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 1000", "1, 200"})
  void aSuperFrameThatCannotBeCutGoesNowhere(int size, int length) throws Exception {
    try (DatagramSocket server = server()) {
      burst(
          List.of(
              superFrame(40008, server.getLocalPort(), new byte[length], size),
              TestNetwork.frame(udp(40008, server.getLocalPort(), HELLO))));
      assertThat(payload(server)).isEqualTo(HELLO);
      assertThat(count(UdpCount.OUT)).isEqualTo(1);
    }
  }

  @Test
  void aBurstOfSeveralFlowsArrivesWholeAndInOrder() throws Exception {
    try (DatagramSocket one = server();
        DatagramSocket other = server()) {
      // Equal ones, a shorter, a longer, none, large ones, a super-frame in between.
      int[] sizes = {100, 100, 100, 60, 100, 140, 140, 0, 140, 1400, 1400, 7, 7, 250, 7, 1};
      for (DatagramSocket server : List.of(one, other)) {
        server.setReceiveBufferSize(1 << 20);
      }
      List<ByteBuf> frames = new ArrayList<>();
      for (int i = 0; i < sizes.length; i++) {
        byte[] data = numbered(sizes[i]);
        frames.add(
            sizes[i] == 250
                ? superFrame(40009, one.getLocalPort(), data, 100)
                : TestNetwork.frame(udp(40009, one.getLocalPort(), data)));
        if (i % 3 == 0) {
          frames.add(TestNetwork.frame(udp(40009, other.getLocalPort(), new byte[] {(byte) i})));
        }
        if (i % 5 == 0) {
          frames.add(TestNetwork.frame(udp(40010, other.getLocalPort(), new byte[] {(byte) i})));
        }
      }
      burst(frames);
      for (int size : sizes) {
        if (size == 250) {
          byte[] data = numbered(size);
          assertThat(payload(one)).isEqualTo(Arrays.copyOf(data, 100));
          assertThat(payload(one)).isEqualTo(Arrays.copyOfRange(data, 100, 200));
          assertThat(payload(one)).isEqualTo(Arrays.copyOfRange(data, 200, 250));
        } else {
          assertThat(payload(one)).isEqualTo(numbered(size));
        }
      }
      List<Integer> first = new ArrayList<>();
      List<Integer> second = new ArrayList<>();
      for (int i = 0; i < 6 + 4; i++) {
        DatagramPacket packet = receive(other);
        (packet.getPort() == outsidePort(40009) ? first : second).add((int) packet.getData()[0]);
      }
      assertThat(first).containsExactly(0, 3, 6, 9, 12, 15);
      assertThat(second).containsExactly(0, 5, 10, 15);
    }
  }

  /** Free on any machine that runs these tests, or the test would say so. */
  private static int outsidePort(int guestPort) {
    return guestPort;
  }

  @Test
  void hundredsOfEqualDatagramsInABurstArriveInOrder() throws Exception {
    try (DatagramSocket server = server()) {
      server.setReceiveBufferSize(1 << 20);
      List<ByteBuf> frames = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        frames.add(
            TestNetwork.frame(udp(40011, server.getLocalPort(), new byte[] {(byte) i, 1, 2})));
      }
      burst(frames);
      for (int i = 0; i < 300; i++) {
        assertThat(payload(server)[0]).isEqualTo((byte) i);
      }
      assertThat(count(UdpCount.OUT)).isEqualTo(300);
    }
  }

  @Test
  void anErrorInTheMiddleOfABurstIsToldAboutItsFlowAndLosesNothingElse() throws Exception {
    int closed = FreePorts.one();
    try (DatagramSocket server = server()) {
      List<ByteBuf> frames = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        int to = i / 3 % 2 == 0 ? server.getLocalPort() : closed;
        frames.add(TestNetwork.frame(udp(40012, to, new byte[] {(byte) i, 9})));
      }
      frames.add(superFrame(40012, closed, new byte[300], 100));
      frames.add(superFrame(40012, server.getLocalPort(), new byte[300], 100));
      burst(frames);
      for (int i : new int[] {0, 1, 2, 6, 7, 8}) {
        assertThat(payload(server)[0]).isEqualTo((byte) i);
      }
      for (int i = 0; i < 3; i++) {
        assertThat(payload(server)).hasSize(100);
      }
      ByteBuf b = guestReceives();
      assertThat(Icmp.type(b, 34)).isEqualTo(Icmp.UNREACHABLE);
      assertThat(Icmp.code(b, 34)).isEqualTo(Icmp.PORT_UNREACHABLE);
      assertThat(Udp.destinationPort(b, 62)).isEqualTo(closed);
      assertThat(count(UdpCount.SEND_FAILED)).isZero();
    }
  }

  @Test
  void flowsThatEndInTheMiddleOfABurstHaveSentWhatTheyHad() throws Exception {
    remake(family().config(FIVE_FLOWS));
    try (DatagramSocket server = server()) {
      List<ByteBuf> frames = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        byte[] data = {(byte) i, 1};
        frames.add(TestNetwork.frame(udp(41100 + i / 3, server.getLocalPort(), data)));
      }
      burst(frames);
      for (int i = 0; i < 60; i++) {
        assertThat(payload(server)[0]).isEqualTo((byte) i);
      }
      assertThat(on(() -> nat.flows().evicted())).isEqualTo(15);
      assertThat(on(() -> nat.udp().mappings())).isEqualTo(5);
    }
  }

  /** A socket of the host's that can send batches, and knows where the guest is outside. */
  private InetDatagram batches(int guestPort) throws Exception {
    InetDatagram socket = InetDatagram.udp(family().loopback(), 0);
    burst(List.of(TestNetwork.frame(udp(guestPort, socket.localPort(), HELLO))));
    return socket;
  }

  private void sendBatch(InetDatagram from, byte[] data, int size, int port) {
    ByteBuf bytes = Unpooled.directBuffer(data.length).writeBytes(data);
    int sent =
        from.sendBatch(
            bytes.memoryAddress(), data.length, size, DatagramEnds.to(family().loopback(), port));
    bytes.release();
    assertThat(sent).isEqualTo(data.length);
  }

  @ParameterizedTest
  @CsvSource({"250, 100", "60000, 1400", "64, 1", "2944, 1472"})
  void aBatchFromOutsideComesAsWireFramesToAGuestWithoutOffloads(int length, int most)
      throws Exception {
    int size = Math.min(most, 1500 - family().header() - 8);
    InetDatagram server = batches(40013);
    try {
      byte[] data = numbered(length);
      sendBatch(server, data, size, outsidePort(40013));
      ByteArrayOutputStream got = new ByteArrayOutputStream();
      int datagrams = 0;
      while (got.size() < length) {
        ByteBuf b = guestReceives();
        datagrams++;
        int udp = Math.min(size, length - got.size()) + 8;
        assertThat(b.readableBytes()).isEqualTo(34 + udp);
        assertThat(Udp.length(b, 34)).isEqualTo(udp);
        assertThat(Ipv4.checksumValid(b, 14)).isTrue();
        assertThat(Checksum.transport4(b, 14, Ipv4.UDP, 34, udp)).isZero();
        got.writeBytes(ByteBufUtil.getBytes(b, 42, udp - 8));
      }
      assertThat(got.toByteArray()).isEqualTo(data);
      assertThat(count(UdpCount.IN)).isEqualTo(datagrams);
      assertThat(on(() -> nat.listFlows().getFirst().packetsToGuest())).isEqualTo(datagrams);
      assertThat(on(() -> nat.listFlows().getFirst().bytesToGuest()))
          .isEqualTo(length + (family().header() + 8L) * datagrams);
    } finally {
      server.close();
    }
  }

  @Test
  void aBatchFromOutsideComesAsOneSuperFrameToAGuestThatTakesIt() throws Exception {
    remakeWithOffloads();
    InetDatagram server = batches(40014);
    try {
      byte[] data = numbered(60_000);
      sendBatch(server, data, 1400, outsidePort(40014));
      ByteBuf frame = null;
      for (long end = System.nanoTime() + 60_000_000_000L; frame == null; ) {
        assertThat(System.nanoTime()).isLessThan(end);
        frame = on(net.guest::poll);
      }
      assertThat(OffloadCheck.valid(frame)).isTrue();
      assertThat(Frames.segments(frame)).isEqualTo(43);
      assertThat(OffloadHeader.gsoSize(frame, 0)).isEqualTo(1400);
      assertThat(Ipv4.totalLength(frame, 26)).isEqualTo(60_028);
      assertThat(ByteBufUtil.getBytes(frame, 54, 60_000)).isEqualTo(data);
      frame.release();
      assertThat(count(UdpCount.IN)).isEqualTo(43);
    } finally {
      server.close();
    }
  }

  @Test
  void aBatchOfDatagramsThatExceedTheMtuComesInFragments() throws Exception {
    remakeWithOffloads();
    batchComesInFragments(2000, 1500);
  }

  @Test
  void aBatchOfDatagramsThatExceedTheMtuOfTheGuestsPortComesInFragments() throws Exception {
    remakeWithOffloads(1400);
    batchComesInFragments(1400, 1400); // as a super-frame, each would be 1428 bytes
  }

  private void batchComesInFragments(int size, int mtu) throws Exception {
    InetDatagram server = batches(40015);
    try {
      byte[] data = numbered(3 * size - 900);
      sendBatch(server, data, size, outsidePort(40015));
      // Two fragments of each; of the last, which fits, one frame.
      int most = family().fragment(mtu);
      int[] payloads = {most, size + 8 - most, most, size + 8 - most, size - 892};
      for (int payload : payloads) {
        assertThat(Ipv4.totalLength(guestReceives(), 14)).isEqualTo(20 + payload);
      }
      assertThat(count(UdpCount.IN)).isEqualTo(3);
    } finally {
      server.close();
    }
  }

  @Test
  void aBatchThatTheFilterRefusesIsCountedByDatagrams() throws Exception {
    remake(family().config(STRICT));
    InetDatagram server = batches(40016);
    InetDatagram stranger = InetDatagram.udp(family().loopback(), 0);
    try {
      sendBatch(stranger, new byte[950], 100, outsidePort(40016));
      sendBatch(server, new byte[300], 100, outsidePort(40016));
      guestReceives();
      assertThat(count(UdpCount.FILTERED)).isEqualTo(10);
    } finally {
      server.close();
      stranger.close();
    }
  }

  @Test
  void aStrangerThatTheRulesDoNotLetInIsFilteredAndAnswersAreNot() throws Exception {
    remake(
        family()
            .network(
                "nat: {host-loopback: true}", "egress: {rules: [{deny: \"*\", direction: in}]}"));
    InetDatagram server = batches(40017);
    InetDatagram stranger = InetDatagram.udp(family().loopback(), 0);
    try {
      sendBatch(stranger, new byte[95], 100, outsidePort(40017));
      sendBatch(server, new byte[30], 100, outsidePort(40017));
      guestReceives();
      assertThat(count(UdpCount.FILTERED)).isEqualTo(1);
      assertThat(on(() -> nat.gateway().counters().get(GatewayCount.EGRESS_DENIED))).isEqualTo(1);
    } finally {
      server.close();
      stranger.close();
    }
  }

  @Test
  void aForwardCarriesBatchesBothWays() throws Exception {
    remake(
        TestNetworks.forwards(
            family().config(),
            TestNetwork.forward(
                Transport.UDP,
                new Endpoint(family().loopback(), 0),
                family().address(TestNetwork.GUEST).toString(),
                4433)));
    InetDatagram client = InetDatagram.udp(family().loopback(), 0);
    DatagramBatch batch = new DatagramBatch(4);
    ByteBuf head = Unpooled.directBuffer(4000, 4000);
    try {
      int listening = on(() -> nat.forwards().list().getFirst().port());
      sendBatch(client, numbered(250), 100, listening);
      ByteBuf first = guestReceives();
      assertThat(Udp.length(first, 34)).isEqualTo(108);
      assertThat(Udp.length(guestReceives(), 34)).isEqualTo(108);
      assertThat(Udp.length(guestReceives(), 34)).isEqualTo(58);

      byte[] data = numbered(950);
      byte[] answer =
          TestNetwork.udp(
              TestNetwork.GUEST, TestNetwork.GATEWAY, 4433, Udp.sourcePort(first, 34), data);
      burst(List.of(superFrame(answer, 100)));
      for (int slot = 0; slot < 4; slot++) {
        batch.buffer(slot, head.memoryAddress() + 1000L * slot, 1000);
      }
      int got = 0;
      for (long end = System.nanoTime() + 60_000_000_000L; got == 0; ) {
        assertThat(System.nanoTime()).isLessThan(end);
        got = client.receive(batch);
      }
      DatagramEnds ends = new DatagramEnds();
      batch.ends(0, ends);
      assertThat(ends.remotePort()).isEqualTo(listening);
      assertThat(batch.length(0)).isEqualTo(950);
      assertThat(batch.segment(0)).isEqualTo(100);
      assertThat(ByteBufUtil.getBytes(head.setIndex(0, 950))).isEqualTo(data);
      assertThat(count(UdpCount.OUT)).isEqualTo(10);
      assertThat(count(UdpCount.IN)).isEqualTo(3);
    } finally {
      client.close();
      batch.close();
      head.release();
    }
  }

  @Test
  void aGuestThatPassesItsQuotaLosesItsOldestFlowAndItsSocket() throws Exception {
    remake(family().config(FIVE_FLOWS));
    try (DatagramSocket server = server()) {
      for (int i = 0; i < 20; i++) {
        guestSends(41000 + i, server.getLocalPort(), HELLO);
      }
      assertThat(on(() -> nat.udp().mappings())).isEqualTo(5);
      assertThat(on(() -> nat.flows().evicted())).isEqualTo(15);
    }
  }

  /** A frame as the wire has it, in a buffer that nobody watches. */
  private ByteBuf copied(ByteBufAllocator allocator, ByteBuf frame) {
    ByteBuf translated = family().frame(frame);
    ByteBuf copy = allocator.directBuffer(2000).writeBytes(translated);
    translated.release();
    return copy;
  }

  @Test
  void aDatagramMakesNoGarbage() throws Exception {
    int[] seen = new int[1];
    // Leak detection, paranoid as it is in tests, would make most of the garbage.
    var unwatched = new UnpooledByteBufAllocator(true, true);
    var threads =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    try (DatagramSocket server = server()) {
      Switch network = new Switch("measured", net.timers, loop, unwatched);
      // A port that counts: what is measured is the NAT and the switch, not the test.
      SinkPort guest = new SinkPort("guest", Offloads.ALL, network, frame -> seen[0]++);
      NatNetwork measured =
          on(() ->
              TestNetworks.inward(
                  loop,
                  network,
                  net.timers,
                  unwatched,
                  family().config(),
                  HostResources.alone(),
                  nic -> null));
      byte[] claim =
          TestNetwork.arp(
              Ethernet.BROADCAST,
              Arp.REQUEST,
              TestNetwork.GUEST_MAC,
              TestNetwork.GUEST,
              0,
              TestNetwork.GATEWAY);
      byte[] datagram =
          TestNetwork.udp(
              TestNetwork.GUEST, TestNetwork.HOST, 40007, server.getLocalPort(), new byte[1000]);
      ByteBuf arp = family().frame(TestNetwork.frame(claim));
      ByteBuf out = copied(unwatched, TestNetwork.frame(datagram));
      ByteBuf many = copied(unwatched, superFrame(datagram, 100));
      on(() -> {
        network.receive(guest, arp);
        network.receive(guest, out);
        network.flush();
        return true;
      });
      int outside = receive(server).getPort();
      server.setReceiveBufferSize(1 << 20);
      // Until the compiler is done with the path there is garbage; then there must be none. A busy
      // machine's takes its time.
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
      long outward = Long.MAX_VALUE;
      while (outward >= 20_000 && System.nanoTime() < deadline) {
        outward =
            on(() -> {
              long before = threads.getCurrentThreadAllocatedBytes();
              for (int i = 0; i < 20_000; i++) {
                network.receive(guest, i % 8 == 7 ? many : out);
                if (i % 50 == 0) {
                  network.flush();
                }
              }
              return threads.getCurrentThreadAllocatedBytes() - before;
            });
      }
      long inward = Long.MAX_VALUE;
      while (inward >= 32 && System.nanoTime() < deadline) {
        long before = on(threads::getCurrentThreadAllocatedBytes);
        int from = on(() -> seen[0]);
        for (int i = 0; i < 100; i++) {
          send(server, outside);
        }
        long after = on(threads::getCurrentThreadAllocatedBytes);
        inward = (after - before) / Math.max(1, on(() -> seen[0]) - from);
      }
      long batches = Long.MAX_VALUE;
      InetDatagram sender = InetDatagram.udp(family().loopback(), 0);
      byte[] batch = new byte[3000];
      while (batches >= 32 && System.nanoTime() < deadline) {
        long before = on(threads::getCurrentThreadAllocatedBytes);
        int from = on(() -> seen[0]);
        for (int i = 0; i < 100; i++) {
          sendBatch(sender, batch, 100, outside);
        }
        long after = on(threads::getCurrentThreadAllocatedBytes);
        batches = (after - before) / Math.max(1, on(() -> seen[0]) - from);
      }
      sender.close();
      on(() -> {
        measured.close();
        network.close();
        arp.release();
        out.release();
        many.release();
        return true;
      });
      assertThat(outward).isLessThan(20_000);
      // What is left belongs to the loop's tasks and wake-ups of the measurement.
      assertThat(inward).isLessThan(32);
      assertThat(batches).isLessThan(32);
    }
  }
}
