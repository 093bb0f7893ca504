package io.lanyard.vswitch.frame;

import io.netty.buffer.ByteBuf;

/** The UDP header (RFC 768). {@code at} is the index of its first byte. */
public final class Udp {
  /** Bytes of a header. */
  public static final int HEADER_LENGTH = 8;

  /** Where the checksum lies in the header: what csum_offset says. */
  public static final int CHECKSUM_OFFSET = 6;

  private Udp() {}

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
   * Reads the length.
   *
   * @param b the buffer
   * @param at index of the header
   * @return bytes of header and payload
   */
  public static int length(ByteBuf b, int at) {
    return b.getUnsignedShort(at + 4);
  }

  /**
   * Writes the length; no checksum follows.
   *
   * @param b the buffer
   * @param at index of the header
   * @param value bytes of header and payload
   */
  public static void setLength(ByteBuf b, int at, int value) {
    b.setShort(at + 4, value);
  }

  /**
   * Reads the checksum.
   *
   * @param b the buffer
   * @param at index of the header
   * @return 16 bits; 0 over IPv4 means that there is none
   */
  public static int checksum(ByteBuf b, int at) {
    return b.getUnsignedShort(at + 6);
  }

  /**
   * Writes the checksum.
   *
   * @param b the buffer
   * @param at index of the header
   * @param value 16 bits; 0 over IPv4 means that there is none
   */
  public static void setChecksum(ByteBuf b, int at, int value) {
    b.setShort(at + 6, value);
  }

  /**
   * Checks that a whole datagram is there.
   *
   * @param b the buffer
   * @param at index of the header
   * @param end index behind the IP packet
   * @return bytes of header and payload; -1 if it is malformed or cut short
   */
  public static int check(ByteBuf b, int at, int end) {
    if (end - at < HEADER_LENGTH) {
      return -1;
    }
    int length = length(b, at);
    return length >= HEADER_LENGTH && length <= end - at ? length : -1;
  }

  /**
   * Writes a header without checksum.
   *
   * @param b the buffer
   * @param at index of the header
   * @param sourcePort the source port
   * @param destinationPort the destination port
   * @param length bytes of header and payload
   */
  public static void write(ByteBuf b, int at, int sourcePort, int destinationPort, int length) {
    b.setShort(at, sourcePort);
    b.setShort(at + 2, destinationPort);
    b.setShort(at + 4, length);
    b.setShort(at + 6, 0);
  }

  /**
   * Computes and stores the checksum of a datagram over IPv4.
   *
   * @param b the buffer
   * @param ip index of the IPv4 header
   * @param at index of the UDP header, whose length is right
   */
  public static void finishChecksum4(ByteBuf b, int ip, int at) {
    int length = length(b, at);
    setChecksum(b, at, 0);
    setChecksum(
        b,
        at,
        Checksum.finishUdp(
            Checksum.pseudo4(Ipv4.source(b, ip), Ipv4.destination(b, ip), Ipv4.UDP, length)
                + Checksum.sum(b, at, length)));
  }
}
