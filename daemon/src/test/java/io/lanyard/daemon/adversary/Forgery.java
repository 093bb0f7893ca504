package io.lanyard.daemon.adversary;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.lanyard.net.MacAddress;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Tcp;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Frames of as many made-up hosts of network a as one likes. Host {@code i} has a MAC address and
 * an IP address by its number.
 */
final class Forgery {
  /** Network a's gateway. */
  static final int GATEWAY = Ipv4.parse("10.66.0.2");

  static final long GATEWAY_MAC = MacAddress.derivedFrom("gateway of a").bits();

  private static final int FIRST = Ipv4.parse("10.66.16.0");
  private static final long FIRST_MAC = 0x0266_0000_0000L;
  private static final int IP = Ethernet.HEADER_LENGTH;
  private static final int TRANSPORT = IP + Ipv4.HEADER_LENGTH;
  private static final int DHCP_COOKIE = 0x6382_5363;

  private final RawPort port;
  private int id;

  Forgery(RawPort port) {
    this.port = port;
  }

  /** A host's address. */
  static int address(int host) {
    return FIRST + host;
  }

  /** A host's MAC address. */
  static long mac(int host) {
    return FIRST_MAC + host;
  }

  /** The host with an address, which need not be one of these. */
  static int host(int address) {
    return address - FIRST;
  }

  private void ip(
      ByteBuf to, int at, int host, long mac, int length, int protocol, int destination) {
    id = id + 1 & 0xffff;
    long towards = destination == Ipv4.BROADCAST ? Ethernet.BROADCAST : GATEWAY_MAC;
    Ethernet.write(to, at, towards, mac, Ethernet.TYPE_IPV4);
    Ipv4.write(to, at + IP, 20 + length, id, 0, 64, protocol, address(host), destination);
  }

  /** A datagram; its checksum is 0, which is none. */
  void udp(int host, long mac, int fromPort, int destination, int toPort, byte... data) {
    int length = Udp.HEADER_LENGTH + data.length;
    port.frame(
        TRANSPORT + length,
        (to, at) -> {
          ip(to, at, host, mac, length, Ipv4.UDP, destination);
          Udp.write(to, at + TRANSPORT, fromPort, toPort, length);
          to.setShort(at + TRANSPORT + Udp.CHECKSUM_OFFSET, 0);
          to.setBytes(at + TRANSPORT + Udp.HEADER_LENGTH, data);
        });
  }

  /** A segment. */
  void tcp(
      int host,
      int fromPort,
      int destination,
      int toPort,
      int flags,
      int sequence,
      int acknowledgment,
      int window,
      byte... data) {
    int length = Tcp.HEADER_LENGTH + data.length;
    port.frame(
        TRANSPORT + length,
        (to, at) -> {
          ip(to, at, host, mac(host), length, Ipv4.TCP, destination);
          int tcp = at + TRANSPORT;
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
          Tcp.setChecksum(to, tcp, Checksum.transport4(to, at + IP, Ipv4.TCP, tcp, length));
        });
  }

  /** An echo request. */
  void ping(int host, int destination, int identifier, int bytes) {
    int length = Icmp.HEADER_LENGTH + bytes;
    port.frame(
        TRANSPORT + length,
        (to, at) -> {
          ip(to, at, host, mac(host), length, Ipv4.ICMP, destination);
          Icmp.setType(to, at + TRANSPORT, Icmp.ECHO_REQUEST);
          Icmp.setIdentifier(to, at + TRANSPORT, identifier);
          Icmp.finishChecksum(to, at + TRANSPORT, length);
        });
  }

  /** The first fragment of a datagram that has no second one. */
  void firstFragment(int host, int destination, int bytes) {
    port.frame(
        TRANSPORT + bytes,
        (to, at) -> {
          ip(to, at, host, mac(host), bytes, Ipv4.UDP, destination);
          to.setShort(at + IP + 6, Ipv4.MORE_FRAGMENTS);
          Ipv4.finishChecksum(to, at + IP);
          Udp.write(to, at + TRANSPORT, 4000, 4000, 4 * bytes);
        });
  }

  /** An ARP packet to everybody. */
  void arp(int operation, long source, long senderMac, int sender, int target) {
    port.frame(
        Ethernet.HEADER_LENGTH + Arp.LENGTH,
        (to, at) -> {
          Ethernet.write(to, at, Ethernet.BROADCAST, source, Ethernet.TYPE_ARP);
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
    dhcp(source, Ethernet.BROADCAST, Ipv4.BROADCAST, dhcpMessage(client, type, own, requested));
  }

  /** A DHCP message to the server alone, from a client without an address. */
  void dhcpToServer(long client, int type) {
    dhcp(client, GATEWAY_MAC, GATEWAY, dhcpMessage(client, type, 0, 0));
  }

  private void dhcp(long source, long towards, int destination, ByteBuf message) {
    int length = Udp.HEADER_LENGTH + message.readableBytes();
    int from = message.getInt(12);
    port.frame(
        TRANSPORT + length,
        (to, at) -> {
          Ethernet.write(to, at, towards, source, Ethernet.TYPE_IPV4);
          Ipv4.write(to, at + IP, 20 + length, 1, 0, 64, Ipv4.UDP, from, destination);
          Udp.write(to, at + TRANSPORT, 68, 67, length);
          to.setShort(at + TRANSPORT + Udp.CHECKSUM_OFFSET, 0);
          to.setBytes(at + TRANSPORT + Udp.HEADER_LENGTH, message, message.readableBytes());
        });
  }

  /** A DHCP message without the headers below it; its answers are broadcast. */
  static ByteBuf dhcpMessage(long client, int type, int own, int requested) {
    ByteBuf message = Unpooled.buffer(300).writeZero(236).writeInt(DHCP_COOKIE);
    message.setByte(0, 1).setByte(1, 1).setByte(2, 6).setInt(4, (int) client);
    message.setShort(10, 0x8000).setInt(12, own);
    Ethernet.setMac(message, 28, client);
    message.writeByte(53).writeByte(1).writeByte(type);
    if (requested != 0) {
      message.writeByte(50).writeByte(4).writeInt(requested);
    }
    if (requested != 0) {
      message.writeByte(54).writeByte(4).writeInt(GATEWAY);
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
