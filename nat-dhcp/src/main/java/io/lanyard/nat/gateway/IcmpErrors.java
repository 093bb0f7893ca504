package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;

/**
 * Tells guests by ICMP why a packet of theirs went no further (RFC 792, RFC 1812 section 4.3), at a
 * limited rate for each guest.
 *
 * <p>Thread: the network's loop only. Nothing here throws; an error that may not be sent is counted
 * or left out.
 */
public final class IcmpErrors {
  /** RFC 1812 section 4.3.2.3: as much as fits into 576 bytes. */
  private static final int LARGEST = 576;

  /**
   * Enough for a traceroute or a port scan of one's own; RFC 1812 section 4.3.2.8 wants a limit.
   */
  private static final long INTERVAL_NANOS = 5_000_000L;

  private static final long BURST_NANOS = 100 * INTERVAL_NANOS;

  private static final int TTL = 64;

  private final Gateway gateway;
  private final GatewayAddresses addresses;
  private final Counters<GatewayCount> counters;

  /** For guests that are not in the neighbour cache, together. */
  private long strangersDueNanos;

  IcmpErrors(Gateway gateway, GatewayAddresses addresses, Counters<GatewayCount> counters) {
    this.gateway = gateway;
    this.addresses = addresses;
    this.counters = counters;
    strangersDueNanos = gateway.timers().clock().nanoTime();
  }

  /**
   * Sends an error of the gateway's about a packet that is at hand, unless that is a packet that
   * must not be answered so (RFC 1812 section 4.3.2.7).
   *
   * @param type the ICMP type
   * @param code its code
   * @param rest the second word of the ICMP header: the next hop's MTU for fragmentation needed,
   *     else 0
   * @param packet lent, not changed: the guest's packet, up to the writer index at most
   * @param ip index of its IPv4 header, which has been checked
   */
  public void send(int type, int code, int rest, ByteBuf packet, int ip) {
    send(addresses.gateway(), type, code, rest, packet, ip);
  }

  /**
   * Sends an error as {@link #send(int, int, int, ByteBuf, int)}, in the name of a router beyond.
   *
   * @param from the router's address
   * @param type the ICMP type
   * @param code its code
   * @param rest the second word of the ICMP header
   * @param packet the guest's packet
   * @param ip index of its IPv4 header
   */
  public void send(int from, int type, int code, int rest, ByteBuf packet, int ip) {
    int available = packet.writerIndex() - ip;
    int guest = Ipv4.source(packet, ip);
    if (!answerable(packet, ip, available) || !addresses.mayBeGuest(guest) || !permitted(guest)) {
      return;
    }
    int length =
        Math.min(
            Math.min(available, Ipv4.totalLength(packet, ip)),
            LARGEST - Ipv4.HEADER_LENGTH - Icmp.HEADER_LENGTH);
    ByteBuf frame = begin(from, type, code, rest, guest, length);
    try {
      int at = GuestLink.LINK_HEADROOM + Ipv4.HEADER_LENGTH;
      frame.setBytes(at + Icmp.HEADER_LENGTH, packet, ip, length);
      finish(frame, at, length, guest);
    } finally {
      frame.release();
    }
  }

  /**
   * Sends an error about a packet that is no longer at hand: its header is made anew from what is
   * known of it.
   *
   * @param from the router that reports it: the gateway's address, or that of a router beyond
   * @param type the ICMP type
   * @param code its code
   * @param rest the second word of the ICMP header
   * @param protocol the IP protocol of the guest's packet
   * @param guest its source address
   * @param remote its destination address
   * @param transport the first eight bytes of its transport header
   * @param payload bytes that it had behind its IPv4 header
   */
  public void sendAbout(
      int from,
      int type,
      int code,
      int rest,
      int protocol,
      int guest,
      int remote,
      long transport,
      int payload) {
    if (!addresses.mayBeGuest(guest) || !permitted(guest)) {
      return;
    }
    int quoted = Ipv4.HEADER_LENGTH + Long.BYTES;
    ByteBuf frame = begin(from, type, code, rest, guest, quoted);
    try {
      int at = GuestLink.LINK_HEADROOM + Ipv4.HEADER_LENGTH;
      int ip = at + Icmp.HEADER_LENGTH;
      int total = Math.min(65535, Ipv4.HEADER_LENGTH + payload);
      Ipv4.write(frame, ip, total, 0, 0, 1, protocol, guest, remote);
      frame.setLong(ip + Ipv4.HEADER_LENGTH, transport);
      finish(frame, at, quoted, guest);
    } finally {
      frame.release();
    }
  }

  private ByteBuf begin(int from, int type, int code, int rest, int guest, int length) {
    int total = Ipv4.HEADER_LENGTH + Icmp.HEADER_LENGTH + length;
    ByteBuf frame = gateway.allocator().directBuffer(GuestLink.LINK_HEADROOM + total);
    frame.writerIndex(GuestLink.LINK_HEADROOM + total);
    OffloadHeader.clear(frame, 0);
    int ip = GuestLink.LINK_HEADROOM;
    Ipv4.write(frame, ip, total, gateway.nextId(), 0, TTL, Ipv4.ICMP, from, guest);
    int at = ip + Ipv4.HEADER_LENGTH;
    Icmp.setType(frame, at, type);
    Icmp.setCode(frame, at, code);
    frame.setInt(at + 4, rest);
    return frame;
  }

  private void finish(ByteBuf frame, int at, int length, int guest) {
    Icmp.finishChecksum(frame, at, Icmp.HEADER_LENGTH + length);
    counters.count(GatewayCount.ICMP_ERRORS_OUT);
    gateway.sendIpv4(frame, guest);
  }

  /** RFC 1812 section 4.3.2.7: not about an ICMP error, a later fragment, or a broadcast. */
  private boolean answerable(ByteBuf packet, int ip, int available) {
    if (available < Ipv4.HEADER_LENGTH || Ipv4.fragmentOffset(packet, ip) != 0) {
      return false;
    }
    int destination = Ipv4.destination(packet, ip);
    if (destination == addresses.broadcast() || destination >>> 28 >= 0xe) {
      return false;
    }
    if (Ipv4.protocol(packet, ip) != Ipv4.ICMP) {
      return true;
    }
    int at = Ipv4.headerLength(packet, ip);
    return available > at && Icmp.type(packet, ip + at) == Icmp.ECHO_REQUEST;
  }

  /** The generic cell rate algorithm: one number a guest. */
  private boolean permitted(int guest) {
    long now = gateway.timers().clock().nanoTime();
    Neighbour neighbour = gateway.neighbour(guest);
    long due = neighbour == null ? strangersDueNanos : neighbour.errorsDueNanos;
    if (due - now > BURST_NANOS) {
      counters.count(GatewayCount.ICMP_ERRORS_LIMITED);
      return false;
    }
    long next = (due - now > 0 ? due : now) + INTERVAL_NANOS;
    if (neighbour == null) {
      strangersDueNanos = next;
    } else {
      neighbour.errorsDueNanos = next;
    }
    return true;
  }
}
