package io.lanyard.daemon.adversary;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.lanyard.daemon.KnownSeed;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.Tcp;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Frames of as many made-up hosts of network a as one likes, in one family. Host {@code i} has a
 * MAC address and an IP address by its number.
 */
final class Forgery {
  /** Network a's gateway. */
  static final int GATEWAY = Ipv4.parse("10.66.0.2");

  static final long GATEWAY_MAC = KnownSeed.gatewayOf("a");

  private static final long FIRST_MAC = 0x0266_0000_0000L;
  private static final int IP = Ethernet.HEADER_LENGTH;
  private static final int DHCP_TRANSPORT = IP + Ipv4.HEADER_LENGTH;
  private static final int FRAGMENT_HEADER = 8;

  /** Of ICMP (RFC 792), and its codes. */
  private static final int UNREACHABLE = 3;

  private static final int PORT_UNREACHABLE = 3;
  private static final int FRAGMENTATION_NEEDED = 4;
  private static final int DHCP_COOKIE = 0x6382_5363;

  final Family family;
  private final RawPort port;
  private final int transport;
  private int id;

  Forgery(RawPort port, Family family) {
    this.port = port;
    this.family = family;
    this.transport = family.transport();
  }

  /** A host's address of IPv4. */
  static int address(int host) {
    return Family.IPV4.of(host).ipv4();
  }

  /** A host's MAC address. */
  static long mac(int host) {
    return FIRST_MAC + host;
  }

  /** Whether a MAC address is of a host that is made up. */
  static boolean isMadeUp(long mac) {
    return mac >>> 24 == FIRST_MAC >>> 24;
  }

  private void ip(
      ByteBuf to, int at, Address from, long mac, int length, int protocol, Address destination) {
    id = id + 1 & 0xffff;
    Ethernet.write(to, at, GATEWAY_MAC, mac, family.etherType());
    family.write(to, at, length, id, protocol, from, destination);
  }

  /** A datagram; its checksum is 0 where that is none. */
  void udp(int host, long mac, int fromPort, Address destination, int toPort, byte... data) {
    udp(family.of(host), mac, fromPort, destination, toPort, data);
  }

  /** The same from any address. */
  void udp(Address from, long mac, int fromPort, Address destination, int toPort, byte... data) {
    int length = Udp.HEADER_LENGTH + data.length;
    port.frame(
        transport + length,
        (to, at) -> {
          ip(to, at, from, mac, length, Ipv4.UDP, destination);
          int udp = at + transport;
          Udp.write(to, udp, fromPort, toPort, length);
          to.setBytes(udp + Udp.HEADER_LENGTH, data);
          to.setShort(udp + Udp.CHECKSUM_OFFSET, 0);
          if (family == Family.IPV6) {
            int sum = family.checksum(to, at, Ipv4.UDP, length);
            to.setShort(udp + Udp.CHECKSUM_OFFSET, sum == 0 ? 0xffff : sum);
          }
        });
  }

  /** A segment. */
  void tcp(
      int host,
      int fromPort,
      Address destination,
      int toPort,
      int flags,
      int sequence,
      int acknowledgment,
      int window,
      byte... data) {
    Address from = family.of(host);
    tcp(
        from,
        mac(host),
        fromPort,
        destination,
        toPort,
        flags,
        sequence,
        acknowledgment,
        window,
        data);
  }

  /** The same from any address. */
  void tcp(
      Address from,
      long mac,
      int fromPort,
      Address destination,
      int toPort,
      int flags,
      int sequence,
      int acknowledgment,
      int window,
      byte... data) {
    int length = Tcp.HEADER_LENGTH + data.length;
    port.frame(
        transport + length,
        (to, at) -> {
          ip(to, at, from, mac, length, Ipv4.TCP, destination);
          int tcp = at + transport;
          Tcp.write(
              to,
              tcp,
              fromPort,
              toPort,
              sequence,
              acknowledgment,
              Tcp.HEADER_LENGTH,
              flags,
              window);
          to.setBytes(tcp + Tcp.HEADER_LENGTH, data);
          Tcp.setChecksum(to, tcp, 0);
          Tcp.setChecksum(to, tcp, family.checksum(to, at, Ipv4.TCP, length));
        });
  }

  /** An echo request. */
  void ping(int host, Address destination, int identifier, int bytes) {
    ping(family.of(host), mac(host), destination, identifier, bytes);
  }

