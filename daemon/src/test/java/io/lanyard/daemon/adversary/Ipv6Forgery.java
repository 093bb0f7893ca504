package io.lanyard.daemon.adversary;

import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;

/**
 * Frames of the made-up hosts of {@link Forgery} that IPv6 alone has: neighbour discovery, router
 * advertisements, DHCPv6, chains of extension headers.
 */
final class Ipv6Forgery {
  static final Address ALL_NODES = Address.parse("ff02::1");
  private static final Address ALL_ROUTERS = Address.parse("ff02::2");
  static final Address DHCP_SERVERS = Address.parse("ff02::1:2");
  private static final long LINK_LOCAL = 0xfe80L << 48;
  private static final long GROUP_MAC = 0x3333_0000_0000L;
  private static final int IP = Ethernet.HEADER_LENGTH;
  private static final int UPPER = IP + Ipv6.HEADER_LENGTH;

  /** RFC 4861 section 7.1: proves that no router has passed a message on. */
  private static final int HOPS = 255;

  /** As many as the gateway walks over. */
  private static final int EXTENSIONS = 8;

  /** RFC 8200 section 4.2: who does not know such an option says so, and drops the packet. */
  private static final int UNKNOWN_OPTION = 0x80;

  private static final int PORT_UNREACHABLE = 4;

  private final RawPort port;

  Ipv6Forgery(RawPort port) {
    this.port = port;
  }

  /** A host's link-local address. */
  static Address link(int host) {
    return new Address(LINK_LOCAL, 0x1_0000_0000L + host);
  }

  /** The MAC address of a group. */
  static long group(Address group) {
    return GROUP_MAC | (group.low() & 0xffff_ffffL);
  }

  private interface Body {
    void write(ByteBuf to, int at);
  }

  private void packet(
      long source,
      long target,
      Address from,
      Address to,
      int protocol,
      int hops,
      int length,
      Body body) {
    port.frame(
        UPPER + length,
        (frame, at) -> {
          Ethernet.write(frame, at, target, source, Ethernet.TYPE_IPV6);
          Ipv6.write(
              frame, at + IP, length, protocol, hops, from.high(), from.low(), to.high(), to.low());
          body.write(frame, at + UPPER);
          if (protocol == Ipv6.ICMPV6) {
            Icmpv6.finishChecksum(frame, at + IP, at + UPPER, length);
          }
        });
  }

  private static void setAddress(ByteBuf to, int at, Address address) {
    to.setLong(at, address.high()).setLong(at + 8, address.low());
  }

  /** A source (1) or target (2) link-layer address. */
  private static void setLink(ByteBuf to, int at, int option, long mac) {
    to.setByte(at, option).setByte(at + 1, 1);
    Ethernet.setMac(to, at + 2, mac);
  }

  /** Asks the gateway alone for its address, as a station with an address. */
  void solicitation(long mac, Address own, Address asked) {
    packet(
        mac,
        Forgery.GATEWAY_MAC,
        own,
        asked,
        Ipv6.ICMPV6,
        HOPS,
        32,
        (to, at) -> {
          Icmpv6.setType(to, at, Icmpv6.NEIGHBOR_SOLICITATION);
          setAddress(to, at + 8, asked);
          setLink(to, at + 24, 1, mac);
        });
  }

  /** Says whose an address is, and that others are to believe it. */
  void advertisement(long mac, long target, Address claimed, Address whom) {
    packet(
        mac,
        target,
        claimed,
        whom,
        Ipv6.ICMPV6,
        HOPS,
        32,
        (to, at) -> {
          Icmpv6.setType(to, at, Icmpv6.NEIGHBOR_ADVERTISEMENT);
          to.setByte(at + 4, whom.isMulticast() ? 0x20 : 0x60); // solicited, override
          setAddress(to, at + 8, claimed);
          setLink(to, at + 24, 2, mac);
        });
  }

  /** Asks the gateway alone for an advertisement. */
  void routerSolicitation(int host) {
    long mac = Forgery.mac(host);
    packet(
        mac,
        Forgery.GATEWAY_MAC,
        link(host),
        ALL_ROUTERS,
        Ipv6.ICMPV6,
        HOPS,
        16,
        (to, at) -> {
          Icmpv6.setType(to, at, Icmpv6.ROUTER_SOLICITATION);
          setLink(to, at + 8, 1, mac);
        });
  }

