package io.lanyard.nat.gateway;

import io.lanyard.net.Address;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Has a guest whose test speaks IPv4 speak IPv6 on the wire, so that one suite tests both families:
 * what it sends and what it hears is translated without state, as RFC 7915 has it. {@code
 * 192.168.127.n} is {@code ::n} of the test's subnet, and the world lies in {@code 2001:db8::/96}.
 * ARP is neighbour discovery. Checksums are adjusted, not made anew, so a wrong one stays wrong.
 */
final class Ipv6Guise {
  private static final int ETHERNET = OffloadHeader.LENGTH;
  private static final int NETWORK = ETHERNET + 14;
  private static final int LONGER = Ipv6.HEADER_LENGTH - Ipv4.HEADER_LENGTH;
  private static final int FRAGMENT_HEADER = 8;
  private static final int LINK_PREFIX = Ipv4.parse("192.168.127.0");
  private static final long LINK = Ipv6Frames.SUBNET.network().high();
  private static final long WORLD = Ipv6Frames.WORLD.high();
  private static final long GROUP_MAC = 0x3333_0000_0000L;

  /** Types and codes of ICMP that the gateway and hosts send, IPv4's before IPv6's. */
  private static final int[][] MESSAGES = {
    {Icmp.ECHO_REQUEST, 0, Icmpv6.ECHO_REQUEST, 0},
    {Icmp.ECHO_REPLY, 0, Icmpv6.ECHO_REPLY, 0},
    {Icmp.UNREACHABLE, Icmp.NET_UNREACHABLE, Icmpv6.UNREACHABLE, 0},
    {Icmp.UNREACHABLE, Icmp.ADMIN_PROHIBITED, Icmpv6.UNREACHABLE, 1},
    {Icmp.UNREACHABLE, Icmp.HOST_UNREACHABLE, Icmpv6.UNREACHABLE, 3},
    {Icmp.UNREACHABLE, Icmp.PORT_UNREACHABLE, Icmpv6.UNREACHABLE, 4},
    {Icmp.UNREACHABLE, Icmp.PROTOCOL_UNREACHABLE, Icmpv6.PARAMETER_PROBLEM, 1},
    {Icmp.UNREACHABLE, Icmp.FRAGMENTATION_NEEDED, Icmpv6.PACKET_TOO_BIG, 0},
    {Icmp.TIME_EXCEEDED, 0, Icmpv6.TIME_EXCEEDED, 0},
    {Icmp.TIME_EXCEEDED, 1, Icmpv6.TIME_EXCEEDED, 1},
  };

  private Ipv6Guise() {}

  /** Has a port's frames translated from now on. */
  static void on(InMemoryPort port) {
    port.translate(Ipv6Guise::toIpv6, Ipv6Guise::toIpv4);
  }

  static Address address(int ipv4) {
    if (ipv4 == 0) {
      return Address.ANY_IPV6;
    }
    if (ipv4 == Ipv4.BROADCAST || (ipv4 & 0xff) == 255) {
      return Ipv6Frames.ALL_NODES;
    }
    return (ipv4 & 0xffff_ff00) == LINK_PREFIX
        ? new Address(LINK, ipv4 & 0xff)
        : new Address(WORLD, ipv4 & 0xffff_ffffL);
  }

  private static int address(long high, long low) {
    if (high == LINK) {
      return LINK_PREFIX | (int) low;
    }
    // A link-local one is the gateway's.
    return high == WORLD ? (int) low : high == 0 && low == 0 ? 0 : TestNetwork.GATEWAY;
  }

  // To IPv6

  /**
   * A frame as it goes to the switch.
   *
   * @param frame released by this call
   */
  static ByteBuf toIpv6(ByteBuf frame) {
    int type = Ethernet.type(frame, ETHERNET);
    ByteBuf translated =
        type == Ethernet.TYPE_IPV4
            ? packet6(frame)
            : type == Ethernet.TYPE_ARP ? discovery(frame) : frame.retainedDuplicate();
    frame.release();
    return translated;
  }

  private static ByteBuf begin(ByteBuf frame, int length) {
    ByteBuf out = PooledByteBufAllocator.DEFAULT.directBuffer(NETWORK + length);
    return out.writeBytes(frame, 0, NETWORK);
  }

