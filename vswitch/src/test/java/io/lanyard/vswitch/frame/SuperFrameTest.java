package io.lanyard.vswitch.frame;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pcap4j.packet.EthernetPacket;
import org.pcap4j.packet.IllegalRawDataException;
import org.pcap4j.packet.IpPacket;
import org.pcap4j.packet.IpV4Packet;
import org.pcap4j.packet.IpV6Packet;
import org.pcap4j.packet.TcpPacket;
import org.pcap4j.packet.UdpPacket;

/** Segments are checked with pcap4j, which parses and sums by code of its own. */
class SuperFrameTest {
  private static final int FROM = 0xc0a87f0a;
  private static final int TO = 0xc0a87f02;
  private final SplittableRandom random = new SplittableRandom(11);

  private byte[] payload(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /** Builds a TCP super-frame with 12 bytes of options. */
  static ByteBuf tso(boolean v6, int tags, int gso, int flags, byte[] payload) {
    int ipHeader = v6 ? Ipv6.HEADER_LENGTH : Ipv4.HEADER_LENGTH;
    int ip = Ethernet.HEADER_LENGTH + 4 * tags;
    int tcp = ip + ipHeader;
    int headers = tcp + 32;
    ByteBuf frame = Frames.blank(headers + payload.length);
    writeEthernet(frame, v6, tags);
    int length = 32 + payload.length;
    int at = OffloadHeader.LENGTH;
    long pseudo;
    if (v6) {
      Ipv6.write(frame, at + ip, length, Ipv4.TCP, 64, 0xfd00L << 48, 1, 0xfd00L << 48, 2);
      pseudo = Checksum.pseudo6(frame, at + ip, Ipv4.TCP, length);
    } else {
      Ipv4.write(frame, at + ip, 20 + length, 0xfffe, 0x4000, 64, Ipv4.TCP, FROM, TO);
      pseudo = Checksum.pseudo4(FROM, TO, Ipv4.TCP, length);
    }
    Tcp.write(frame, at + tcp, 40000, 80, 0xfffffc00, 77, 32, flags, 512);
    frame.setInt(at + tcp + 20, 0x0101080a);
    Tcp.setChecksum(frame, at + tcp, Checksum.fold(pseudo));
    frame.setBytes(at + headers, payload);
    OffloadHeader.set(
        frame,
        0,
        OffloadHeader.NEEDS_CSUM,
        v6 ? OffloadHeader.GSO_TCPV6 : OffloadHeader.GSO_TCPV4,
        headers,
        gso,
        tcp,
        Tcp.CHECKSUM_OFFSET);
    return frame;
  }

  private static void writeEthernet(ByteBuf frame, boolean v6, int tags) {
    int at = OffloadHeader.LENGTH;
    int type = v6 ? Ethernet.TYPE_IPV6 : Ethernet.TYPE_IPV4;
    Ethernet.write(frame, at, 0x525400000002L, 0x525400000001L, type);
    for (int i = 0; i < tags; i++) {
      frame.setShort(
          at + 12 + 4 * i, i + 1 < tags ? Ethernet.TYPE_SERVICE_VLAN : Ethernet.TYPE_VLAN);
      frame.setShort(at + 14 + 4 * i, 100 + i);
      frame.setShort(at + 16 + 4 * i, type);
    }
  }

  /** Builds a UDP super-frame. */
  static ByteBuf uso(boolean v6, int gso, byte[] payload) {
    int header = v6 ? Ipv6.HEADER_LENGTH : Ipv4.HEADER_LENGTH;
    int start = Ethernet.HEADER_LENGTH + header;
    ByteBuf frame = Frames.blank(start + 8 + payload.length);
    writeEthernet(frame, v6, 0);
    int length = 8 + payload.length;
    int ip = Frames.PAYLOAD;
    int udp = ip + header;
    long pseudo;
    if (v6) {
      Ipv6.write(frame, ip, length, Ipv4.UDP, 64, 0xfd00L << 48, 1, 0xfd00L << 48, 2);
      pseudo = Checksum.pseudo6(frame, ip, Ipv4.UDP, length);
    } else {
      Ipv4.write(frame, ip, 20 + length, 9, 0x4000, 64, Ipv4.UDP, FROM, TO);
      pseudo = Checksum.pseudo4(FROM, TO, Ipv4.UDP, length);
    }
    Udp.write(frame, udp, 1000, 2000, length);
    Udp.setChecksum(frame, udp, Checksum.fold(pseudo));
    frame.setBytes(udp + 8, payload);
    OffloadHeader.set(
        frame,
        0,
        OffloadHeader.NEEDS_CSUM,
        OffloadHeader.GSO_UDP_L4,
        start + 8,
        gso,
        start,
        Udp.CHECKSUM_OFFSET);
    return frame;
  }

  private static byte[] bytes(ByteBuf segment) {
    byte[] bytes = new byte[segment.readableBytes() - OffloadHeader.LENGTH];
    segment.getBytes(OffloadHeader.LENGTH, bytes);
    return bytes;
  }

  @Test
  void tcpSegmentsHoldTheSamePayloadWithChecksumsThatPcap4jAccepts()
      throws IllegalRawDataException {
    for (boolean v6 : new boolean[] {false, true}) {
      for (int size : new int[] {1, 1448, 1449, 5000, 60_000}) {
        byte[] payload = payload(size);
        int flags = Tcp.ACK | Tcp.PSH | Tcp.FIN | Tcp.CWR;
        ByteBuf frame = tso(v6, 0, 1448, flags, payload);
        assertThat(OffloadCheck.valid(frame)).isTrue();
        checkTcp(frame, v6, payload);
        frame.release();
      }
    }
  }

  private static void checkTcp(ByteBuf frame, boolean v6, byte[] payload)
      throws IllegalRawDataException {
    int count = Frames.segments(frame);
    assertThat(count).isEqualTo((payload.length + 1447) / 1448);
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    ByteBuf segment = Unpooled.directBuffer(64);
    int wire = 0;
    for (int i = 0; i < count; i++) {
      Frames.copySegment(frame, i, segment);
      byte[] bytes = bytes(segment);
      wire += bytes.length;
      EthernetPacket packet = EthernetPacket.newPacket(bytes, 0, bytes.length);
      TcpPacket tcp = packet.get(TcpPacket.class);
      if (v6) {
        IpV6Packet ip = packet.get(IpV6Packet.class);
        assertThat(ip.getHeader().getPayloadLengthAsInt()).isEqualTo(bytes.length - 54);
        assertThat(
                tcp.hasValidChecksum(
                    ip.getHeader().getSrcAddr(), ip.getHeader().getDstAddr(), false))
            .isTrue();
      } else {
        IpV4Packet ip = packet.get(IpV4Packet.class);
        assertThat(ip.getHeader().hasValidChecksum(false)).isTrue();
        assertThat(ip.getHeader().getTotalLengthAsInt()).isEqualTo(bytes.length - 14);
        assertThat(ip.getHeader().getIdentificationAsInt()).isEqualTo(0xfffe + i & 0xffff);
        assertThat(
                tcp.hasValidChecksum(
                    ip.getHeader().getSrcAddr(), ip.getHeader().getDstAddr(), false))
            .isTrue();
      }
      TcpPacket.TcpHeader header = tcp.getHeader();
      assertThat(header.getSequenceNumber()).isEqualTo(0xfffffc00 + joined.size());
      assertThat(header.getFin()).isEqualTo(i == count - 1);
      assertThat(header.getPsh()).isEqualTo(i == count - 1);
      assertThat((bytes[(v6 ? 54 : 34) + 13] & Tcp.CWR) != 0).isEqualTo(i == 0);
      joined.writeBytes(tcp.getPayload().getRawData());
    }
    segment.release();
    assertThat(joined.toByteArray()).isEqualTo(payload);
    int length = frame.readableBytes() - OffloadHeader.LENGTH;
    assertThat(SuperFrame.wireBytes(length, OffloadCheck.check(frame), count)).isEqualTo(wire);
  }

  @Test
  void tagsStayOnEverySegment() {
    byte[] payload = payload(3000);
    ByteBuf frame = tso(false, 2, 1000, Tcp.ACK, payload);
    assertThat(OffloadCheck.valid(frame)).isTrue();
    ByteBuf segment = Unpooled.directBuffer(64);
    for (int i = 0; i < 3; i++) {
      Frames.copySegment(frame, i, segment);
      assertThat(Ethernet.vlan(segment, 12, segment.writerIndex())).isEqualTo(100);
      int ip = Ethernet.payload(segment, 12, segment.writerIndex());
      assertThat(Ipv4.check(segment, ip, segment.writerIndex())).isEqualTo(1052);
      assertThat(Checksum.transport4(segment, ip, Ipv4.TCP, ip + 20, 1032)).isZero();
    }
    segment.release();
    frame.release();
  }

  /** A frame of {@link #tso} on its way by a router, as its routing header says. */
  private static ByteBuf routed(ByteBuf plain) {
    int ip = Frames.PAYLOAD;
    int tcp = ip + Ipv6.HEADER_LENGTH;
    int routing = 24;
    ByteBuf frame = Frames.blank(plain.readableBytes() - OffloadHeader.LENGTH + routing);
    frame.setBytes(0, plain, 0, tcp);
    frame.setBytes(tcp + routing, plain, tcp, plain.writerIndex() - tcp);
    Ipv6.setPayloadLength(frame, ip, frame.writerIndex() - tcp);
    frame.setByte(ip + 6, 43);
    // RFC 8200 section 4.4: next header, length, type, segments left; then the final destination.
    frame.setInt(tcp, Ipv4.TCP << 24 | 2 << 16 | 4 << 8 | 1);
    frame.setInt(tcp + 4, 0);
    frame.setBytes(tcp + 8, plain, ip + 24, 16);
    frame.setByte(ip + 39, 9);
    OffloadHeader.set(
        frame,
        0,
        OffloadHeader.NEEDS_CSUM,
        OffloadHeader.GSO_TCPV6,
        tcp + routing + 32 - OffloadHeader.LENGTH,
        1448,
        tcp + routing - OffloadHeader.LENGTH,
        Tcp.CHECKSUM_OFFSET);
    return frame;
  }

  @Test
  void segmentsWithARoutingHeaderAreSummedForTheFinalDestination() {
    ByteBuf plain = tso(true, 0, 1448, Tcp.ACK, payload(4000));
    ByteBuf frame = routed(plain);
    ByteBuf segment = Frames.blank(0);
    assertThat(OffloadCheck.valid(frame)).isTrue();
    assertThat(Frames.segments(frame)).isEqualTo(3);
    for (int i = 0; i < 3; i++) {
      Frames.copySegment(frame, i, segment);
      int tcp = Frames.PAYLOAD + Ipv6.HEADER_LENGTH + 24;
      segment.setByte(Frames.PAYLOAD + 39, 2);
      assertThat(
              Checksum.transport6(
                  segment, Frames.PAYLOAD, Ipv4.TCP, tcp, segment.writerIndex() - tcp))
          .isZero();
    }
    plain.release();
    frame.release();
    segment.release();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void udpSegmentsAreWholeDatagrams(boolean v6) throws IllegalRawDataException {
    byte[] payload = payload(2500);
    ByteBuf frame = uso(v6, 1000, payload);
    assertThat(OffloadCheck.valid(frame)).isTrue();
    assertThat(Frames.segments(frame)).isEqualTo(3);
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    ByteBuf segment = Unpooled.directBuffer(64);
    for (int i = 0; i < 3; i++) {
      Frames.copySegment(frame, i, segment);
      byte[] bytes = bytes(segment);
      EthernetPacket packet = EthernetPacket.newPacket(bytes, 0, bytes.length);
      IpPacket.IpHeader ip = packet.get(IpPacket.class).getHeader();
      UdpPacket udp = packet.get(UdpPacket.class);
      assertThat(udp.getHeader().getLengthAsInt()).isEqualTo(i < 2 ? 1008 : 508);
      assertThat(udp.hasValidChecksum(ip.getSrcAddr(), ip.getDstAddr(), false)).isTrue();
      joined.writeBytes(udp.getPayload().getRawData());
    }
    segment.release();
    frame.release();
    assertThat(joined.toByteArray()).isEqualTo(payload);
  }

  @Test
  void aSumOfZeroIsSentAsAllOnesInEverySegmentOfUdp() {
    ByteBuf frame = uso(false, 2, new byte[6]);
    ByteBuf segment = Unpooled.directBuffer(64);
    int checksum = Frames.PAYLOAD + 20 + Udp.CHECKSUM_OFFSET;
    Frames.copySegment(frame, 1, segment);
    int sum = segment.getUnsignedShort(checksum);
    // With its complement as payload the sum comes out as 0, which means "none" (RFC 768).
    frame.setShort(Frames.PAYLOAD + 28 + 2, sum);
    Frames.copySegment(frame, 1, segment);
    assertThat(segment.getUnsignedShort(checksum)).isEqualTo(0xffff);
    Frames.copySegment(frame, 2, segment);
    assertThat(segment.getUnsignedShort(checksum)).isEqualTo(sum);
    segment.release();
    frame.release();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void superFramesOfUdpHaveAsManyDatagramsAsLinuxCanCut(boolean v6) {
    record Shape(int size, int payload, int segments, boolean valid) {}
    Shape[] shapes = {
      new Shape(1, 128, 128, true),
      new Shape(1, 129, 129, false),
      new Shape(500, 64_000, 128, true),
      new Shape(500, 64_001, 129, false),
      new Shape(1400, 100, 1, true), // shorter than one
      new Shape(65_535, 1000, 1, true),
      new Shape(1400, 0, 1, true), // an empty datagram
      new Shape(1400, 2800, 2, true), // and no empty one behind
      new Shape(0, 1000, 0, false),
    };
    for (Shape shape : shapes) {
      ByteBuf frame = uso(v6, shape.size, new byte[shape.payload]);
      assertThat(OffloadCheck.valid(frame)).as(shape.toString()).isEqualTo(shape.valid);
      if (shape.size > 0) {
        int header = v6 ? Ipv6.HEADER_LENGTH : Ipv4.HEADER_LENGTH;
        int headers = Ethernet.HEADER_LENGTH + header + Udp.HEADER_LENGTH;
        assertThat(SuperFrame.segments(headers + shape.payload, headers, shape.size))
            .as(shape.toString())
            .isEqualTo(shape.segments);
      }
      frame.release();
    }
  }

  @Test
  void impossibleHeadersAreRefused() {
    ByteBuf good = tso(false, 0, 1448, Tcp.ACK, payload(5000));
    assertThat(OffloadCheck.valid(good)).isTrue();
    record Bad(int flags, int type, int headerLength, int gso, int start, int offset) {}
    Bad[] bad = {
      new Bad(1, 1, 66, 0, 34, 16), // no segment size
      new Bad(1, 1, 66, 1, 34, 16), // 5,000 segments
      new Bad(1, 1, 60_000, 1448, 34, 16), // headers longer than the frame
      new Bad(1, 1, 66, 1448, 33, 16), // not where TCP begins
      new Bad(1, 1, 66, 1448, 34, 6), // not where TCP has its checksum
      new Bad(1, 4, 66, 1448, 34, 16), // TCPv6 over IPv4
      new Bad(1, 5, 66, 1448, 34, 6), // UDP, but it is TCP
      new Bad(1, 3, 66, 1448, 34, 6), // UFO, which nobody negotiated
      new Bad(1, 2, 66, 1448, 34, 16), // no such type
      new Bad(0, 1, 66, 1448, 34, 16), // a super-frame with a finished checksum
      new Bad(1, 0, 0, 0, 13, 16), // inside the Ethernet header
      new Bad(1, 0, 0, 0, 5065, 1), // behind the end
      new Bad(1, 0, 0, 0, 65535, 65535),
    };
    for (Bad b : bad) {
      OffloadHeader.set(good, 0, b.flags, b.type, b.headerLength, b.gso, b.start, b.offset);
      assertThat(OffloadCheck.valid(good)).as(b.toString()).isFalse();
    }
    good.release();
  }

  @Test
  void whateverPassesTheCheckCanBeCarriedOut() {
    ByteBuf segment = Frames.untracked(64);
    ByteBuf work = Frames.untracked(4096);
    ByteBuf[] corpus = {
      tso(false, 0, 536, Tcp.ACK, payload(3000)),
      tso(false, 1, 536, Tcp.ACK, payload(3000)),
      tso(true, 0, 536, Tcp.ACK, payload(3000)),
      uso(false, 100, payload(3000)),
      uso(true, 100, payload(3000))
    };
    int valid = 0;
    for (int round = 0; round < 300_000; round++) {
      ByteBuf seed = corpus[round % corpus.length];
      work.clear();
      work.writeBytes(seed, 0, 26 + random.nextInt(seed.writerIndex() - 25));
      for (int i = random.nextInt(4); i > 0; i--) {
        work.setByte(random.nextInt(Math.min(90, work.writerIndex())), random.nextInt());
      }
      if (OffloadCheck.valid(work)) {
        valid++;
        carryOut(work, segment);
      }
    }
    segment.release();
    work.release();
    for (ByteBuf seed : corpus) {
      seed.release();
    }
    assertThat(valid).isGreaterThan(50_000);
  }

  private static void carryOut(ByteBuf frame, ByteBuf segment) {
    int count = Frames.segments(frame);
    if (count < 1 || count > 1400) {
      throw new AssertionError(count + " segments");
    }
    if (Frames.isSuper(frame)) {
      for (int i = 0; i < count; i++) {
        Frames.copySegment(frame, i, segment);
        if (segment.readableBytes() - 12
            > SuperFrame.largestSegment(
                frame.readableBytes() - OffloadHeader.LENGTH,
                OffloadCheck.check(frame),
                OffloadHeader.gsoSize(frame, 0))) {
          throw new AssertionError("segment " + i + " is too large");
        }
      }
    } else if ((OffloadHeader.flags(frame, 0) & 1) != 0) {
      Checksum.complete(frame);
    }
  }
}
