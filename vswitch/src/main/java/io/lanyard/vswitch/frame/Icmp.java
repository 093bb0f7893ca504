package io.lanyard.vswitch.frame;

import io.netty.buffer.ByteBuf;

/** The ICMP header (RFC 792). {@code at} is the index of its first byte. */
public final class Icmp {
  /** Bytes of the header of an echo or an error. */
  public static final int HEADER_LENGTH = 8;

  /** Type: echo reply. */
  public static final int ECHO_REPLY = 0;

  /** Type: destination unreachable. */
  public static final int UNREACHABLE = 3;

  /** Type: redirect. */
  public static final int REDIRECT = 5;

  /** Type: echo request. */
  public static final int ECHO_REQUEST = 8;

  /** Type: time exceeded. */
  public static final int TIME_EXCEEDED = 11;

  /** Type: parameter problem. */
  public static final int PARAMETER_PROBLEM = 12;

  /** Code of unreachable: network. */
  public static final int NET_UNREACHABLE = 0;

  /** Code of unreachable: host. */
  public static final int HOST_UNREACHABLE = 1;

  /** Code of unreachable: protocol. */
  public static final int PROTOCOL_UNREACHABLE = 2;

  /** Code of unreachable: port. */
  public static final int PORT_UNREACHABLE = 3;

  /** Code of unreachable: fragmentation needed (RFC 1191). */
  public static final int FRAGMENTATION_NEEDED = 4;

  /** Code of unreachable: prohibited by policy (RFC 1812). */
  public static final int ADMIN_PROHIBITED = 13;

  private Icmp() {}

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
   * Reads the identifier of an echo.
   *
   * @param b the buffer
   * @param at index of the header
   * @return 16 bits
   */
  public static int identifier(ByteBuf b, int at) {
    return b.getUnsignedShort(at + 4);
  }

  /**
   * Writes the identifier of an echo; no checksum follows.
   *
   * @param b the buffer
   * @param at index of the header
   * @param value 16 bits
   */
  public static void setIdentifier(ByteBuf b, int at, int value) {
    b.setShort(at + 4, value);
  }

  /**
   * Reads the sequence number of an echo.
   *
   * @param b the buffer
   * @param at index of the header
   * @return 16 bits
   */
  public static int sequence(ByteBuf b, int at) {
    return b.getUnsignedShort(at + 6);
  }

  /**
   * Writes the sequence number of an echo; no checksum follows.
   *
   * @param b the buffer
   * @param at index of the header
   * @param value 16 bits
   */
  public static void setSequence(ByteBuf b, int at, int value) {
    b.setShort(at + 6, value);
  }

  /**
   * Computes and stores the checksum.
   *
   * @param b the buffer
   * @param at index of the header
   * @param length bytes of the message
   */
  public static void finishChecksum(ByteBuf b, int at, int length) {
    setChecksum(b, at, 0);
    setChecksum(b, at, Checksum.finish(Checksum.sum(b, at, length)));
  }

  /**
   * Verifies the checksum.
   *
   * @param b the buffer
   * @param at index of the header
   * @param length bytes of the message
   * @return whether it is right
   */
  public static boolean checksumValid(ByteBuf b, int at, int length) {
    return Checksum.finish(Checksum.sum(b, at, length)) == 0;
  }
}
