package io.lanyard.vswitch.frame;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * The Internet checksum: full (RFC 1071) and incremental (RFC 1624).
 *
 * <p>A <em>partial sum</em> is a non-negative {@code long}, not yet folded, of big-endian 16-bit
 * words. Partial sums of parts that begin at an even distance from each other may simply be added;
 * {@link #finish} makes the field's value of their total. Up to 2^31 partial sums may be added
 * before one overflows.
 */
public final class Checksum {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** All memory: a constant segment lets the compiler drop the bounds check of each word. */
  private static final MemorySegment MEMORY = allMemory();

  private static final long LOW = 0xffff_ffffL;

  private Checksum() {}

  @SuppressWarnings("restricted") // the range is checked against the buffer before it is read
  private static MemorySegment allMemory() {
    return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  }

  /**
   * Sums a range. An odd last byte counts as the high byte of a word (RFC 1071 section 4.1).
   *
   * @param buffer the buffer
   * @param index where the range begins
   * @param length its length in bytes
   * @return the partial sum, between 0 and 0xffff
   */
  public static long sum(ByteBuf buffer, int index, int length) {
    Objects.checkFromIndexSize(index, length, buffer.capacity());
    return buffer.hasMemoryAddress()
        ? sumMemory(buffer.memoryAddress() + index, length)
        : sumBuffer(buffer, index, length);
  }

  /**
   * Sums little-endian words, eight bytes at a time, and swaps the result: the sum does not depend
   * on the byte order (RFC 1071 section 2B).
   */
  private static long sumMemory(long address, int length) {
    long even = 0;
    long odd = 0;
    int i = 0;
    for (; i <= length - 32; i += 32) {
      long a = MEMORY.get(WORD, address + i);
      long b = MEMORY.get(WORD, address + i + 8);
      long c = MEMORY.get(WORD, address + i + 16);
      long d = MEMORY.get(WORD, address + i + 24);
      even += (a & LOW) + (b & LOW) + (c & LOW) + (d & LOW);
      odd += (a >>> 32) + (b >>> 32) + (c >>> 32) + (d >>> 32);
    }
    for (; i <= length - 8; i += 8) {
      long a = MEMORY.get(WORD, address + i);
      even += a & LOW;
      odd += a >>> 32;
    }
    long tail = 0;
    for (int shift = 0; i < length; i++, shift += 8) {
      tail |= (MEMORY.get(ValueLayout.JAVA_BYTE, address + i) & 0xffL) << shift;
    }
    return swap(fold(even + odd + (tail & LOW) + (tail >>> 32)));
  }

  private static long sumBuffer(ByteBuf buffer, int index, int length) {
    long sum = 0;
    int i = index;
    int end = index + length;
    for (; i <= end - 8; i += 8) {
      long a = buffer.getLongLE(i);
      sum += (a & LOW) + (a >>> 32);
    }
    long tail = 0;
    for (int shift = 0; i < end; i++, shift += 8) {
      tail |= (buffer.getByte(i) & 0xffL) << shift;
    }
    return swap(fold(sum + (tail & LOW) + (tail >>> 32)));
  }

  private static int swap(int word) {
    return (word >>> 8 | word << 8) & 0xffff;
  }

  /**
   * Folds the carries into 16 bits.
   *
   * @param sum a partial sum
   * @return the same sum, between 0 and 0xffff: what an unfinished checksum field holds
   */
  public static int fold(long sum) {
    long s = (sum >>> 32) + (sum & LOW);
    s = (s >>> 32) + (s & LOW);
    s = (s >>> 16) + (s & 0xffff);
    s = (s >>> 16) + (s & 0xffff);
    s = (s >>> 16) + (s & 0xffff);
    return (int) s;
  }

  /**
   * Makes the value of a checksum field.
   *
   * @param sum the partial sum of all that the checksum covers, its own field taken as zero
   * @return 16 bits
   */
  public static int finish(long sum) {
    return ~fold(sum) & 0xffff;
  }

  /**
   * Makes the value of a UDP checksum field, where zero means that there is none (RFC 768).
   *
   * @param sum the partial sum, pseudo-header included
   * @return 16 bits, never zero
   */
  public static int finishUdp(long sum) {
    int checksum = finish(sum);
    return checksum == 0 ? 0xffff : checksum;
  }

  /**
   * Sums the pseudo-header of TCP or UDP over IPv4 (RFC 9293 section 3.1).
   *
   * @param source the source address
   * @param destination the destination address
   * @param protocol the IP protocol
   * @param length bytes of transport header and payload
   * @return the partial sum
   */
  public static long pseudo4(int source, int destination, int protocol, int length) {
    return (source & LOW) + (destination & LOW) + protocol + length;
  }

  /**
   * Sums the pseudo-header of IPv6 (RFC 8200 section 8.1), addresses taken from the packet.
   *
   * @param buffer the buffer
   * @param ip index of the IPv6 header
   * @param protocol the upper-layer protocol
   * @param length bytes of upper-layer header and payload
   * @return the partial sum
   */
  public static long pseudo6(ByteBuf buffer, int ip, int protocol, int length) {
    return sum(buffer, ip + 8, 32) + protocol + length;
  }

  /**
   * Computes the checksum of a transport packet over IPv4. Its field must hold zero, or must be
   * valid, in which case the result is 0 (verification) or 0xffff.
   *
   * @param buffer the buffer
   * @param ip index of the IPv4 header
   * @param protocol the IP protocol
   * @param index index of the transport header
   * @param length bytes of transport header and payload
   * @return what {@link #finish} makes of it
   */
  public static int transport4(ByteBuf buffer, int ip, int protocol, int index, int length) {
    return finish(
        pseudo4(Ipv4.source(buffer, ip), Ipv4.destination(buffer, ip), protocol, length)
            + sum(buffer, index, length));
  }

  /**
   * Computes the checksum of a transport packet over IPv6, as {@link #transport4} does.
   *
   * @param buffer the buffer
   * @param ip index of the IPv6 header
   * @param protocol the upper-layer protocol
   * @param index index of the transport header
   * @param length bytes of transport header and payload
   * @return what {@link #finish} makes of it
   */
  public static int transport6(ByteBuf buffer, int ip, int protocol, int index, int length) {
    return finish(pseudo6(buffer, ip, protocol, length) + sum(buffer, index, length));
  }

  /**
   * Updates a checksum after a 16-bit word changed (RFC 1624 equation 3).
   *
   * @param checksum the field before
   * @param before the word before
   * @param after the word after
   * @return the field after
   */
  public static int update(int checksum, int before, int after) {
    return finish((~checksum & 0xffffL) + (~before & 0xffffL) + (after & 0xffffL));
  }

  /**
   * Updates a checksum after 32 bits changed that begin at an even distance.
   *
   * @param checksum the field before
   * @param before the bits before
   * @param after the bits after
   * @return the field after
   */
  public static int update32(int checksum, int before, int after) {
    return finish((~checksum & 0xffffL) + (~before & LOW) + (after & LOW));
  }

  /**
   * Updates an unfinished checksum (a pseudo-header's folded sum, not complemented) after 32 bits
   * of the pseudo-header changed.
   *
   * @param sum the field before
   * @param before the bits before
   * @param after the bits after
   * @return the field after
   */
  public static int updateUnfinished32(int sum, int before, int after) {
    return fold((sum & 0xffffL) + (~before & LOW) + (after & LOW));
  }

  /**
   * Finishes the checksum that a frame's offload header asks for, and clears NEEDS_CSUM. A result
   * of zero is stored as 0xffff, which every protocol reads as the same and UDP requires.
   *
   * @param frame reader index at a valid offload header ({@link OffloadCheck}) with NEEDS_CSUM, the
   *     frame up to the writer index
   */
  public static void complete(ByteBuf frame) {
    int header = frame.readerIndex();
    int start = header + OffloadHeader.LENGTH + OffloadHeader.checksumStart(frame, header);
    int field = start + OffloadHeader.checksumOffset(frame, header);
    int checksum = finishUdp(sum(frame, start, frame.writerIndex() - start));
    frame.setShort(field, checksum);
    OffloadHeader.clear(frame, header);
  }
}
