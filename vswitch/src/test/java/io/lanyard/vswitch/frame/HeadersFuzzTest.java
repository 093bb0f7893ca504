package io.lanyard.vswitch.frame;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** The headers of a frame with any bytes are read within it, and measure no more than it has. */
class HeadersFuzzTest {
  @FuzzTest
  void headersAreReadWithinTheFrame(byte[] input) {
    // A heap buffer of exactly these bytes: an access beyond them throws.
    ByteBuf frame = Unpooled.wrappedBuffer(input);
    int end = input.length;
    if (end < OffloadHeader.LENGTH + Ethernet.HEADER_LENGTH) {
      return;
    }
    int at = OffloadHeader.LENGTH;
    int headers = OffloadCheck.check(frame);
    assertThat(headers).isBetween(-1, end - at);
    if (headers > 0) {
      int size = OffloadHeader.gsoSize(frame, 0);
      int segments = SuperFrame.segments(end - at, headers, size);
      assertThat(segments).isPositive();
      assertThat(SuperFrame.largestSegment(end - at, headers, size)).isBetween(headers, end - at);
      assertThat(SuperFrame.wireBytes(end - at, headers, segments))
          .isGreaterThanOrEqualTo(end - at);
    } else if (headers == 0) {
      boolean isTransport = OffloadCheck.isTransportChecksum(frame);
      byte[] before = input.clone();
      finishes(frame, isTransport, before);
    }
    Ethernet.vlan(frame, at, end);
    Ethernet.hasPriorityTag(frame, at, end);
    int packet = Ethernet.payload(frame, at, end);
    if (packet < 0) {
      return;
    }
    assertThat(packet).isBetween(at + Ethernet.HEADER_LENGTH, end);
    if (Arp.check(frame, packet, end)) {
      assertThat(end - packet).isGreaterThanOrEqualTo(Arp.LENGTH);
    }
    int ipv4 = Ipv4.check(frame, packet, end);
    if (ipv4 != -1) {
      assertThat(ipv4).isBetween(Ipv4.headerLength(frame, packet), end - packet);
      Ipv4.checksumValid(frame, packet);
      transport(frame, packet + Ipv4.headerLength(frame, packet), packet + ipv4);
    }
    int ipv6 = Ipv6.check(frame, packet, end);
    if (ipv6 != -1) {
      assertThat(ipv6).isBetween(Ipv6.HEADER_LENGTH, end - packet);
      long walk = Ipv6.upperLayer(frame, packet, packet + ipv6);
      if (walk != -1) {
        assertThat(Ipv6.index(walk)).isBetween(packet + Ipv6.HEADER_LENGTH, packet + ipv6);
        transport(frame, Ipv6.index(walk), packet + ipv6);
      }
    }
  }

  private static void transport(ByteBuf frame, int at, int end) {
    assertThat(Tcp.check(frame, at, end)).isBetween(-1, end - at);
    assertThat(Udp.check(frame, at, end)).isBetween(-1, end - at);
    if (end - at >= Icmp.HEADER_LENGTH) {
      Icmp.checksumValid(frame, at, end - at);
    }
  }

  /** Finishing a checksum changes the two bytes that it is stored in, and the offload header. */
  private static void finishes(ByteBuf frame, boolean isTransport, byte[] before) {
    if ((OffloadHeader.flags(frame, 0) & OffloadHeader.NEEDS_CSUM) == 0) {
      return;
    }
    int field =
        OffloadHeader.LENGTH
            + OffloadHeader.checksumStart(frame, 0)
            + OffloadHeader.checksumOffset(frame, 0);
    if (isTransport) {
      assertThat(field).isGreaterThan(OffloadHeader.LENGTH + Ethernet.HEADER_LENGTH + 20);
    }
    ByteBuf finished = Unpooled.copiedBuffer(before);
    Checksum.complete(finished);
    for (int i = OffloadHeader.LENGTH; i < before.length; i++) {
      if (i != field && i != field + 1) {
        assertThat(finished.getByte(i)).as("byte " + i).isEqualTo(before[i]);
      }
    }
    assertThat(OffloadHeader.flags(finished, 0) & OffloadHeader.NEEDS_CSUM).isZero();
  }

  /** The sum of any bytes, at any offset, is that of RFC 1071. */
  @FuzzTest
  void aSumIsThatOfItsBytes(byte[] input) {
    FuzzInput in = new FuzzInput(input);
    int skip = in.choice(16);
    byte[] bytes = in.rest();
    int from = Math.min(skip, bytes.length);
    long expected = 0;
    for (int i = from; i < bytes.length; i++) {
      expected += (bytes[i] & 255L) << ((i - from & 1) == 0 ? 8 : 0);
    }
    while (expected >>> 16 != 0) {
      expected = (expected & 0xffff) + (expected >>> 16);
    }
    ByteBuf buffer = Unpooled.directBuffer(bytes.length).writeBytes(bytes);
    assertThat(Checksum.fold(Checksum.sum(buffer, from, bytes.length - from)))
        .isEqualTo((int) expected);
    buffer.release();
  }

  @FuzzTest
  void aMacAddressIsReadAsItIsPrinted(byte[] input) {
    String text = new FuzzInput(input).text();
    long mac;
    try {
      mac = Ethernet.parse(text);
    } catch (IllegalArgumentException refused) {
      assertThat(refused.getMessage()).isNotBlank();
      return;
    }
    assertThat(Ethernet.parse(Ethernet.format(mac))).isEqualTo(mac).isBetween(0L, (1L << 48) - 1);
    assertThat(Ethernet.format(mac)).isEqualToIgnoringCase(text.replace('-', ':'));
  }
}
