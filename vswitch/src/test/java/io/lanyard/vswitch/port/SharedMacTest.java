package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.ObservedPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Guests behind a switch whose uplink shares one address; the test is the wire. */
class SharedMacTest {
  private static final long NIC = 0x020000000009L;
  private static final long A = 0x525400000001L;
  private static final long B = 0x525400000002L;
  private static final long PEER = 0x020000000077L;
  private static final int IP_A = 0x0a000001;
  private static final int IP_B = 0x0a000002;
  private static final int IP_PEER = 0x0a000063;
  private static final int ETHERNET = OffloadHeader.LENGTH;
  private static final int PAYLOAD = ETHERNET + Ethernet.HEADER_LENGTH;

  private final Switch network =
      new Switch("lab", new SteppedTimers(), PooledByteBufAllocator.DEFAULT);
  private final ByteBuf scratch = Unpooled.directBuffer(SharedMac.capacity(), SharedMac.capacity());
  private final SharedAddresses addresses = new SharedAddresses(SharedAddressesTest.SEED);
  private final List<byte[]> wire = new ArrayList<>();
  private final SharedMac shared = new SharedMac(NIC, addresses, scratch, this::sent);
  private final InMemoryPort a = InMemoryPort.attached("a", Offloads.ALL, network);
  private final InMemoryPort b = InMemoryPort.attached("b", Offloads.ALL, network);
  private final Uplink uplink = new Uplink();

  @SuppressWarnings("restricted") // what is sent is there
  private int sent(long address, int length) {
    wire.add(MemorySegment.ofAddress(address).reinterpret(length).toArray(ValueLayout.JAVA_BYTE));
    return length;
  }

  /** Sends by the address that is shared, and checks that what it is lent is left alone. */
  private final class Uplink extends ObservedPort {
    Uplink() {
      super("uplink", "uplink", Ethernet.LARGEST_PACKET, PortState.up());
      network.attach(this);
    }

    @Override
    public boolean transmit(Passage passage, ByteBuf frame) {
      byte[] before = ByteBufUtil.getBytes(frame);
      int sent =
          shared.write(passage, frame.memoryAddress() + frame.readerIndex(), frame.readableBytes());
      assertThat(ByteBufUtil.getBytes(frame)).isEqualTo(before);
      return sent >= 0;
    }

    @Override
    public Offloads offloads() {
      return Offloads.ALL;
    }

    @Override
    public void start() {}

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @AfterEach
  void release() {
    a.drain();
    b.drain();
    network.close();
    scratch.release();
  }

  /** The only frame that has left, which has the shared address as its source. */
  private ByteBuf left() {
    assertThat(wire).hasSize(1);
    ByteBuf frame = Unpooled.wrappedBuffer(wire.removeFirst());
    assertThat(Ethernet.source(frame, ETHERNET)).isEqualTo(NIC);
    return frame;
  }

  /** Receives a frame from the wire; answers the destination that it has got, 0 for the host. */
  private long comes(ByteBuf frame) {
    boolean guests =
        shared.receive(
            frame.memoryAddress() + OffloadHeader.LENGTH,
            frame.readableBytes() - OffloadHeader.LENGTH);
    long destination = guests ? Ethernet.destination(frame, ETHERNET) : 0;
    frame.release();
    return destination;
  }

  private void knows() {
    a.send(Frames.arp(Arp.REQUEST, A, IP_A, 0, IP_PEER));
    b.send(Frames.arp(Arp.REQUEST, B, IP_B, 0, IP_PEER));
    wire.clear();
  }

  @Test
  void arpSaysTheSharedAddressAndItsAnswerFindsTheGuest() {
    a.send(Frames.arp(Arp.REQUEST, A, IP_A, 0, IP_PEER));
    ByteBuf asked = left();
    assertThat(Arp.senderMac(asked, PAYLOAD)).isEqualTo(NIC);
    assertThat(Arp.senderAddress(asked, PAYLOAD)).isEqualTo(IP_A);
    ByteBuf answer = Frames.arp(Arp.REPLY, PEER, IP_PEER, NIC, IP_A);
    answer.retain();
    assertThat(comes(answer)).isEqualTo(A);
    assertThat(Arp.targetMac(answer, PAYLOAD)).isEqualTo(A);
    answer.release();
  }

