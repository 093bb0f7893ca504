package io.lanyard.vswitch.frame;

import io.netty.buffer.ByteBuf;

/**
 * The IPv4 header (RFC 791). {@code at} is the index of its first byte; an address is a big-endian
 * {@code int}.
 */
public final class Ipv4 {
  /** Bytes of a header without options. */
  public static final int HEADER_LENGTH = 20;

  /** Protocol number of ICMP. */
  public static final int ICMP = 1;

  /** Protocol number of TCP. */
  public static final int TCP = 6;

  /** Protocol number of UDP. */
  public static final int UDP = 17;

  /** Flag in {@link #fragment}: do not fragment. */
  public static final int DONT_FRAGMENT = 0x4000;

  /** Flag in {@link #fragment}: more fragments follow. */
  public static final int MORE_FRAGMENTS = 0x2000;

  /** The limited broadcast address. */
  public static final int BROADCAST = -1;

  private static final int FRAGMENT_OFFSET = 0x1fff;

  private Ipv4() {}

  /**
   * Checks that a whole packet is there: version, header length, total length. Not the checksum.
   *
   * @param b the buffer
   * @param at index of the header
   * @param end index behind the last byte that may belong to the packet
   * @return the packet's total length; -1 if it is malformed or cut short
   */
  public static int check(ByteBuf b, int at, int end) {
    if (end - at < HEADER_LENGTH || (b.getByte(at) & 0xf0) != 0x40) {
      return -1;
    }
    int header = headerLength(b, at);
    int total = totalLength(b, at);
    return header >= HEADER_LENGTH && total >= header && total <= end - at ? total : -1;
  }

  /**
   * Verifies the header's checksum.
   *
   * @param b the buffer
   * @param at index of a header that {@link #check} accepted
   * @return whether it is right
   */
  public static boolean checksumValid(ByteBuf b, int at) {
    return Checksum.finish(Checksum.sum(b, at, headerLength(b, at))) == 0;
  }

  /**
   * Reads the header's length.
   *
   * @param b the buffer
   * @param at index of the header
   * @return bytes, options included
   */
  public static int headerLength(ByteBuf b, int at) {
    return (b.getByte(at) & 0xf) << 2;
  }

  /**
   * Reads the packet's length.
   *
   * @param b the buffer
   * @param at index of the header
   * @return bytes, header included
   */
  public static int totalLength(ByteBuf b, int at) {
    return b.getUnsignedShort(at + 2);
  }

  /**
   * Writes the packet's length; the checksum is left alone.
   *
   * @param b the buffer
   * @param at index of the header
   * @param length bytes, header included
   */
  public static void setTotalLength(ByteBuf b, int at, int length) {
    b.setShort(at + 2, length);
  }

  /**
   * Reads the identification.
   *
   * @param b the buffer
   * @param at index of the header
   * @return 16 bits
   */
  public static int id(ByteBuf b, int at) {
    return b.getUnsignedShort(at + 4);
  }

  /**
   * Writes the identification; the checksum is left alone.
   *
   * @param b the buffer
   * @param at index of the header
   * @param id 16 bits
   */
  public static void setId(ByteBuf b, int at, int id) {
    b.setShort(at + 4, id);
  }

  /**
   * Reads flags and fragment offset as they lie.
   *
   * @param b the buffer
   * @param at index of the header
   * @return 16 bits; the low 13 are the offset in units of 8 bytes
   */
  public static int fragment(ByteBuf b, int at) {
    return b.getUnsignedShort(at + 6);
  }

  /**
   * Whether the packet is a part of a larger one.
   *
   * @param b the buffer
   * @param at index of the header
   * @return whether there is an offset, or more to follow
   */
  public static boolean isFragment(ByteBuf b, int at) {
    return (fragment(b, at) & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) != 0;
  }

  /**
   * Reads where a fragment belongs.
   *
   * @param b the buffer
   * @param at index of the header
   * @return bytes from the start of the whole packet's payload
   */
  public static int fragmentOffset(ByteBuf b, int at) {
    return (fragment(b, at) & FRAGMENT_OFFSET) << 3;
  }

  /**
   * Reads the time to live.
   *
   * @param b the buffer
   * @param at index of the header
   * @return hops left
   */
  public static int ttl(ByteBuf b, int at) {
    return b.getUnsignedByte(at + 8);
  }

