package io.lanyard.vswitch.frame;

import io.netty.buffer.ByteBuf;

/** The ICMPv6 header (RFC 4443, RFC 4861). {@code at} is the index of its first byte. */
public final class Icmpv6 {
  /** Bytes of the header of an echo or an error. */
  public static final int HEADER_LENGTH = 8;

  /** Type: destination unreachable. */
  public static final int UNREACHABLE = 1;

  /** Type: packet too big. */
  public static final int PACKET_TOO_BIG = 2;

  /** Type: time exceeded. */
  public static final int TIME_EXCEEDED = 3;

  /** Type: parameter problem. */
  public static final int PARAMETER_PROBLEM = 4;

  /** Type: echo request. */
  public static final int ECHO_REQUEST = 128;

  /** Type: echo reply. */
  public static final int ECHO_REPLY = 129;

  /** Type: router solicitation. */
  public static final int ROUTER_SOLICITATION = 133;

  /** Type: router advertisement. */
  public static final int ROUTER_ADVERTISEMENT = 134;

  /** Type: neighbour solicitation. */
  public static final int NEIGHBOR_SOLICITATION = 135;

  /** Type: neighbour advertisement. */
  public static final int NEIGHBOR_ADVERTISEMENT = 136;

  private Icmpv6() {}

  /**
   * Reads the type.
   *
   * @param b the buffer
   * @param at index of the header
   * @return 8 bits
   */
  public static int type(ByteBuf b, int at) {
    return b.getUnsignedByte(at);
  }

  /**
   * Writes the type; no checksum follows.
   *
   * @param b the buffer
   * @param at index of the header
   * @param value 8 bits
   */
  public static void setType(ByteBuf b, int at, int value) {
    b.setByte(at, value);
  }

  /**
   * Reads the code.
   *
   * @param b the buffer
   * @param at index of the header
   * @return 8 bits
   */
  public static int code(ByteBuf b, int at) {
    return b.getUnsignedByte(at + 1);
  }

  /**
   * Writes the code; no checksum follows.
   *
   * @param b the buffer
   * @param at index of the header
   * @param value 8 bits
   */
  public static void setCode(ByteBuf b, int at, int value) {
    b.setByte(at + 1, value);
  }

  /**
   * Writes the checksum.
   *
   * @param b the buffer
   * @param at index of the header
   * @param value 16 bits
   */
  public static void setChecksum(ByteBuf b, int at, int value) {
    b.setShort(at + 2, value);
  }

  /**
   * Computes and stores the checksum, which covers a pseudo-header (RFC 4443 section 2.3).
   *
   * @param b the buffer
   * @param ip index of the IPv6 header
   * @param at index of the ICMPv6 header
   * @param length bytes of the message
   */
  public static void finishChecksum(ByteBuf b, int ip, int at, int length) {
    setChecksum(b, at, 0);
    setChecksum(b, at, Checksum.transport6(b, ip, Ipv6.ICMPV6, at, length));
  }
}
