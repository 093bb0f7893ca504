package io.lanyard.vswitch.frame;

import io.netty.buffer.ByteBuf;

/**
 * The Ethernet II header (IEEE 802.3) and the 802.1Q tags that may follow the addresses.
 *
 * <p>{@code at} is always the index of the frame's first byte, behind the offload header. A MAC
 * address is the low 48 bits of a {@code long}.
 */
public final class Ethernet {
  /** Bytes of a header without tags. */
  public static final int HEADER_LENGTH = 14;

  /** Bytes of one 802.1Q tag. */
  public static final int TAG_LENGTH = 4;

  /** Tags that are walked over: two are 802.1ad; more is nobody's. */
  private static final int MOST_TAGS = 2;

  /** EtherType of IPv4. */
  public static final int TYPE_IPV4 = 0x0800;

  /** EtherType of ARP. */
  public static final int TYPE_ARP = 0x0806;

  /** EtherType of IPv6. */
  public static final int TYPE_IPV6 = 0x86dd;

  /** Reverse ARP (RFC 903), by which VMMs announce a guest that has moved. */
  public static final int TYPE_RARP = 0x8035;

  /** EtherType (TPID) of a customer tag (IEEE 802.1Q). */
  public static final int TYPE_VLAN = 0x8100;

  /** EtherType (TPID) of a service tag (IEEE 802.1ad). */
  public static final int TYPE_SERVICE_VLAN = 0x88a8;

  /** The largest IP packet (RFC 791 section 3.1), and so the largest MTU. */
  public static final int LARGEST_PACKET = 65535;

  /** The largest frame of all: the largest packet behind two tags. */
  public static final int LARGEST_FRAME = largestFrame(LARGEST_PACKET);

  /** The broadcast address. */
  public static final long BROADCAST = 0xffff_ffff_ffffL;

  private static final long GROUP_BIT = 0x0100_0000_0000L;

  private Ethernet() {}

  /**
   * The largest frame on a link: a packet of the link's MTU behind two tags. An untagged frame of
   * that length is too large all the same; the switch holds packets to the MTU.
   *
   * @param mtu the largest packet, in bytes
   * @return bytes, Ethernet header included
   */
  public static int largestFrame(int mtu) {
    return HEADER_LENGTH + MOST_TAGS * TAG_LENGTH + mtu;
  }

  /**
   * Reads the destination address.
   *
   * @param frame the buffer
   * @param at index of the frame
   * @return the address
   */
  public static long destination(ByteBuf frame, int at) {
    return frame.getLong(at) >>> 16;
  }

  /**
   * Reads the source address.
   *
   * @param frame the buffer
   * @param at index of the frame
   * @return the address
   */
  public static long source(ByteBuf frame, int at) {
    return frame.getLong(at + 6) >>> 16;
  }

  /**
   * Writes the destination address.
   *
   * @param frame the buffer
   * @param at index of the frame
   * @param mac the address
   */
  public static void setDestination(ByteBuf frame, int at, long mac) {
    setMac(frame, at, mac);
  }

  /**
   * Writes the source address.
   *
   * @param frame the buffer
   * @param at index of the frame
   * @param mac the address
   */
  public static void setSource(ByteBuf frame, int at, long mac) {
    setMac(frame, at + 6, mac);
  }

  /**
   * Writes a MAC address anywhere.
   *
   * @param buffer the buffer
   * @param index where the address goes
   * @param mac the address
   */
  public static void setMac(ByteBuf buffer, int index, long mac) {
    buffer.setShort(index, (int) (mac >>> 32));
    buffer.setInt(index + 2, (int) mac);
  }

  /**
   * Reads a MAC address anywhere.
   *
   * @param buffer the buffer
   * @param index where the address lies
   * @return the address
   */
  public static long mac(ByteBuf buffer, int index) {
    return (long) buffer.getUnsignedShort(index) << 32 | buffer.getUnsignedInt(index + 2);
  }

  /**
   * Reads the type behind the addresses, which is a tag's where there is one.
   *
   * @param frame the buffer
   * @param at index of the frame
   * @return the EtherType
   */
  public static int type(ByteBuf frame, int at) {
    return frame.getUnsignedShort(at + 12);
  }

