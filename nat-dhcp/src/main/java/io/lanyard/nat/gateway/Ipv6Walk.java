package io.lanyard.nat.gateway;

import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.Tcp;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;

/**
 * The walk along the headers of an IPv6 packet (RFC 8200 section 4), and what it has found. Each
 * {@link Packet} has one, since a packet can come while another is being handled.
 *
 * <p>Thread: the network's loop only. Valid until the next walk.
 */
final class Ipv6Walk {
  /** No problem. */
  static final int NONE = -1;

  /** A problem that nobody is told of. */
  static final int SILENT = -2;

  /** Extension headers that are walked over; a chain that is longer is an attack. */
  private static final int MOST_EXTENSIONS = 8;

  private static final int LARGEST_PAYLOAD = 65535;

  /** Code of a parameter problem: a field that is wrong. */
  private static final int WRONG_FIELD = 0;

  /** Code of a parameter problem: a next header that is not known. */
  private static final int UNKNOWN_HEADER = 1;

  /** Code of a parameter problem: an option that is not known. */
  private static final int UNKNOWN_OPTION = 2;

  /** Code of a parameter problem: the header chain goes beyond the first fragment (RFC 7112). */
  private static final int CHAIN_CUT = 3;

  private static final int PAD1 = 0;

  private final Reassembly.Fragment fragment = new Reassembly.Fragment();
  private boolean isFragment;
  private boolean hasFragmentHeader;
  private int problem;
  private int problemAt;

  /** The protocol as {@link Packet#protocol} has it; that of ICMP for IPv4 means nothing here. */
  static int protocol(int next) {
    return next == Ipv6.ICMPV6 ? Ipv4.ICMP : next == Ipv4.ICMP ? Ipv6.NO_NEXT : next;
  }

  /** The problem: {@link #NONE}, {@link #SILENT}, or a code of a parameter problem. */
  int problem() {
    return problem;
  }

  /** The index of what is wrong. */
  int problemAt() {
    return problemAt;
  }

  /** Whether it is a part of a packet only. */
  boolean isFragment() {
    return isFragment;
  }

  /** Whether there is a fragment header, also if it is the whole packet's (RFC 6946). */
  boolean hasFragmentHeader() {
    return hasFragmentHeader;
  }

  /** The content of the fragment header; undefined unless {@link #isFragment}. */
  Reassembly.Fragment fragment() {
    return fragment;
  }

  /** Ends the walk at a header that is of no use to it. */
  private void stop(int code, int at) {
    problem = code;
    problemAt = at;
  }

  /**
   * Goes along the headers to the transport, which the packet gets, or to what is wrong.
   *
   * @param packet its frame, network and end are set
   * @param whole whether the packet has been put together
   */
  void along(Packet packet, boolean whole) {
    ByteBuf frame = packet.frame;
    problem = NONE;
    isFragment = false;
    hasFragmentHeader = false;
    int field = packet.network + 6;
    int at = packet.network + Ipv6.HEADER_LENGTH;
    for (int headers = 0; problem == NONE; headers++) {
      int next = frame.getUnsignedByte(field);
      packet.transport = at;
      packet.protocolField = field;
      packet.protocol = protocol(next);
      switch (next) {
        case Ipv6.HOP_BY_HOP, Ipv6.DESTINATION, Ipv6.ROUTING, Ipv6.FRAGMENT -> {
          int left = packet.end - at;
          int length = next == Ipv6.FRAGMENT || left < 8 ? 8 : lengthOf(frame, at);
          if (left < length || headers == MOST_EXTENSIONS) {
            // Where a fragment ends, the chain may go on in the next one; none may (RFC 7112).
            stop(isFragment ? CHAIN_CUT : SILENT, packet.network);
            return;
          }
          extension(packet, next, at, length, headers, whole);
          if (isFragment && fragment.offset != 0) {
            return; // behind it lies no header
          }
          field = at;
          at += length;
        }
        case Ipv6.NO_NEXT -> {
          stop(SILENT, at); // RFC 8200 section 4.7
          return;
        }
        default -> {
          if (isFragment && packet.end - at < least(packet.protocol)) {
            stop(CHAIN_CUT, packet.network);
          }
          return;
        }
      }
    }
  }

  private static int lengthOf(ByteBuf frame, int at) {
    return (frame.getUnsignedByte(at + 1) + 1) << 3;
  }

  /** Bytes of the upper layer's header, which a first fragment has whole. */
  private static int least(int protocol) {
    return switch (protocol) {
      case Ipv4.TCP -> Tcp.HEADER_LENGTH;
      case Ipv4.UDP -> Udp.HEADER_LENGTH;
      case Ipv4.ICMP -> Icmp.HEADER_LENGTH;
      default -> 1;
    };
  }

  private void extension(Packet packet, int header, int at, int length, int place, boolean whole) {
    ByteBuf frame = packet.frame;
    switch (header) {
      case Ipv6.HOP_BY_HOP -> {
        if (place > 0 || whole) {
          stop(UNKNOWN_HEADER, packet.protocolField); // RFC 8200 section 4.3: first, or not at all
        } else {
          options(packet, at + 2, at + length);
        }
      }
      case Ipv6.DESTINATION -> options(packet, at + 2, at + length);
      case Ipv6.ROUTING -> {
        // RFC 5095: one that leads further is for no host of ours.
        if (frame.getUnsignedByte(at + 3) != 0) {
          stop(WRONG_FIELD, at + 2);
        }
      }
      default -> fragment(packet, at);
    }
  }

  private void fragment(Packet packet, int at) {
    ByteBuf frame = packet.frame;
    if (hasFragmentHeader) {
      stop(SILENT, at);
      return;
    }
    hasFragmentHeader = true;
    int field = frame.getUnsignedShort(at + 2);
    fragment.offset = field & ~7;
    fragment.more = (field & 1) != 0;
    if (fragment.offset == 0 && !fragment.more) {
      return; // RFC 6946: all by itself, whatever else there is with its identification
    }
    isFragment = true;
    fragment.headerLength = Ipv6.HEADER_LENGTH;
    fragment.payload = at + 8;
    fragment.length = packet.end - fragment.payload;
    fragment.largest = LARGEST_PAYLOAD;
    fragment.id = Integer.toUnsignedLong(frame.getInt(at + 4)) | 1L << 32;
    fragment.next = frame.getUnsignedByte(at);
    if (fragment.more && (fragment.length & 7) != 0) {
      stop(WRONG_FIELD, packet.network + 4); // RFC 8200 section 4.5: its length is wrong
    } else if (fragment.offset + fragment.length > LARGEST_PAYLOAD) {
      stop(WRONG_FIELD, at + 2);
    }
  }

  /** RFC 8200 section 4.2: what to do with an option that is not known is in its type. */
  private void options(Packet packet, int begin, int end) {
    ByteBuf frame = packet.frame;
    for (int at = begin; at < end; ) {
      int option = frame.getUnsignedByte(at);
      if (option == PAD1) {
        at++;
        continue;
      }
      int length = at + 1 < end ? 2 + frame.getUnsignedByte(at + 1) : Integer.MAX_VALUE;
      if (length > end - at) {
        stop(SILENT, at);
        return;
      }
      int action = option >>> 6;
      if (action != 0) {
        stop(action == 1 ? SILENT : UNKNOWN_OPTION, at);
        return;
      }
      at += length;
    }
  }
}
