package io.lanyard.vswitch.frame;

import io.netty.buffer.ByteBuf;

/** The TCP header (RFC 9293 section 3.1). {@code at} is the index of its first byte. */
public final class Tcp {
  /** Bytes of a header without options. */
  public static final int HEADER_LENGTH = 20;

  /** Where the checksum lies in the header: what csum_offset says. */
  public static final int CHECKSUM_OFFSET = 16;

  /** Flag: no more data from the sender. */
  public static final int FIN = 0x01;

  /** Flag: synchronise sequence numbers. */
  public static final int SYN = 0x02;

  /** Flag: reset the connection. */
  public static final int RST = 0x04;

  /** Flag: push. */
  public static final int PSH = 0x08;

  /** Flag: the acknowledgment is significant. */
  public static final int ACK = 0x10;

  /** Flag: the urgent pointer is significant. */
  public static final int URG = 0x20;

  /** Flag: congestion experienced (RFC 3168). */
  public static final int ECE = 0x40;

  /** Flag: congestion window reduced (RFC 3168). */
  public static final int CWR = 0x80;

  private Tcp() {}

  /**
   * Reads the source port.
   *
   * @param b the buffer
   * @param at index of the header
   * @return the port
   */
  public static int sourcePort(ByteBuf b, int at) {
    return b.getUnsignedShort(at);
  }

  /**
   * Reads the destination port.
   *
   * @param b the buffer
   * @param at index of the header
   * @return the port
   */
  public static int destinationPort(ByteBuf b, int at) {
    return b.getUnsignedShort(at + 2);
  }

  /**
   * Reads the sequence number.
   *
   * @param b the buffer
   * @param at index of the header
   * @return 32 bits, to be compared by difference
   */
  public static int sequence(ByteBuf b, int at) {
    return b.getInt(at + 4);
  }

  /**
   * Writes the sequence number; no checksum follows.
   *
   * @param b the buffer
   * @param at index of the header
   * @param value 32 bits, to be compared by difference
   */
  public static void setSequence(ByteBuf b, int at, int value) {
    b.setInt(at + 4, value);
  }

  /**
   * Reads the acknowledgment number.
   *
   * @param b the buffer
   * @param at index of the header
   * @return 32 bits, to be compared by difference
   */
  public static int acknowledgment(ByteBuf b, int at) {
    return b.getInt(at + 8);
  }

  /**
   * Reads the eight flags.
   *
   * @param b the buffer
   * @param at index of the header
   * @return CWR to FIN
   */
  public static int flags(ByteBuf b, int at) {
    return b.getUnsignedByte(at + 13);
  }

  /**
   * Writes the eight flags; no checksum follows.
   *
   * @param b the buffer
   * @param at index of the header
   * @param value CWR to FIN
   */
  public static void setFlags(ByteBuf b, int at, int value) {
    b.setByte(at + 13, value);
  }

  /**
   * Reads the window as it lies.
   *
   * @param b the buffer
   * @param at index of the header
   * @return 16 bits, not scaled
   */
  public static int window(ByteBuf b, int at) {
    return b.getUnsignedShort(at + 14);
  }

  /**
   * Writes the checksum.
   *
   * @param b the buffer
   * @param at index of the header
   * @param value 16 bits
   */
  public static void setChecksum(ByteBuf b, int at, int value) {
    b.setShort(at + 16, value);
  }

  /**
   * Reads the header's length.
   *
   * @param b the buffer
   * @param at index of the header
   * @return bytes, options included; less than 20 is malformed
   */
  public static int headerLength(ByteBuf b, int at) {
    return (b.getByte(at + 12) & 0xf0) >>> 2;
  }

  /**
   * Checks that a whole header is there.
   *
   * @param b the buffer
   * @param at index of the header
   * @param end index behind the packet
   * @return the header's length; -1 if it is malformed or cut short
   */
  public static int check(ByteBuf b, int at, int end) {
    if (end - at < HEADER_LENGTH) {
      return -1;
    }
    int length = headerLength(b, at);
    return length >= HEADER_LENGTH && length <= end - at ? length : -1;
  }

  /**
   * Writes a header; checksum and urgent pointer become zero, options are left alone.
   *
   * @param b the buffer
   * @param at index of the header
   * @param sourcePort the source port
   * @param destinationPort the destination port
   * @param sequence the sequence number
   * @param acknowledgment the acknowledgment number
   * @param headerLength bytes, options included, a multiple of 4
   * @param flags CWR to FIN
   * @param window the window as it lies
   */
  public static void write(
      ByteBuf b,
      int at,
      int sourcePort,
      int destinationPort,
      int sequence,
      int acknowledgment,
      int headerLength,
      int flags,
      int window) {
    b.setShort(at, sourcePort);
    b.setShort(at + 2, destinationPort);
    b.setInt(at + 4, sequence);
    b.setInt(at + 8, acknowledgment);
    b.setByte(at + 12, headerLength << 2);
    b.setByte(at + 13, flags);
    b.setShort(at + 14, window);
    b.setInt(at + 16, 0);
  }
}
