package io.lanyard.vswitch.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ChecksumTest {
  private final SplittableRandom random = new SplittableRandom(7);

  /** RFC 1071 section 4.1, as it is written there. */
  private static int reference(ByteBuf b, int index, int length) {
    long sum = 0;
    int i = index;
    int left = length;
    while (left > 1) {
      sum += b.getUnsignedShort(i);
      i += 2;
      left -= 2;
    }
    if (left > 0) {
      sum += b.getUnsignedByte(i) << 8;
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return (int) sum;
  }

  private byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  @Test
  void sumsAsTheReferenceDoesAtEveryLengthAndAlignment() {
    byte[] data = bytes(200);
    ByteBuf direct = Unpooled.directBuffer(200).writeBytes(data);
    ByteBuf heap = Unpooled.wrappedBuffer(data);
    for (int index = 0; index < 16; index++) {
      for (int length = 0; length <= 200 - index; length++) {
        int expected = reference(heap, index, length);
        assertThat(Checksum.sum(direct, index, length)).isEqualTo(expected);
        assertThat(Checksum.sum(heap, index, length)).isEqualTo(expected);
      }
    }
    direct.release();
  }

  @Test
  void sumsALargeRangeOfOnesWithoutLosingACarry() {
    ByteBuf b = Unpooled.directBuffer(65535);
    for (int i = 0; i < 65535; i++) {
      b.writeByte(0xff);
    }
    assertThat(Checksum.sum(b, 0, 65535)).isEqualTo(reference(b, 0, 65535));
    b.release();
  }

  @Test
  void aRangeOutsideTheBufferIsRefused() {
    ByteBuf b = Unpooled.directBuffer(10, 10);
    assertThatThrownBy(() -> Checksum.sum(b, 5, 6)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> Checksum.sum(b, -1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> Checksum.sum(b, 0, -1)).isInstanceOf(IndexOutOfBoundsException.class);
    b.release();
  }

  @Test
  void theIncrementalUpdateEqualsTheFullSum() {
    for (int round = 0; round < 5_000; round++) {
      ByteBuf b = Unpooled.wrappedBuffer(bytes(64));
      b.setInt(0, 0x45000000 | random.nextInt(1 << 24)); // a real header is never all zero
      int before = Checksum.finish(Checksum.sum(b, 0, 64));
      int at = 4 + 2 * random.nextInt(28);
      int oldInt = b.getInt(at);
      int newInt = random.nextInt(4) == 0 ? 0 : random.nextInt();
      b.setInt(at, newInt);
      int after = Checksum.finish(Checksum.sum(b, 0, 64));
      assertThat(Checksum.update32(before, oldInt, newInt)).isEqualTo(after);
      assertThat(
              Checksum.update(
                  Checksum.update(before, oldInt >>> 16, newInt >>> 16),
                  oldInt & 0xffff,
                  newInt & 0xffff))
          .isEqualTo(after);
    }
  }

  @Test
  void theExampleOfRfc1624GivesZero() {
    // Section 4: HC 0xdd2f, m 0x5555, m' 0x3285.
    assertThat(Checksum.update(0xdd2f, 0x5555, 0x3285)).isZero();
  }

  @Test
  void anUnfinishedChecksumFollowsAnAddressChange() {
    int from = random.nextInt();
    int to = random.nextInt();
    int other = random.nextInt();
    int sum = Checksum.fold(Checksum.pseudo4(from, to, Ipv4.TCP, 1234));
    assertThat(Checksum.updateUnfinished32(sum, from, other))
        .isEqualTo(Checksum.fold(Checksum.pseudo4(other, to, Ipv4.TCP, 1234)));
  }

  @Test
  void completingFillsTheFieldAndClearsTheHeader() {
    ByteBuf frame = Frames.udp4(2, 4, 0x0a000001, 53, 0x0a000002, 4000, bytes(101));
    int udp = Frames.PAYLOAD + Ipv4.HEADER_LENGTH;
    int finished = Udp.checksum(frame, udp);
    Udp.setChecksum(
        frame, udp, Checksum.fold(Checksum.pseudo4(0x0a000001, 0x0a000002, Ipv4.UDP, 109)));
    OffloadHeader.set(frame, 0, OffloadHeader.NEEDS_CSUM, 0, 0, 0, 34, 6);
    Checksum.complete(frame);
    assertThat(Udp.checksum(frame, udp)).isEqualTo(finished);
    assertThat(OffloadHeader.flags(frame, 0)).isZero();
    frame.release();
  }
}
