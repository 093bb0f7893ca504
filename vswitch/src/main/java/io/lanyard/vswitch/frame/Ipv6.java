package io.lanyard.vswitch.frame;

import io.netty.buffer.ByteBuf;

/**
 * The IPv6 header and the walk along its extension headers (RFC 8200). {@code at} is the index of
 * the fixed header; an address is two {@code long}s, high and low.
 */
public final class Ipv6 {
  /** Bytes of the fixed header. */
  public static final int HEADER_LENGTH = 40;

  /** Next header: hop-by-hop options. */
  public static final int HOP_BY_HOP = 0;

  /** Next header: routing. */
  public static final int ROUTING = 43;

  /** Next header: fragment. */
  public static final int FRAGMENT = 44;

  /** Next header: authentication (RFC 4302). */
  public static final int AUTHENTICATION = 51;

  /** Next header: ICMPv6. */
  public static final int ICMPV6 = 58;

  /** Next header: nothing follows. */
  public static final int NO_NEXT = 59;

  /** Next header: destination options. */
  public static final int DESTINATION = 60;

  /** Extension headers that are walked over; a chain that is longer is an attack. */
  private static final int MOST_EXTENSIONS = 8;

  private static final long FRAGMENTED = 1L << 40;

  private Ipv6() {}

  /**
   * Checks that a whole packet is there: version and payload length.
   *
   * @param b the buffer
   * @param at index of the header
   * @param end index behind the last byte that may belong to the packet
   * @return bytes of the packet, fixed header included; -1 if it is malformed or cut short
   */
  public static int check(ByteBuf b, int at, int end) {
    if (end - at < HEADER_LENGTH || (b.getByte(at) & 0xf0) != 0x60) {
      return -1;
    }
    int total = HEADER_LENGTH + payloadLength(b, at);
    return total <= end - at ? total : -1;
  }

  /**
   * Reads the payload length.
   *
   * @param b the buffer
   * @param at index of the header
   * @return bytes behind the fixed header
   */
  public static int payloadLength(ByteBuf b, int at) {
    return b.getUnsignedShort(at + 4);
  }

  /**
   * Writes the payload length.
   *
   * @param b the buffer
   * @param at index of the header
   * @param length bytes behind the fixed header
   */
  public static void setPayloadLength(ByteBuf b, int at, int length) {
    b.setShort(at + 4, length);
  }

  /**
   * The end of a packet in its frame. The bytes behind it are no part of it: where it is a first
   * fragment, the next one's take their place.
   *
   * @param b the buffer
   * @param at index of the header, all of which is there
   * @param end index behind the frame's last byte
   * @param isSuper whether it stands for several packets, so that all of the frame is part of them
   *     whatever the header says
   * @return index behind the packet's last byte, at most the frame's end
   */
  public static int end(ByteBuf b, int at, int end, boolean isSuper) {
    return isSuper ? end : Math.min(end, at + HEADER_LENGTH + payloadLength(b, at));
  }

  /**
   * Reads the fixed header's next header.
   *
   * @param b the buffer
   * @param at index of the header
   * @return a protocol number, or an extension header's
   */
  public static int nextHeader(ByteBuf b, int at) {
    return b.getUnsignedByte(at + 6);
  }

  /**
   * Reads the hop limit.
   *
   * @param b the buffer
   * @param at index of the header
   * @return hops left
   */
  public static int hopLimit(ByteBuf b, int at) {
    return b.getUnsignedByte(at + 7);
  }

  /**
   * Reads the high half of the source address.
   *
   * @param b the buffer
   * @param at index of the header
   * @return 64 bits
   */
  public static long sourceHigh(ByteBuf b, int at) {
    return b.getLong(at + 8);
  }

  /**
   * Reads the low half of the source address.
   *
   * @param b the buffer
   * @param at index of the header
   * @return 64 bits
   */
  public static long sourceLow(ByteBuf b, int at) {
    return b.getLong(at + 16);
  }

