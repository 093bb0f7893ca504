package io.lanyard.daemon.adversary;

import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.netty.buffer.ByteBuf;

/** A family of addresses: those of the world in it, and its header in a frame without tags. */
@SuppressWarnings("ImmutableEnumChecker") // an Address is two longs
enum Family {
  IPV4("10.99.0.2", "198.51.100.1", "10.66.0.2", "10.67.0.2", "10.66.16.0", "198.18.0.2"),
  IPV6("2001:db8:99::2", "2001:db8:33::1", "fd66::2", "fd67::2", "fd66::1:0:0", "2001:db8:98::2");

  private static final int IP = Ethernet.HEADER_LENGTH;

  /** The world's, which guests reach by the NAT. */
  final Address world;

  /** The daemon's host, on its link with the world. */
  final Address uplink;

  /** A host of the world's that speaks VXLAN, while it attacks. */
  final Address tunnel;

  /** An honest client of the daemon's in the world, in a subnet of its own. */
  final Address client;

  /** Network a's gateway. */
  final Address gateway;

  /** Network a's host address, which leads to the host's loopback. */
  final Address host;

  /** Network b's gateway. */
  final Address gatewayB;

  private final Address silent;
  private final Address first;

  Family(
      String world, String silent, String gateway, String gatewayB, String first, String client) {
    this.world = Address.parse(world);
    this.uplink = this.world.plus(-1);
    this.tunnel = this.world.plus(1);
    this.silent = Address.parse(silent);
    this.gateway = Address.parse(gateway);
    this.host = this.gateway.plus(-1);
    this.gatewayB = Address.parse(gatewayB);
    this.first = Address.parse(first);
    this.client = Address.parse(client);
  }

  /** An address to which packets go and from which none come: the world forwards nothing. */
  Address silent(int number) {
    return silent.plus(number);
  }

  /** The address of a host of network a that is made up. */
  Address of(int host) {
    return first.plus(host);
  }

  /** The host that is made up with an address; another number than {@link #of} takes for none. */
  int host(Address address) {
    return address.high() == first.high() ? (int) (address.low() - first.low()) : -1;
  }

  /** The address of the honest guest of network a. */
  Address honest() {
    return this == IPV4 ? Address.ofIpv4(World.HONEST) : World.HONEST_IPV6;
  }

  /** Where the transport's header begins in a frame that {@link #write} has begun. */
  int transport() {
    return IP + (this == IPV4 ? Ipv4.HEADER_LENGTH : Ipv6.HEADER_LENGTH);
  }

  int etherType() {
    return this == IPV4 ? Ethernet.TYPE_IPV4 : Ethernet.TYPE_IPV6;
  }

  /** Writes an IP header into a frame. */
  void write(
      ByteBuf to, int frame, int length, int id, int protocol, Address source, Address target) {
    if (this == IPV4) {
      Ipv4.write(to, frame + IP, 20 + length, id, 0, 64, protocol, source.ipv4(), target.ipv4());
      return;
    }
    Ipv6.write(
        to,
        frame + IP,
        length,
        protocol,
        64,
        source.high(),
        source.low(),
        target.high(),
        target.low());
  }

  /** The checksum of a frame's transport and of its pseudo header. */
  int checksum(ByteBuf to, int frame, int protocol, int length) {
    int at = frame + transport();
    return this == IPV4
        ? Checksum.transport4(to, frame + IP, protocol, at, length)
        : Checksum.transport6(to, frame + IP, protocol, at, length);
  }

  /** Whether a frame carries a protocol in this family, without extension headers. */
  boolean carries(ByteBuf frame, int protocol) {
    return Ethernet.type(frame, 0) == etherType()
        && protocol == (this == IPV4 ? Ipv4.protocol(frame, IP) : Ipv6.nextHeader(frame, IP));
  }

  /** Who has sent a frame. */
  Address source(ByteBuf frame) {
    return this == IPV4
        ? Address.ofIpv4(Ipv4.source(frame, IP))
        : new Address(Ipv6.sourceHigh(frame, IP), Ipv6.sourceLow(frame, IP));
  }

  /** Whom a frame is for. */
  Address destination(ByteBuf frame) {
    return this == IPV4
        ? Address.ofIpv4(Ipv4.destination(frame, IP))
        : new Address(Ipv6.destinationHigh(frame, IP), Ipv6.destinationLow(frame, IP));
  }

  /** Bytes of a frame's transport header and data. */
  int length(ByteBuf frame) {
    return this == IPV4
        ? Ipv4.totalLength(frame, IP) - Ipv4.HEADER_LENGTH
        : Ipv6.payloadLength(frame, IP);
  }
}