  /** Advertises a host as a router, and a prefix of its own in which all are to take addresses. */
  void routerAdvertisement(int host) {
    packet(
        Forgery.mac(host),
        group(ALL_NODES),
        link(host),
        ALL_NODES,
        Ipv6.ICMPV6,
        HOPS,
        48,
        (to, at) -> {
          Icmpv6.setType(to, at, Icmpv6.ROUTER_ADVERTISEMENT);
          to.setByte(at + 4, 64).setByte(at + 5, 0x08).setShort(at + 6, 9000); // high preference
          to.setByte(at + 16, 3).setByte(at + 17, 4).setByte(at + 18, 64).setByte(at + 19, 0xc0);
          to.setInt(at + 20, 86_400).setInt(at + 24, 86_400);
          to.setLong(at + 32, 0xfdee_0000_0000_0000L + host);
        });
  }

  /**
   * Says in a guest's name that it refuses what the world sends to it.
   *
   * @param tooBig whether it says instead that a link takes no packets of that size
   */
  void refusal(int host, Address guest, int guestPort, boolean tooBig) {
    Address world = Family.IPV6.world;
    packet(
        Forgery.mac(host),
        Forgery.GATEWAY_MAC,
        guest,
        world,
        Ipv6.ICMPV6,
        64,
        8 + Ipv6.HEADER_LENGTH + 20,
        (to, at) -> {
          Icmpv6.setType(to, at, tooBig ? Icmpv6.PACKET_TOO_BIG : Icmpv6.UNREACHABLE);
          Icmpv6.setCode(to, at, tooBig ? 0 : PORT_UNREACHABLE);
          to.setInt(at + 4, tooBig ? 1280 : 0);
          int quoted = at + 8;
          Ipv6.write(
              to, quoted, 20, Ipv4.TCP, 64, world.high(), world.low(), guest.high(), guest.low());
          to.setShort(quoted + 40, World.SOURCE).setShort(quoted + 42, guestPort);
        });
  }

  /** A ping to the gateway behind as many headers as it walks over, the last one unknown to it. */
  void chain(int host) {
    packet(
        Forgery.mac(host),
        Forgery.GATEWAY_MAC,
        Family.IPV6.of(host),
        Family.IPV6.gateway,
        Ipv6.DESTINATION,
        64,
        8 * EXTENSIONS + 8,
        (to, at) -> {
          for (int i = 0; i < EXTENSIONS; i++) {
            boolean last = i == EXTENSIONS - 1;
            to.setByte(at + 8 * i, last ? Ipv6.ICMPV6 : Ipv6.DESTINATION);
            to.setByte(at + 8 * i + 2, last ? UNKNOWN_OPTION : 1).setByte(at + 8 * i + 3, 4);
          }
          to.setByte(at + 8 * EXTENSIONS, Icmpv6.ECHO_REQUEST);
        });
  }

  /** A DHCPv6 message to the gateway alone, though it is for the group of servers. */
  void dhcp(int host, ByteBuf message) {
    dhcp(host, Forgery.GATEWAY_MAC, DHCP_SERVERS, 546, 547, message);
  }

  /** A DHCPv6 message of a relay's to the gateway alone. */
  void relay(int host, ByteBuf message) {
    dhcp(host, Forgery.GATEWAY_MAC, DHCP_SERVERS, 547, 547, message);
  }

  /** A DHCPv6 server's message to every client. */
  void answer(int host, ByteBuf message) {
    dhcp(host, group(ALL_NODES), ALL_NODES, 547, 546, message);
  }

  private void dhcp(
      int host, long target, Address destination, int from, int toPort, ByteBuf message) {
    int length = Udp.HEADER_LENGTH + message.readableBytes();
    packet(
        Forgery.mac(host),
        target,
        link(host),
        destination,
        Ipv4.UDP,
        64,
        length,
        (to, at) -> {
          Udp.write(to, at, from, toPort, length);
          to.setBytes(at + Udp.HEADER_LENGTH, message, message.readableBytes());
          to.setShort(at + Udp.CHECKSUM_OFFSET, 0);
          int sum = Family.IPV6.checksum(to, at - UPPER, Ipv4.UDP, length);
          to.setShort(at + Udp.CHECKSUM_OFFSET, sum == 0 ? 0xffff : sum);
        });
  }
}