  /**
   * Writes a header without tags.
   *
   * @param frame the buffer
   * @param at index of the frame
   * @param destination the destination address
   * @param source the source address
   * @param type the EtherType
   */
  public static void write(ByteBuf frame, int at, long destination, long source, int type) {
    setMac(frame, at, destination);
    setMac(frame, at + 6, source);
    frame.setShort(at + 12, type);
  }

  /**
   * Whether an address is a group's: multicast or broadcast.
   *
   * @param mac the address
   * @return whether the I/G bit is set
   */
  public static boolean isGroup(long mac) {
    return (mac & GROUP_BIT) != 0;
  }

  /**
   * Whether a type is that of an 802.1Q tag.
   *
   * @param type an EtherType
   * @return whether a tag follows
   */
  public static boolean isTag(int type) {
    return type == TYPE_VLAN || type == TYPE_SERVICE_VLAN;
  }

  /**
   * Finds the payload, behind at most two tags.
   *
   * @param frame the buffer
   * @param at index of the frame
   * @param end index behind the frame's last byte
   * @return index of the payload, two bytes after the index of its type; -1 if the frame ends
   *     before
   */
  public static int payload(ByteBuf frame, int at, int end) {
    int payload = at + HEADER_LENGTH;
    for (int tags = 0; payload <= end; tags++) {
      if (tags == MOST_TAGS || !isTag(frame.getUnsignedShort(payload - 2))) {
        return payload;
      }
      payload += TAG_LENGTH;
    }
    return -1;
  }

  /**
   * Reads the outermost tag's VLAN.
   *
   * @param frame the buffer
   * @param at index of the frame
   * @param end index behind the frame's last byte
   * @return 1 to 4095; 0 for a frame that is not tagged or has only a priority (802.1Q section 6.9)
   */
  public static int vlan(ByteBuf frame, int at, int end) {
    return end - at >= HEADER_LENGTH + TAG_LENGTH && isTag(type(frame, at))
        ? frame.getUnsignedShort(at + HEADER_LENGTH) & 0xfff
        : 0;
  }

  /**
   * Whether the outermost tag holds a priority alone, its VLAN being 0, and the frame goes on
   * behind it.
   *
   * @param frame the buffer
   * @param at index of the frame
   * @param end index behind the frame's last byte
   * @return true for a priority tag (IEEE 802.1Q section 6.9) that is whole
   */
  public static boolean hasPriorityTag(ByteBuf frame, int at, int end) {
    return end - at >= HEADER_LENGTH + TAG_LENGTH
        && isTag(type(frame, at))
        && (frame.getShort(at + HEADER_LENGTH) & 0xfff) == 0;
  }

  /**
   * Prints an address.
   *
   * @param mac the address
   * @return six pairs of hexadecimal digits with colons
   */
  public static String format(long mac) {
    StringBuilder text = new StringBuilder(17);
    for (int shift = 40; shift >= 0; shift -= 8) {
      int octet = (int) (mac >>> shift) & 0xff;
      text.append(Character.forDigit(octet >>> 4, 16)).append(Character.forDigit(octet & 15, 16));
      if (shift > 0) {
        text.append(':');
      }
    }
    return text.toString();
  }

  /**
   * Parses an address of six pairs of hexadecimal digits with colons or hyphens.
   *
   * @param text the address as text
   * @return the address
   * @throws IllegalArgumentException if the text is something else
   */
  public static long parse(String text) {
    if (text.length() != 17) {
      throw new IllegalArgumentException(notAnAddress(text));
    }
    long mac = 0;
    for (int i = 0; i < 17; i++) {
      char c = text.charAt(i);
      if (i % 3 == 2) {
        if (c != ':' && c != '-') {
          throw new IllegalArgumentException(notAnAddress(text));
        }
      } else {
        int digit = c < 128 ? Character.digit(c, 16) : -1;
        if (digit < 0) {
          throw new IllegalArgumentException(notAnAddress(text));
        }
        mac = mac << 4 | digit;
      }
    }
    return mac;
  }

  private static String notAnAddress(String text) {
    return "\"" + text + "\" is not a MAC address; write it as 52:54:00:12:34:56";
  }
}