  private static ByteBuf packet6(ByteBuf frame) {
    ByteBuf out = begin(frame, frame.readableBytes() + 64);
    out.setShort(NETWORK - 2, Ethernet.TYPE_IPV6);
    if (Ethernet.destination(frame, ETHERNET) == Ethernet.BROADCAST) {
      Ethernet.setDestination(out, ETHERNET, GROUP_MAC | 1);
    }
    write6(frame, NETWORK, frame.writerIndex(), out, isUnfinished(frame));
    moveOffload(out, LONGER);
    return out;
  }

  /** Writes the packet behind an index, or as much of it as there is. */
  private static void write6(ByteBuf in, int ip, int most, ByteBuf out, boolean unfinished) {
    int header = Ipv4.headerLength(in, ip);
    int whole = Ipv4.totalLength(in, ip) - header;
    int there = Math.min(whole, most - ip - header);
    int protocol = Ipv4.protocol(in, ip);
    int next = protocol == Ipv4.ICMP ? Ipv6.ICMPV6 : protocol;
    boolean fragment = Ipv4.isFragment(in, ip);
    Address source = address(Ipv4.source(in, ip));
    Address destination = address(Ipv4.destination(in, ip));
    int at = out.writerIndex();
    out.writeZero(Ipv6.HEADER_LENGTH);
    Ipv6.write(
        out,
        at,
        whole + (fragment ? FRAGMENT_HEADER : 0),
        fragment ? Ipv6.FRAGMENT : next,
        Ipv4.ttl(in, ip),
        source.high(),
        source.low(),
        destination.high(),
        destination.low());
    if (fragment) {
      boolean more = (Ipv4.fragment(in, ip) & Ipv4.MORE_FRAGMENTS) != 0;
      out.writeByte(next).writeByte(0);
      out.writeShort(Ipv4.fragmentOffset(in, ip) | (more ? 1 : 0)).writeInt(Ipv4.id(in, ip));
    }
    int transport = out.writerIndex();
    if (next == Ipv6.ICMPV6 && !fragment && there >= 8) {
      icmp(in, ip + header, there, out, true);
      if (there == whole) {
        Ipv6.setPayloadLength(out, at, out.writerIndex() - transport);
        Icmpv6.finishChecksum(out, at, transport, out.writerIndex() - transport);
      }
      return;
    }
    out.writeBytes(in, ip + header, there);
    if (Ipv4.fragmentOffset(in, ip) == 0) {
      int before =
          Checksum.fold(Checksum.pseudo4(Ipv4.source(in, ip), Ipv4.destination(in, ip), 0, 0));
      adjust(out, transport, protocol, there, before, sum6(out, at), unfinished);
    }
  }

  private static int sum6(ByteBuf b, int ip) {
    return Checksum.fold(Checksum.sum(b, ip + 8, 32));
  }

  private static boolean isUnfinished(ByteBuf frame) {
    return (OffloadHeader.flags(frame, 0) & OffloadHeader.NEEDS_CSUM) != 0;
  }

  /** Has a checksum count other addresses, one that is only begun too. */
  private static void adjust(
      ByteBuf b,
      int transport,
      int protocol,
      int length,
      int before,
      int after,
      boolean unfinished) {
    int at = transport + (protocol == Ipv4.UDP ? 6 : 16);
    boolean counts = protocol == Ipv4.UDP || protocol == Ipv4.TCP;
    if (counts && length >= at + 2 - transport && b.getShort(at) != 0) {
      int old = b.getUnsignedShort(at);
      int sum =
          unfinished
              ? Checksum.fold(old + (~before & 0xffffL) + after)
              : Checksum.update(old, before, after);
      // Of UDP a sum of zero would be none.
      b.setShort(at, sum == 0 && protocol == Ipv4.UDP ? 0xffff : sum);
    }
  }

