package io.lanyard.vswitch.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.pcap4j.packet.ArpPacket;
import org.pcap4j.packet.Dot1qVlanTagPacket;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IcmpV4CommonPacket;
import org.pcap4j.packet.IcmpV4EchoPacket;
import org.pcap4j.packet.IllegalRawDataException;
import org.pcap4j.packet.IpV4Packet;
import org.pcap4j.packet.TcpPacket;
import org.pcap4j.packet.UdpPacket;
import org.pcap4j.packet.namednumber.ArpOperation;

/** The writers are judged by pcap4j, and the readers by what was written. */
class HeadersTest {
  private static final long A = 0x525400000001L;
  private static final long B = 0x525400000002L;

  private static EthernetPacket parse(ByteBuf frame) throws IllegalRawDataException {
    byte[] bytes = new byte[frame.readableBytes() - 12];
    frame.getBytes(12, bytes);
    frame.release();
    return EthernetPacket.newPacket(bytes, 0, bytes.length);
  }

  @Test
  void anArpRequestReadsAsOne() throws IllegalRawDataException {
    ByteBuf frame = Frames.arp(Arp.REQUEST, A, 0x0a000001, 0, 0x0a000002);
    assertThat(Arp.check(frame, Frames.PAYLOAD, frame.writerIndex())).isTrue();
    assertThat(Arp.senderMac(frame, Frames.PAYLOAD)).isEqualTo(A);
    assertThat(Arp.targetAddress(frame, Frames.PAYLOAD)).isEqualTo(0x0a000002);
    ArpPacket.ArpHeader arp = parse(frame).get(ArpPacket.class).getHeader();
    assertThat(arp.getOperation()).isEqualTo(ArpOperation.REQUEST);
    assertThat(arp.getSrcHardwareAddr()).hasToString("52:54:00:00:00:01");
    assertThat(arp.getSrcProtocolAddr().getHostAddress()).isEqualTo("10.0.0.1");
    assertThat(arp.getDstProtocolAddr().getHostAddress()).isEqualTo("10.0.0.2");
  }

  @Test
  void aUdpDatagramReadsAsOne() throws IllegalRawDataException {
    ByteBuf frame = Frames.udp4(B, A, 0x0a000001, 68, 0x0a000002, 67, (byte) 1, (byte) 2, (byte) 3);
    assertThat(Ipv4.checksumValid(frame, Frames.PAYLOAD)).isTrue();
    EthernetPacket packet = parse(frame);
    IpV4Packet.IpV4Header ip = packet.get(IpV4Packet.class).getHeader();
    UdpPacket udp = packet.get(UdpPacket.class);
    assertThat(ip.hasValidChecksum(false)).isTrue();
    assertThat(udp.hasValidChecksum(ip.getSrcAddr(), ip.getDstAddr(), false)).isTrue();
    assertThat(udp.getHeader().getSrcPort().valueAsInt()).isEqualTo(68);
    assertThat(udp.getPayload().getRawData()).containsExactly(1, 2, 3);
  }

  @Test
  void aTcpSegmentReadsAsOne() throws IllegalRawDataException {
    ByteBuf frame =
        Frames.tcp4(
            B, A, 0x0a000001, 1024, 0x0a000002, 80, -5, 6, Tcp.SYN | Tcp.ACK, (byte) 9, (byte) 8);
    int tcp = Frames.PAYLOAD + 20;
    assertThat(Tcp.check(frame, tcp, frame.writerIndex())).isEqualTo(20);
    assertThat(Tcp.sequence(frame, tcp)).isEqualTo(-5);
    EthernetPacket packet = parse(frame);
    IpV4Packet.IpV4Header ip = packet.get(IpV4Packet.class).getHeader();
    TcpPacket segment = packet.get(TcpPacket.class);
    assertThat(segment.hasValidChecksum(ip.getSrcAddr(), ip.getDstAddr(), false)).isTrue();
    assertThat(segment.getHeader().getSyn()).isTrue();
    assertThat(segment.getHeader().getFin()).isFalse();
    assertThat(segment.getHeader().getSequenceNumber()).isEqualTo(-5);
    assertThat(segment.getHeader().getAcknowledgmentNumber()).isEqualTo(6);
  }