  @Test
  void aProbeForAnAddressClaimsNothing() {
    a.send(Frames.arp(Arp.REQUEST, A, 0, 0, IP_A));
    assertThat(Arp.senderMac(left(), PAYLOAD)).isEqualTo(NIC);
    assertThat(addresses.size()).isZero();
  }

  @Test
  void packetsGoToTheGuestThatHasTheirAddressAndTheRestIsTheHosts() {
    knows();
    byte[] data = new byte[30];
    assertThat(comes(Frames.udp4(NIC, PEER, IP_PEER, 1, IP_A, 2, data))).isEqualTo(A);
    assertThat(comes(Frames.udp4(NIC, PEER, IP_PEER, 1, IP_B, 2, data))).isEqualTo(B);
    assertThat(comes(Frames.udp4(NIC, PEER, IP_PEER, 1, 0x0a000009, 2, data))).isZero();
    assertThat(comes(Frames.udp4(PEER, NIC, 0x0a000009, 1, IP_PEER, 2, data)))
        .as("what is for another address stays as it is")
        .isEqualTo(PEER);
  }

  @Test
  void aDhcpRequestAsksForABroadcastAnswerAndKeepsItsHardwareAddress() {
    byte[] bootp = new byte[240];
    bootp[0] = 1;
    Unpooled.wrappedBuffer(bootp).setLong(28, A << 16);
    a.send(Frames.udp4(Ethernet.BROADCAST, A, 0, 68, -1, 67, bootp));
    ByteBuf frame = left();
    int udp = PAYLOAD + Ipv4.HEADER_LENGTH;
    assertThat(frame.getUnsignedShort(udp + 8 + 10)).isEqualTo(0x8000);
    assertThat(frame.getLong(udp + 8 + 28) >>> 16).isEqualTo(A);
    int length = Udp.length(frame, udp);
    assertThat(Checksum.transport4(frame, PAYLOAD, Ipv4.UDP, udp, length)).isIn(0, 0xffff);
    // A server that answers by unicast all the same.
    bootp[0] = 2;
    assertThat(comes(Frames.udp4(NIC, PEER, IP_PEER, 67, IP_A, 68, bootp))).isEqualTo(A);
    Unpooled.wrappedBuffer(bootp).setLong(28, NIC << 16);
    assertThat(comes(Frames.udp4(NIC, PEER, IP_PEER, 67, IP_B, 68, bootp)))
        .as("the host's own answer")
        .isZero();
  }

  private static ByteBuf discovery(int type, long low, long target, int kind, long mac) {
    int message = 24 + 8;
    ByteBuf frame = Frames.blank(Ethernet.HEADER_LENGTH + Ipv6.HEADER_LENGTH + message);
    Ethernet.write(frame, ETHERNET, 0x3333_0000_0001L, mac, Ethernet.TYPE_IPV6);
    frame.setInt(PAYLOAD, 6 << 28);
    frame.setShort(PAYLOAD + 4, message);
    frame.setByte(PAYLOAD + 6, Ipv6.ICMPV6);
    frame.setByte(PAYLOAD + 7, 255);
    frame.setLong(PAYLOAD + 8, 0xfe80_0000_0000_0000L);
    frame.setLong(PAYLOAD + 16, low);
    frame.setLong(PAYLOAD + 24, 0xff02_0000_0000_0000L);
    frame.setLong(PAYLOAD + 32, 1);
    int icmp = PAYLOAD + Ipv6.HEADER_LENGTH;
    frame.setByte(icmp, type);
    frame.setLong(icmp + 8, 0xfd00_0000_0000_0000L);
    frame.setLong(icmp + 16, target);
    frame.setByte(icmp + 24, kind);
    frame.setByte(icmp + 25, 1);
    Ethernet.setMac(frame, icmp + 26, mac);
    Icmpv6.finishChecksum(frame, PAYLOAD, icmp, message);
    return frame;
  }

