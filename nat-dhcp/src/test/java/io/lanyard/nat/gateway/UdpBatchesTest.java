package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.DatagramBatch;
import io.lanyard.linux.DatagramEnds;
import io.lanyard.linux.InetDatagram;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.udp.UdpCount;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import io.lanyard.testing.FreePorts;
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
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Batches of datagrams and super-frames cross the NAT whole and in order, both ways. */
class UdpBatchesTest extends UdpNatScene {
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
      // The rest belongs to the loop's tasks and wake-ups of the measurement.
      assertThat(inward).isLessThan(32);
      assertThat(batches).isLessThan(32);
    }
  }
}
