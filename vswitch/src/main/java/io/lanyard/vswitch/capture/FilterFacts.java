package io.lanyard.vswitch.capture;

import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;

/**
 * The headers of one frame, as a {@link FrameFilter} asks for them. It is filled anew for each
 * frame; a frame that is cut short has no more than what is there.
 *
 * <p>Thread: the network's loop.
 */
final class FilterFacts {
  static final int IPV4 = 0x0800;
  static final int IPV6 = 0x86dd;
  static final int ARP = 0x0806;
  static final int NONE = -1;

  private static final int VLAN = 0x8100;
  private static final int SERVICE_VLAN = 0x88a8;
  private static final int MAC_BYTES = 6;
  private static final int TYPE_AT = 12;

  private static final int TCP = 6;
  private static final int UDP = 17;

  // Extension headers of IPv6 that others follow (RFC 8200 section 4.1).
  private static final int HOP_BY_HOP = 0;
  private static final int ROUTING = 43;
  private static final int FRAGMENT = 44;
  private static final int OPTIONS = 60;
  private static final int MOST_EXTENSIONS = 8;

  long destination;
  long source;
  int etherType;
  int protocol;
  boolean hasAddresses;
  long sourceHigh;
  long sourceLow;
  long targetHigh;
  long targetLow;
  int sourcePort;
  int targetPort;

  /** Reads a frame that begins at an index. */
  void read(ByteBuf frame, int at, int length) {
    destination = NONE;
    source = NONE;
    etherType = NONE;
    protocol = NONE;
    hasAddresses = false;
    sourcePort = NONE;
    targetPort = NONE;
    if (length < TYPE_AT + 2) {
      return;
    }
    destination = mac(frame, at);
    source = mac(frame, at + MAC_BYTES);
    int end = at + length;
    int type = at + TYPE_AT;
    etherType = frame.getUnsignedShort(type);
    // A tag has the type of what follows four bytes on.
    while ((etherType == VLAN || etherType == SERVICE_VLAN) && type + 6 <= end) {
      type += 4;
      etherType = frame.getUnsignedShort(type);
    }
    int header = type + 2;
    switch (etherType) {
      case IPV4 -> ipv4(frame, header, end);
      case IPV6 -> ipv6(frame, header, end);
      case ARP -> arp(frame, header, end);
      default -> {}
    }
  }

  private static long mac(ByteBuf frame, int at) {
    return (long) frame.getUnsignedShort(at) << 32 | frame.getUnsignedInt(at + 2);
  }

  private void addresses(int from, int to) {
    hasAddresses = true;
    sourceHigh = 0;
    sourceLow = Address.ipv4Low(from);
    targetHigh = 0;
    targetLow = Address.ipv4Low(to);
  }

  /** Sender's and target's protocol addresses (RFC 826). */
  private void arp(ByteBuf frame, int at, int end) {
    if (at + 28 <= end && frame.getUnsignedShort(at + 2) == IPV4) {
      addresses(frame.getInt(at + 14), frame.getInt(at + 24));
    }
  }

  /** RFC 791 section 3.1. */
  private void ipv4(ByteBuf frame, int at, int end) {
    if (at + 20 > end) {
      return;
    }
    addresses(frame.getInt(at + 12), frame.getInt(at + 16));
    protocol = frame.getUnsignedByte(at + 9);
    int offset = frame.getUnsignedShort(at + 6) & 0x1fff;
    if (offset == 0) {
      ports(frame, at + 4 * (frame.getUnsignedByte(at) & 0xf), end);
    }
  }

  /** RFC 8200 section 3. */
  private void ipv6(ByteBuf frame, int at, int end) {
    if (at + 40 > end) {
      return;
    }
    hasAddresses = true;
    sourceHigh = frame.getLong(at + 8);
    sourceLow = frame.getLong(at + 16);
    targetHigh = frame.getLong(at + 24);
    targetLow = frame.getLong(at + 32);
    int next = frame.getUnsignedByte(at + 6);
    int header = at + 40;
    boolean isFirst = true;
    for (int i = 0; i < MOST_EXTENSIONS && header + 8 <= end; i++) {
      if (next == HOP_BY_HOP || next == ROUTING || next == OPTIONS) {
        next = frame.getUnsignedByte(header);
        header += 8 + 8 * frame.getUnsignedByte(header + 1);
      } else if (next == FRAGMENT) {
        next = frame.getUnsignedByte(header);
        isFirst &= (frame.getUnsignedShort(header + 2) & 0xfff8) == 0;
        header += 8;
      } else {
        break;
      }
    }
    protocol = next;
    if (isFirst) {
      ports(frame, header, end);
    }
  }

  private void ports(ByteBuf frame, int at, int end) {
    if ((protocol == TCP || protocol == UDP) && at + 4 <= end) {
      sourcePort = frame.getUnsignedShort(at);
      targetPort = frame.getUnsignedShort(at + 2);
    }
  }
}