  @Test
  void anEchoReadsAsOne() throws IllegalRawDataException {
    ByteBuf frame =
        Frames.echo4(B, A, 0x0a000001, 0x0a000002, Icmp.ECHO_REQUEST, 77, 3, new byte[55]);
    assertThat(Icmp.checksumValid(frame, Frames.PAYLOAD + 20, 63)).isTrue();
    EthernetPacket packet = parse(frame);
    assertThat(packet.get(IcmpV4CommonPacket.class).hasValidChecksum(false)).isTrue();
    assertThat(packet.get(IcmpV4EchoPacket.class).getHeader().getIdentifierAsInt()).isEqualTo(77);
  }

  @Test
  void aTagIsWalkedOver() throws IllegalRawDataException {
    ByteBuf frame = Frames.tagged(B, A, 20, Ethernet.TYPE_ARP, new byte[28]);
    assertThat(Ethernet.vlan(frame, 12, frame.writerIndex())).isEqualTo(20);
    assertThat(Ethernet.payload(frame, 12, frame.writerIndex())).isEqualTo(12 + 18);
    Dot1qVlanTagPacket tag = parse(frame).get(Dot1qVlanTagPacket.class);
    assertThat(tag.getHeader().getVidAsInt()).isEqualTo(20);
  }

  @Test
  void aFrameThatEndsInsideATagHasNoPayload() {
    ByteBuf frame = Frames.ethernet(B, A, Ethernet.TYPE_VLAN, (byte) 0, (byte) 20);
    assertThat(Ethernet.payload(frame, 12, frame.writerIndex())).isEqualTo(-1);
    assertThat(Ethernet.vlan(frame, 12, frame.writerIndex())).isZero();
    frame.release();
  }

  @Test
  void settingTheTtlKeepsTheChecksum() {
    ByteBuf frame = Frames.udp4(B, A, 1, 2, 3, 4);
    for (int ttl = 0; ttl < 256; ttl++) {
      Ipv4.setTtl(frame, Frames.PAYLOAD, ttl);
      assertThat(Ipv4.ttl(frame, Frames.PAYLOAD)).isEqualTo(ttl);
      assertThat(Ipv4.checksumValid(frame, Frames.PAYLOAD)).isTrue();
    }
    frame.release();
  }

  @Test
  void anIpv4PacketThatIsCutShortIsRefused() {
    ByteBuf frame = Frames.udp4(B, A, 1, 2, 3, 4, new byte[10]);
    int end = frame.writerIndex();
    assertThat(Ipv4.check(frame, Frames.PAYLOAD, end)).isEqualTo(38);
    assertThat(Ipv4.check(frame, Frames.PAYLOAD, end - 1)).isEqualTo(-1);
    assertThat(Ipv4.check(frame, Frames.PAYLOAD, Frames.PAYLOAD + 19)).isEqualTo(-1);
    frame.setByte(Frames.PAYLOAD, 0x44);
    assertThat(Ipv4.check(frame, Frames.PAYLOAD, end)).isEqualTo(-1);
    frame.setByte(Frames.PAYLOAD, 0x65);
    assertThat(Ipv4.check(frame, Frames.PAYLOAD, end)).isEqualTo(-1);
    frame.release();
  }

  private static ByteBuf ipv6(int first, int... body) {
    ByteBuf b = Unpooled.buffer(200);
    b.writeZero(40);
    Ipv6.write(b, 0, body.length, first, 64, 0, 1, 0, 2);
    for (int octet : body) {
      b.writeByte(octet);
    }
    return b;
  }

