package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.gateway.TestPackets;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;

/** Any TCP header and options are read within the packet. */
class SegmentFuzzTest {
  private static final int IP = GuestLink.LINK_HEADROOM;

  @FuzzTest
  void aSegmentIsReadWithinItsPacket(byte[] input) {
    byte[] bytes = new byte[IP + 20 + input.length];
    System.arraycopy(input, 0, bytes, IP + 20, input.length);
    ByteBuf frame = Unpooled.wrappedBuffer(bytes);
    frame.setShort(IP, 0x4500);
    frame.setShort(IP + 2, 20 + input.length);
    frame.setByte(IP + 9, 6);
    frame.setInt(IP + 12, Family.IPV4.guestAddress.ipv4());
    frame.setInt(IP + 16, Family.IPV4.serverAddress.ipv4());
    Segment segment = new Segment();
    if (segment.parse(TestPackets.toGateway(Family.IPV4.guest, frame))) {
      assertThat(segment.length).isBetween(0, input.length - 20);
      assertThat(segment.payload).isBetween(IP + 40, bytes.length);
      assertThat(segment.payload + segment.length).isEqualTo(bytes.length);
      assertThat(segment.blocks).isBetween(0, segment.blockStart.length);
      assertThat(segment.shift).isBetween(-1, 14);
      segment.checksumHolds();
    }
    assertThat(bytes).endsWith(Arrays.copyOf(input, input.length));
  }
}
