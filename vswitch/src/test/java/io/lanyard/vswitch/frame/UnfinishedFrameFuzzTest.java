package io.lanyard.vswitch.frame;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * The work that is found to be left in a raw frame is such as a switch takes: segments within the
 * MTU, and nothing changed but the checksum that they begin from.
 *
 * <p>An input is the MTU, then the frame.
 */
class UnfinishedFrameFuzzTest {
  @FuzzTest
  void whatIsLeftToDoIsPossible(byte[] input) {
    FuzzInput in = new FuzzInput(input);
    int mtu = 576 + in.word() % 9000;
    byte[] raw = in.rest();
    // A heap buffer of exactly these bytes: an access beyond them throws.
    byte[] bytes = new byte[OffloadHeader.LENGTH + raw.length];
    System.arraycopy(raw, 0, bytes, OffloadHeader.LENGTH, raw.length);
    ByteBuf frame = Unpooled.wrappedBuffer(bytes);
    UnfinishedFrame.mark(frame, mtu);
    assertThat(frame.readerIndex()).isZero();
    assertThat(frame.readableBytes()).isEqualTo(OffloadHeader.LENGTH + raw.length);
    boolean marked = (OffloadHeader.flags(frame, 0) & OffloadHeader.NEEDS_CSUM) != 0;
    if (!marked) {
      for (int i = 0; i < OffloadHeader.LENGTH; i++) {
        assertThat(bytes[i]).as("header").isZero();
      }
      assertUnchanged(bytes, raw, -1);
      return;
    }
    int field = OffloadHeader.checksumStart(frame, 0) + OffloadHeader.checksumOffset(frame, 0);
    assertUnchanged(bytes, raw, field);
    int headers = OffloadCheck.check(frame);
    assertThat(headers).as("refused by a switch").isNotNegative();
    int size = OffloadHeader.gsoSize(frame, 0);
    if (headers > 0) {
      int packet = Ethernet.payload(frame, OffloadHeader.LENGTH, bytes.length);
      int link = packet - OffloadHeader.LENGTH;
      assertThat(SuperFrame.largestSegment(raw.length, headers, size) - link)
          .as("a segment")
          .isLessThanOrEqualTo(mtu);
    } else {
      assertThat(size).isZero();
      assertThat(OffloadCheck.isTransportChecksum(frame)).isTrue();
    }
  }

  private static void assertUnchanged(byte[] bytes, byte[] raw, int field) {
    for (int i = 0; i < raw.length; i++) {
      if (field < 0 || (i != field && i != field + 1)) {
        assertThat(bytes[OffloadHeader.LENGTH + i]).as("byte %d", i).isEqualTo(raw[i]);
      }
    }
  }
}