  @Test
  void neighbourDiscoverySaysTheSharedAddressWithAChecksumThatHolds() {
    int icmp = PAYLOAD + Ipv6.HEADER_LENGTH;
    for (int[] one :
        new int[][] {{Icmpv6.NEIGHBOR_SOLICITATION, 1}, {Icmpv6.NEIGHBOR_ADVERTISEMENT, 2}}) {
      a.send(discovery(one[0], 7, 9, one[1], A));
      ByteBuf frame = left();
      assertThat(Ethernet.mac(frame, icmp + 26)).isEqualTo(NIC);
      assertThat(Checksum.transport6(frame, PAYLOAD, Ipv6.ICMPV6, icmp, 32)).isIn(0, 0xffff);
    }
    assertThat(addresses.mac(0xfe80_0000_0000_0000L, 7)).as("who solicits").isEqualTo(A);
    assertThat(addresses.mac(0xfd00_0000_0000_0000L, 9)).as("who advertises").isEqualTo(A);
    b.send(discovery(Icmpv6.NEIGHBOR_ADVERTISEMENT, 8, 9, 2, B));
    assertThat(addresses.mac(0xfd00_0000_0000_0000L, 9)).as("it has moved").isEqualTo(B);
  }

  @Test
  void anUplinkThatComesBackTellsAllAddresses() {
    knows();
    a.send(discovery(Icmpv6.NEIGHBOR_ADVERTISEMENT, 7, 9, 2, A));
    wire.clear();
    network.announce(uplink);
    List<String> told = new ArrayList<>();
    for (byte[] bytes : wire) {
      ByteBuf frame = Unpooled.wrappedBuffer(bytes);
      assertThat(Ethernet.source(frame, ETHERNET)).isEqualTo(NIC);
      int type = Ethernet.type(frame, ETHERNET);
      if (type == Ethernet.TYPE_ARP) {
        assertThat(Arp.senderMac(frame, PAYLOAD)).isEqualTo(NIC);
        assertThat(Arp.targetAddress(frame, PAYLOAD)).isEqualTo(Arp.senderAddress(frame, PAYLOAD));
        told.add(Ipv4.format(Arp.senderAddress(frame, PAYLOAD)));
      } else if (type == Ethernet.TYPE_IPV6) {
        int icmp = PAYLOAD + Ipv6.HEADER_LENGTH;
        assertThat(Checksum.transport6(frame, PAYLOAD, Ipv6.ICMPV6, icmp, 32)).isIn(0, 0xffff);
        assertThat(Ethernet.mac(frame, icmp + 26)).isEqualTo(NIC);
        told.add("v6:" + frame.getLong(icmp + 16));
      }
    }
    assertThat(told).containsExactlyInAnyOrder("10.0.0.1", "10.0.0.2", "v6:7", "v6:9");
  }

  @Test
  void whateverGuestsAndTheLanSendIsPassedOrLeftAlone() {
    knows();
    Random random = new Random(5);
    byte[] bootp = new byte[240];
    for (int i = 0; i < 60_000; i++) {
      ByteBuf frame =
          switch (random.nextInt(4)) {
            case 0 -> Frames.arp(Arp.REQUEST, A, IP_A, 0, IP_PEER);
            case 1 -> discovery(133 + random.nextInt(5), 7, 9, 1 + random.nextInt(2), A);
            case 2 -> Frames.udp4(Ethernet.BROADCAST, A, 0, 68, -1, 67, bootp);
            default -> Frames.udp4(PEER, A, IP_A, 68, IP_PEER, 67, new byte[random.nextInt(20)]);
          };
      int length = frame.readableBytes();
      for (int flips = random.nextInt(6); flips > 0; flips--) {
        int at = ETHERNET + 12 + random.nextInt(length - ETHERNET - 12);
        frame.setByte(at, random.nextInt());
      }
      frame.writerIndex(
          Math.max(
              PAYLOAD, random.nextBoolean() ? length : PAYLOAD + random.nextInt(length - PAYLOAD)));
      if (random.nextBoolean()) {
        a.send(frame);
      } else {
        Ethernet.setDestination(frame, ETHERNET, NIC);
        long _ = comes(frame);
      }
      for (byte[] bytes : wire) {
        assertThat(Ethernet.source(Unpooled.wrappedBuffer(bytes), ETHERNET)).isEqualTo(NIC);
      }
      wire.clear();
      a.drain();
      b.drain();
    }
    assertThat(addresses.size()).isLessThanOrEqualTo(2 * SharedAddresses.MOST_OF_PORT);
    assertThat(addresses.mac(0, SharedAddresses.mapped(IP_B))).as("B's own").isEqualTo(B);
  }
}
