package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.InetDatagram;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.udp.UdpCount;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Mappings, filtering and errors of the UDP NAT. */
class UdpNatTest extends UdpNatScene {
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
}