  /** The same from any address. */
  void ping(Address from, long mac, Address destination, int identifier, int bytes) {
    int length = Icmp.HEADER_LENGTH + bytes;
    boolean ipv4 = family == Family.IPV4;
    port.frame(
        transport + length,
        (to, at) -> {
          int icmp = at + transport;
          ip(to, at, from, mac, length, ipv4 ? Ipv4.ICMP : Ipv6.ICMPV6, destination);
          Icmp.setType(to, icmp, ipv4 ? Icmp.ECHO_REQUEST : Icmpv6.ECHO_REQUEST);
          Icmp.setIdentifier(to, icmp, identifier);
          if (ipv4) {
            Icmp.finishChecksum(to, icmp, length);
          } else {
            Icmpv6.finishChecksum(to, at + IP, icmp, length);
          }
        });
  }

  /**
   * Says by IPv4 in a guest's name that it refuses what the world sends to it.
   *
   * @param tooBig whether it says instead that a link takes no packets of that size
   */
  void refusal(int host, int guest, int guestPort, boolean tooBig) {
    int world = Family.IPV4.world.ipv4();
    int length = Icmp.HEADER_LENGTH + Ipv4.HEADER_LENGTH + 8;
    port.frame(
        transport + length,
        (to, at) -> {
          int icmp = at + transport;
          int quoted = icmp + Icmp.HEADER_LENGTH;
          Ethernet.write(to, at, GATEWAY_MAC, mac(host), Ethernet.TYPE_IPV4);
          Ipv4.write(to, at + IP, 20 + length, 1, 0, 64, Ipv4.ICMP, guest, world);
          Icmp.setType(to, icmp, UNREACHABLE);
          to.setByte(icmp + 1, tooBig ? FRAGMENTATION_NEEDED : PORT_UNREACHABLE);
          to.setShort(icmp + 6, tooBig ? 576 : 0);
          Ipv4.write(to, quoted, 1500, 1, 0, 64, Ipv4.TCP, world, guest);
          to.setShort(quoted + 20, World.SOURCE).setShort(quoted + 22, guestPort);
          Icmp.finishChecksum(to, icmp, length);
        });
  }

  /** The first fragment of a datagram that has no second one. */
  void firstFragment(int host, Address destination, int bytes) {
    boolean ipv4 = family == Family.IPV4;
    int header = ipv4 ? 0 : FRAGMENT_HEADER;
    port.frame(
        transport + header + bytes,
        (to, at) -> {
          int protocol = ipv4 ? Ipv4.UDP : Ipv6.FRAGMENT;
          ip(to, at, family.of(host), mac(host), header + bytes, protocol, destination);
          if (ipv4) {
            to.setShort(at + IP + 6, Ipv4.MORE_FRAGMENTS);
            Ipv4.finishChecksum(to, at + IP);
          } else {
            to.setByte(at + transport, Ipv4.UDP);
            to.setShort(at + transport + 2, 1); // at 0, and more to come
            to.setInt(at + transport + 4, id);
          }
          Udp.write(to, at + transport + header, 4000, 4000, 4 * bytes);
        });
  }

  /** An ARP packet to everybody. */
  void arp(int operation, long source, long senderMac, int sender, int target) {
    arp(Ethernet.BROADCAST, operation, source, senderMac, sender, target);
  }

  /** Answers the gateway, which has not asked. */
  void arpToGateway(long mac, int claimed) {
    arp(GATEWAY_MAC, Arp.REPLY, mac, mac, claimed, GATEWAY);
  }

  private void arp(
      long towards, int operation, long source, long senderMac, int sender, int target) {
    port.frame(
        Ethernet.HEADER_LENGTH + Arp.LENGTH,
        (to, at) -> {
          Ethernet.write(to, at, towards, source, Ethernet.TYPE_ARP);
          Arp.write(to, at + IP, operation, senderMac, sender, 0, target);
        });
  }

  /** A frame of no known protocol. */
  void ethernet(long destination, long source, int bytes) {
    port.frame(
        Ethernet.HEADER_LENGTH + bytes,
        (to, at) -> Ethernet.write(to, at, destination, source, 0x88b5));
  }

  /** A frame as it is. */
  void copy(ByteBuf frame) {
    port.frame(frame.readableBytes(), (to, at) -> to.setBytes(at, frame, frame.readableBytes()));
  }