  /**
   * Writes the time to live and keeps the checksum right.
   *
   * @param b the buffer
   * @param at index of the header
   * @param ttl hops left
   */
  public static void setTtl(ByteBuf b, int at, int ttl) {
    int before = b.getUnsignedShort(at + 8);
    b.setByte(at + 8, ttl);
    setChecksum(b, at, Checksum.update(checksum(b, at), before, b.getUnsignedShort(at + 8)));
  }

  /**
   * Reads the protocol.
   *
   * @param b the buffer
   * @param at index of the header
   * @return the protocol number
   */
  public static int protocol(ByteBuf b, int at) {
    return b.getUnsignedByte(at + 9);
  }

  /**
   * Reads the header's checksum.
   *
   * @param b the buffer
   * @param at index of the header
   * @return 16 bits
   */
  public static int checksum(ByteBuf b, int at) {
    return b.getUnsignedShort(at + 10);
  }

  /**
   * Writes the header's checksum.
   *
   * @param b the buffer
   * @param at index of the header
   * @param checksum 16 bits
   */
  public static void setChecksum(ByteBuf b, int at, int checksum) {
    b.setShort(at + 10, checksum);
  }

  /**
   * Computes the header's checksum anew and stores it.
   *
   * @param b the buffer
   * @param at index of a header whose length is right
   */
  public static void finishChecksum(ByteBuf b, int at) {
    setChecksum(b, at, 0);
    setChecksum(b, at, Checksum.finish(Checksum.sum(b, at, headerLength(b, at))));
  }

  /**
   * Reads the source address.
   *
   * @param b the buffer
   * @param at index of the header
   * @return the address
   */
  public static int source(ByteBuf b, int at) {
    return b.getInt(at + 12);
  }

  /**
   * Reads the destination address.
   *
   * @param b the buffer
   * @param at index of the header
   * @return the address
   */
  public static int destination(ByteBuf b, int at) {
    return b.getInt(at + 16);
  }

  /**
   * Writes a header without options, checksum included.
   *
   * @param b the buffer
   * @param at index of the header
   * @param totalLength bytes, header included
   * @param id the identification
   * @param fragment flags and fragment offset as they lie
   * @param ttl hops left
   * @param protocol the protocol number
   * @param source the source address
   * @param destination the destination address
   */
  public static void write(
      ByteBuf b,
      int at,
      int totalLength,
      int id,
      int fragment,
      int ttl,
      int protocol,
      int source,
      int destination) {
    b.setShort(at, 0x4500);
    b.setShort(at + 2, totalLength);
    b.setShort(at + 4, id);
    b.setShort(at + 6, fragment);
    b.setByte(at + 8, ttl);
    b.setByte(at + 9, protocol);
    b.setInt(at + 12, source);
    b.setInt(at + 16, destination);
    finishChecksum(b, at);
  }

  /**
   * Prints an address.
   *
   * @param address the address
   * @return dotted decimal
   */
  public static String format(int address) {
    return (address >>> 24)
        + "."
        + (address >>> 16 & 0xff)
        + "."
        + (address >>> 8 & 0xff)
        + "."
        + (address & 0xff);
  }

  /**
   * Parses an address of four decimal numbers; nothing else that inet_aton takes.
   *
   * @param text the address as text
   * @return the address
   * @throws IllegalArgumentException if the text is something else
   */
  public static int parse(String text) {
    int address = 0;
    int octets = 0;
    int value = -1;
    for (int i = 0; i <= text.length(); i++) {
      char c = i < text.length() ? text.charAt(i) : '.';
      if (c == '.' && value >= 0 && octets < 4) {
        address = address << 8 | value;
        octets++;
        value = -1;
      } else if (c >= '0' && c <= '9' && value != 0) {
        value = value < 0 ? c - '0' : value * 10 + c - '0';
        if (value > 255) {
          throw new IllegalArgumentException(notAnAddress(text));
        }
      } else {
        throw new IllegalArgumentException(notAnAddress(text));
      }
    }
    if (octets != 4) {
      throw new IllegalArgumentException(notAnAddress(text));
    }
    return address;
  }

  private static String notAnAddress(String text) {
    return "\"" + text + "\" is not an IPv4 address; write it as 192.168.127.10";
  }
}
