package io.lanyard.vswitch.frame;

import io.netty.buffer.ByteBuf;

/**
 * The 12-byte {@code virtio_net_hdr_v1} that goes before every frame (VIRTIO 1.2 section 5.1.6),
 * little-endian: flags, gso_type, hdr_len, gso_size, csum_start, csum_offset, num_buffers.
 *
 * <p>Offsets inside the header count from the start of the Ethernet frame, not of this header.
 */
public final class OffloadHeader {
  /** Length of the header in bytes. */
  public static final int LENGTH = 12;

  /** Flag: the checksum from csum_start on is still to be computed and stored at csum_offset. */
  public static final int NEEDS_CSUM = 1;

  /** Flag: the sender vouches for the checksums. */
  public static final int DATA_VALID = 2;

  /** gso_type: an ordinary frame. */
  public static final int GSO_NONE = 0;

  /** gso_type: a TCP super-frame over IPv4. */
  public static final int GSO_TCPV4 = 1;

  /** gso_type: a TCP super-frame over IPv6. */
  public static final int GSO_TCPV6 = 4;

  /** gso_type: a UDP super-frame, each segment a datagram. */
  public static final int GSO_UDP_L4 = 5;

  /** Bit in gso_type: the first segment carries CWR (RFC 3168 section 6.1.2). */
  public static final int GSO_ECN = 0x80;

  private OffloadHeader() {}

  /**
   * Writes a header that says: an ordinary frame, checksums finished.
   *
   * @param frame the buffer
   * @param at index of the header
   */
  public static void clear(ByteBuf frame, int at) {
    frame.setLong(at, 0);
    frame.setInt(at + 8, 0);
  }

  /**
   * Writes a whole header; num_buffers becomes 0.
   *
   * @param frame the buffer
   * @param at index of the header
   * @param flags {@link #NEEDS_CSUM} and {@link #DATA_VALID}
   * @param gsoType one of the GSO constants
   * @param headerLength bytes from the start of the frame to the first byte of payload
   * @param gsoSize payload bytes a segment
   * @param checksumStart where the checksum begins, from the start of the frame
   * @param checksumOffset where it is stored, from {@code checksumStart}
   */
  public static void set(
      ByteBuf frame,
      int at,
      int flags,
      int gsoType,
      int headerLength,
      int gsoSize,
      int checksumStart,
      int checksumOffset) {
    frame.setByte(at, flags);
    frame.setByte(at + 1, gsoType);
    frame.setShortLE(at + 2, headerLength);
    frame.setShortLE(at + 4, gsoSize);
    frame.setShortLE(at + 6, checksumStart);
    frame.setShortLE(at + 8, checksumOffset);
    frame.setShort(at + 10, 0);
  }

  /**
   * Moves the offsets of a header that asks for something, as when a tag is taken out or put in.
   *
   * @param frame the buffer
   * @param at index of the header
   * @param by bytes that the headers of the frame have grown by; negative if they have shrunk
   */
  public static void moveOffsets(ByteBuf frame, int at, int by) {
    if ((flags(frame, at) & NEEDS_CSUM) != 0) {
      frame.setShortLE(at + 6, checksumStart(frame, at) + by);
    }
    if (gsoType(frame, at) != GSO_NONE) {
      frame.setShortLE(at + 2, Math.max(0, headerLength(frame, at) + by)); // only a hint
    }
  }

  /**
   * Reads the flags.
   *
   * @param frame the buffer
   * @param at index of the header
   * @return the flags byte
   */
  public static int flags(ByteBuf frame, int at) {
    return frame.getUnsignedByte(at);
  }

  /**
   * Reads the kind of super-frame.
   *
   * @param frame the buffer
   * @param at index of the header
   * @return the gso_type byte, {@link #GSO_ECN} included
   */
  public static int gsoType(ByteBuf frame, int at) {
    return frame.getUnsignedByte(at + 1);
  }

  /**
   * Reads the length of the headers that each segment repeats.
   *
   * @param frame the buffer
   * @param at index of the header
   * @return bytes from the start of the frame
   */
  public static int headerLength(ByteBuf frame, int at) {
    return frame.getUnsignedShortLE(at + 2);
  }

  /**
   * Reads the segment size.
   *
   * @param frame the buffer
   * @param at index of the header
   * @return payload bytes a segment
   */
  public static int gsoSize(ByteBuf frame, int at) {
    return frame.getUnsignedShortLE(at + 4);
  }

  /**
   * Reads where the unfinished checksum begins.
   *
   * @param frame the buffer
   * @param at index of the header
   * @return bytes from the start of the frame
   */
  public static int checksumStart(ByteBuf frame, int at) {
    return frame.getUnsignedShortLE(at + 6);
  }

  /**
   * Reads where the unfinished checksum is stored.
   *
   * @param frame the buffer
   * @param at index of the header
   * @return bytes from {@link #checksumStart}
   */
  public static int checksumOffset(ByteBuf frame, int at) {
    return frame.getUnsignedShortLE(at + 8);
  }
}