  /**
   * A DHCP message to everybody.
   *
   * @param source the frame's source address
   * @param client whom it is for (chaddr)
   * @param type its type (RFC 2132 section 9.6)
   * @param own the client's present address, or 0
   * @param requested the address that it asks for, or 0
   */
  void dhcp(long source, long client, int type, int own, int requested) {
    dhcp(source, dhcpMessage(client, type, own, requested));
  }

  /** The same for any server. */
  void dhcp(long source, ByteBuf message) {
    dhcp(source, Ethernet.BROADCAST, message.getInt(12), Ipv4.BROADCAST, 68, 67, message);
  }

  /** A DHCP message to the server alone. */
  void dhcpToServer(long client, int type, int own, int requested) {
    dhcp(client, GATEWAY_MAC, own, GATEWAY, 68, 67, dhcpMessage(client, type, own, requested));
  }

  /** A client's DHCP message as a host passes it on that says to be a relay (giaddr). */
  void dhcpRelayed(int host, long client, int type, int requested) {
    ByteBuf message = dhcpMessage(client, type, 0, requested);
    message.setByte(3, 1).setInt(24, address(host));
    dhcp(mac(host), GATEWAY_MAC, address(host), GATEWAY, 67, 67, message);
  }

  /** A DHCP server's message to everybody, with an address for a client. */
  void dhcpAnswer(int host, long client, int type, int address) {
    ByteBuf message = dhcpMessage(client, type, 0, 0);
    message.setByte(0, 2).setInt(16, address);
    dhcp(mac(host), Ethernet.BROADCAST, address(host), Ipv4.BROADCAST, 67, 68, message);
  }

  private void dhcp(
      long source,
      long towards,
      int from,
      int destination,
      int fromPort,
      int toPort,
      ByteBuf message) {
    int length = Udp.HEADER_LENGTH + message.readableBytes();
    port.frame(
        DHCP_TRANSPORT + length,
        (to, at) -> {
          Ethernet.write(to, at, towards, source, Ethernet.TYPE_IPV4);
          Ipv4.write(to, at + IP, 20 + length, 1, 0, 64, Ipv4.UDP, from, destination);
          Udp.write(to, at + DHCP_TRANSPORT, fromPort, toPort, length);
          to.setShort(at + DHCP_TRANSPORT + Udp.CHECKSUM_OFFSET, 0);
          to.setBytes(at + DHCP_TRANSPORT + Udp.HEADER_LENGTH, message, message.readableBytes());
        });
  }

  /** A DHCP message to network a's server; see the other one. */
  static ByteBuf dhcpMessage(long client, int type, int own, int requested) {
    return dhcpMessage(client, type, own, requested, GATEWAY);
  }

  /**
   * A DHCP message without the headers below it; its answers are broadcast.
   *
   * @param server the server that it names where it asks for an address
   */
  static ByteBuf dhcpMessage(long client, int type, int own, int requested, int server) {
    ByteBuf message = Unpooled.buffer(300).writeZero(236).writeInt(DHCP_COOKIE);
    message.setByte(0, 1).setByte(1, 1).setByte(2, 6).setInt(4, (int) client);
    message.setShort(10, 0x8000).setInt(12, own);
    Ethernet.setMac(message, 28, client);
    message.writeByte(53).writeByte(1).writeByte(type);
    if (requested != 0) {
      message.writeByte(50).writeByte(4).writeInt(requested);
    }
    if (requested != 0) {
      message.writeByte(54).writeByte(4).writeInt(server);
    }
    return message.writeByte(255).writeZero(300 - message.writerIndex());
  }

  /**
   * A DNS question for an IPv4 address.
   *
   * @param padding bytes of EDNS padding (RFC 7830); 0 for no EDNS at all
   */
  static byte[] question(int id, String name, int padding) {
    ByteBuf query = Unpooled.buffer(512 + padding);
    query.writeShort(id).writeShort(0x0100).writeShort(1).writeInt(0);
    query.writeShort(padding == 0 ? 0 : 1);
    for (String label : name.split("\\.", -1)) {
      query.writeByte(label.length()).writeBytes(label.getBytes(US_ASCII));
    }
    query.writeByte(0).writeShort(1).writeShort(1);
    if (padding != 0) {
      query.writeByte(0).writeShort(41).writeShort(1232).writeInt(0);
      query.writeShort(4 + padding).writeShort(12).writeShort(padding).writeZero(padding);
    }
    byte[] bytes = new byte[query.readableBytes()];
    query.readBytes(bytes);
    return bytes;
  }
}