  /**
   * Reads the high half of the destination address.
   *
   * @param b the buffer
   * @param at index of the header
   * @return 64 bits
   */
  public static long destinationHigh(ByteBuf b, int at) {
    return b.getLong(at + 24);
  }

  /**
   * Reads the low half of the destination address.
   *
   * @param b the buffer
   * @param at index of the header
   * @return 64 bits
   */
  public static long destinationLow(ByteBuf b, int at) {
    return b.getLong(at + 32);
  }

  /**
   * Writes a fixed header with traffic class and flow label zero.
   *
   * @param b the buffer
   * @param at index of the header
   * @param payloadLength bytes behind the fixed header
   * @param nextHeader what follows
   * @param hopLimit hops left
   * @param sourceHigh source address
   * @param sourceLow source address
   * @param destinationHigh destination address
   * @param destinationLow destination address
   */
  public static void write(
      ByteBuf b,
      int at,
      int payloadLength,
      int nextHeader,
      int hopLimit,
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow) {
    b.setInt(at, 0x60000000);
    b.setShort(at + 4, payloadLength);
    b.setByte(at + 6, nextHeader);
    b.setByte(at + 7, hopLimit);
    b.setLong(at + 8, sourceHigh);
    b.setLong(at + 16, sourceLow);
    b.setLong(at + 24, destinationHigh);
    b.setLong(at + 32, destinationLow);
  }

  /**
   * Walks the extension headers to the upper layer. Stops at a fragment that is not the first:
   * behind it lies no header.
   *
   * @param b the buffer
   * @param at index of the fixed header
   * @param end index behind the packet
   * @return what {@link #protocol}, {@link #index} and {@link #fragmented} read; -1 if the chain is
   *     malformed, cut short, or too long
   */
  public static long upperLayer(ByteBuf b, int at, int end) {
    int next = nextHeader(b, at);
    int index = at + HEADER_LENGTH;
    long fragmented = 0;
    for (int extensions = 0; extensions <= MOST_EXTENSIONS; extensions++) {
      if (index > end) {
        return -1;
      }
      int length;
      switch (next) {
        case HOP_BY_HOP, ROUTING, DESTINATION, AUTHENTICATION, FRAGMENT -> {
          if (end - index < 8) {
            return -1;
          }
          // RFC 4302 section 2.2 counts in units of 4 bytes, less 2; the others in 8, less 1.
          length =
              switch (next) {
                case FRAGMENT -> 8;
                case AUTHENTICATION -> (b.getUnsignedByte(index + 1) + 2) << 2;
                default -> (b.getUnsignedByte(index + 1) + 1) << 3;
              };
        }
        default -> {
          return fragmented | (long) next << 32 | index;
        }
      }
      if (next == FRAGMENT) {
        int offset = b.getUnsignedShort(index + 2);
        if ((offset & 0xfff9) != 0) {
          fragmented = FRAGMENTED;
        }
        if ((offset & 0xfff8) != 0) {
          return fragmented | (long) FRAGMENT << 32 | index;
        }
      }
      next = b.getUnsignedByte(index);
      index += length;
    }
    return -1;
  }

  /**
   * Reads the protocol that a walk ended at.
   *
   * @param walk from {@link #upperLayer}, not -1
   * @return the protocol; {@link #FRAGMENT} for a fragment that is not the first
   */
  public static int protocol(long walk) {
    return (int) (walk >>> 32) & 0xff;
  }

  /**
   * Reads where a walk ended.
   *
   * @param walk from {@link #upperLayer}, not -1
   * @return index of the upper layer's header, or of the fragment header
   */
  public static int index(long walk) {
    return (int) walk;
  }

  /**
   * Whether a walk met a fragment header that stands for a real fragment (not an atomic one, RFC
   * 6946).
   *
   * @param walk from {@link #upperLayer}, not -1
   * @return whether the packet is a part of a larger one
   */
  public static boolean fragmented(long walk) {
    return (walk & FRAGMENTED) != 0;
  }
}