  private static void icmp(ByteBuf in, int at, int length, ByteBuf out, boolean toSix) {
    int type = in.getUnsignedByte(at);
    int code = in.getUnsignedByte(at + 1);
    for (int[] message : MESSAGES) {
      if (message[toSix ? 0 : 2] == type && message[toSix ? 1 : 3] == code) {
        int information = in.getInt(at + 4);
        boolean tooLarge = message[2] == Icmpv6.PACKET_TOO_BIG;
        out.writeByte(message[toSix ? 2 : 0]).writeByte(message[toSix ? 3 : 1]).writeShort(0);
        out.writeInt(tooLarge ? information + (toSix ? LONGER : -LONGER) : information);
        if (message[0] == Icmp.ECHO_REQUEST || message[0] == Icmp.ECHO_REPLY) {
          out.writeBytes(in, at + 8, length - 8);
        } else if (toSix) {
          write6(in, at + 8, at + length, out, false);
        } else {
          write4(in, at + 8, at + length, out, false);
        }
        return;
      }
    }
    throw new AssertionError("no translation of ICMP " + type + "/" + code);
  }

  private static ByteBuf discovery(ByteBuf frame) {
    boolean asks = Arp.operation(frame, NETWORK) == Arp.REQUEST;
    long mac = Arp.senderMac(frame, NETWORK);
    Address sender = address(Arp.senderAddress(frame, NETWORK));
    Address target = asks ? address(Arp.targetAddress(frame, NETWORK)) : sender;
    boolean says = !asks || !sender.isAny();
    Address to = asks ? Ipv6Frames.solicited(target) : address(Arp.targetAddress(frame, NETWORK));
    int length = says ? 32 : 24;
    ByteBuf out = begin(frame, Ipv6.HEADER_LENGTH + length);
    out.setShort(NETWORK - 2, Ethernet.TYPE_IPV6);
    if (asks) {
      Ethernet.setDestination(out, ETHERNET, GROUP_MAC | (to.low() & 0xffff_ffffL));
    }
    out.writeZero(Ipv6.HEADER_LENGTH + length);
    Ipv6.write(
        out, NETWORK, length, Ipv6.ICMPV6, 255, sender.high(), sender.low(), to.high(), to.low());
    int at = NETWORK + Ipv6.HEADER_LENGTH;
    out.setByte(at, asks ? Icmpv6.NEIGHBOR_SOLICITATION : Icmpv6.NEIGHBOR_ADVERTISEMENT);
    out.setByte(at + 4, asks ? 0 : 0x60);
    out.setLong(at + 8, target.high()).setLong(at + 16, target.low());
    if (says) {
      out.setShort(at + 24, (asks ? 1 : 2) << 8 | 1);
      out.setShort(at + 26, (int) (mac >>> 32)).setInt(at + 28, (int) mac);
    }
    Icmpv6.finishChecksum(out, NETWORK, at, length);
    return out;
  }

  private static void moveOffload(ByteBuf out, int by) {
    if (OffloadHeader.flags(out, 0) != 0 || OffloadHeader.gsoType(out, 0) != 0) {
      int type = OffloadHeader.gsoType(out, 0);
      int other = by > 0 ? OffloadHeader.GSO_TCPV6 : OffloadHeader.GSO_TCPV4;
      boolean tcp = type == OffloadHeader.GSO_TCPV4 || type == OffloadHeader.GSO_TCPV6;
      OffloadHeader.set(
          out,
          0,
          OffloadHeader.flags(out, 0),
          tcp ? other : type,
          OffloadHeader.headerLength(out, 0) + by,
          OffloadHeader.gsoSize(out, 0),
          OffloadHeader.checksumStart(out, 0) + by,
          OffloadHeader.checksumOffset(out, 0));
    }
  }

  // To IPv4

  /** The frame that a host of IPv4 would hear; null for what has no counterpart there. */
  private static @Nullable ByteBuf toIpv4(ByteBuf frame) {
    ByteBuf translated =
        Ethernet.type(frame, ETHERNET) == Ethernet.TYPE_IPV6
            ? translated4(frame)
            : frame.retainedDuplicate();
    frame.release();
    return translated;
  }