  @Test
  void extensionHeadersAreWalkedToTheUpperLayer() {
    ByteBuf b =
        ipv6(
            Ipv6.HOP_BY_HOP,
            Ipv6.DESTINATION,
            0,
            0,
            0,
            0,
            0,
            0,
            0, // hop-by-hop, 8 bytes
            Ipv6.AUTHENTICATION,
            1,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0, // 16 bytes
            Ipv4.UDP,
            1,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0, // authentication, 12 bytes
            0,
            1,
            0,
            2,
            0,
            8,
            0,
            0);
    assertThat(Ipv6.check(b, 0, b.writerIndex())).isEqualTo(b.writerIndex());
    long walk = Ipv6.upperLayer(b, 0, b.writerIndex());
    assertThat(Ipv6.protocol(walk)).isEqualTo(Ipv4.UDP);
    assertThat(Ipv6.index(walk)).isEqualTo(40 + 8 + 16 + 12);
    assertThat(Ipv6.fragmented(walk)).isFalse();
  }

  @Test
  void fragmentsAreToldApart() {
    ByteBuf first = ipv6(Ipv6.FRAGMENT, Ipv4.UDP, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0);
    long walk = Ipv6.upperLayer(first, 0, first.writerIndex());
    assertThat(Ipv6.protocol(walk)).isEqualTo(Ipv4.UDP);
    assertThat(Ipv6.fragmented(walk)).isTrue();
    ByteBuf later = ipv6(Ipv6.FRAGMENT, Ipv4.UDP, 0, 0, 8, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0);
    walk = Ipv6.upperLayer(later, 0, later.writerIndex());
    assertThat(Ipv6.protocol(walk)).isEqualTo(Ipv6.FRAGMENT);
    assertThat(Ipv6.fragmented(walk)).isTrue();
    ByteBuf atomic = ipv6(Ipv6.FRAGMENT, Ipv4.UDP, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0);
    walk = Ipv6.upperLayer(atomic, 0, atomic.writerIndex());
    assertThat(Ipv6.protocol(walk)).isEqualTo(Ipv4.UDP);
    assertThat(Ipv6.fragmented(walk)).isFalse();
  }

  @Test
  void aChainOfExtensionsThatLeavesThePacketIsRefused() {
    ByteBuf b = ipv6(Ipv6.HOP_BY_HOP, Ipv4.UDP, 255, 0, 0, 0, 0, 0, 0);
    assertThat(Ipv6.upperLayer(b, 0, b.writerIndex())).isEqualTo(-1);
    int[] chain = new int[8 * 20];
    ByteBuf loop = ipv6(Ipv6.HOP_BY_HOP, chain);
    assertThat(Ipv6.upperLayer(loop, 0, loop.writerIndex())).isEqualTo(-1);
  }

  @Test
  void addressesAreParsedAsTheyArePrinted() {
    assertThat(Ethernet.format(A)).isEqualTo("52:54:00:00:00:01");
    assertThat(Ethernet.parse("52-54-00-AB-cd-ef")).isEqualTo(0x525400abcdefL);
    assertThat(Ipv4.format(0xc0a87f02)).isEqualTo("192.168.127.2");
    assertThat(Ipv4.parse("192.168.127.2")).isEqualTo(0xc0a87f02);
    assertThat(Ipv4.parse("0.0.0.0")).isZero();
    assertThat(Ipv4.parse("255.255.255.255")).isEqualTo(-1);
  }

  @Test
  void whatIsNoAddressIsRefused() {
    String[] macs = {
      "",
      "52:54:00:00:00",
      "52:54:00:00:00:0g",
      "525400000001",
      "52.54.00.00.00.01",
      "52:54:00:00:00:01:"
    };
    for (String text : macs) {
      assertThatThrownBy(() -> Ethernet.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
    String[] addresses = {
      "",
      "1.2.3",
      "1.2.3.4.5",
      "1.2.3.256",
      "01.2.3.4",
      "1..2.3",
      ".1.2.3",
      "1.2.3.4.",
      "a.b.c.d",
      "1.2.3.99999999999"
    };
    for (String text : addresses) {
      assertThatThrownBy(() -> Ipv4.parse(text))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