  private static @Nullable ByteBuf translated4(ByteBuf frame) {
    int at = NETWORK + Ipv6.HEADER_LENGTH;
    int type = Ipv6.nextHeader(frame, NETWORK) == Ipv6.ICMPV6 ? Icmpv6.type(frame, at) : 0;
    if (type == Icmpv6.ROUTER_ADVERTISEMENT || type == Icmpv6.ROUTER_SOLICITATION) {
      return null;
    }
    if (type == Icmpv6.NEIGHBOR_SOLICITATION || type == Icmpv6.NEIGHBOR_ADVERTISEMENT) {
      return arp(frame, at, type == Icmpv6.NEIGHBOR_SOLICITATION);
    }
    ByteBuf out = begin(frame, frame.readableBytes());
    out.setShort(NETWORK - 2, Ethernet.TYPE_IPV4);
    write4(frame, NETWORK, frame.writerIndex(), out, isUnfinished(frame));
    moveOffload(out, -LONGER);
    return out;
  }

  private static ByteBuf arp(ByteBuf frame, int at, boolean asks) {
    int target = address(frame.getLong(at + 8), frame.getLong(at + 16));
    int source = address(Ipv6.sourceHigh(frame, NETWORK), Ipv6.sourceLow(frame, NETWORK));
    int to = address(Ipv6.destinationHigh(frame, NETWORK), Ipv6.destinationLow(frame, NETWORK));
    boolean announces = !asks && Ethernet.isGroup(Ethernet.destination(frame, ETHERNET));
    ByteBuf out = begin(frame, Arp.LENGTH);
    out.setShort(NETWORK - 2, Ethernet.TYPE_ARP);
    out.writeZero(Arp.LENGTH);
    long mac = Ethernet.source(frame, ETHERNET);
    if (asks || announces) {
      if (Ethernet.isGroup(Ethernet.destination(frame, ETHERNET))) {
        Ethernet.setDestination(out, ETHERNET, Ethernet.BROADCAST);
      }
      Arp.write(out, NETWORK, Arp.REQUEST, mac, asks ? source : target, 0, target);
    } else {
      long toMac = Ethernet.destination(frame, ETHERNET);
      Arp.write(out, NETWORK, Arp.REPLY, mac, target, toMac, to);
    }
    return out;
  }

  private static void write4(ByteBuf in, int ip, int most, ByteBuf out, boolean unfinished) {
    int next = Ipv6.nextHeader(in, ip);
    int header = Ipv6.HEADER_LENGTH;
    int fragment = 0;
    int id = 0;
    if (next == Ipv6.FRAGMENT) {
      int at = ip + header;
      next = in.getUnsignedByte(at);
      int field = in.getUnsignedShort(at + 2);
      fragment = field >>> 3 | ((field & 1) != 0 ? Ipv4.MORE_FRAGMENTS : 0);
      id = in.getInt(at + 4) & 0xffff;
      header += FRAGMENT_HEADER;
    }
    int whole = Ipv6.payloadLength(in, ip) + Ipv6.HEADER_LENGTH - header;
    int there = Math.min(whole, most - ip - header);
    int protocol = next == Ipv6.ICMPV6 ? Ipv4.ICMP : next;
    int source = address(Ipv6.sourceHigh(in, ip), Ipv6.sourceLow(in, ip));
    int destination = address(Ipv6.destinationHigh(in, ip), Ipv6.destinationLow(in, ip));
    int at = out.writerIndex();
    out.writeZero(Ipv4.HEADER_LENGTH);
    int total = Math.min(65_535, Ipv4.HEADER_LENGTH + whole);
    Ipv4.write(out, at, total, id, fragment, Ipv6.hopLimit(in, ip), protocol, source, destination);
    int transport = out.writerIndex();
    if (protocol == Ipv4.ICMP && fragment == 0 && there >= 8) {
      icmp(in, ip + header, there, out, false);
      if (there == whole) {
        Ipv4.setTotalLength(out, at, out.writerIndex() - at);
        Ipv4.finishChecksum(out, at);
        Icmp.finishChecksum(out, transport, out.writerIndex() - transport);
      }
      return;
    }
    out.writeBytes(in, ip + header, there);
    if ((fragment & 0x1fff) == 0) {
      int after = Checksum.fold(Checksum.pseudo4(source, destination, 0, 0));
      adjust(out, transport, protocol, there, sum6(in, ip), after, unfinished);
    }
  }
}
