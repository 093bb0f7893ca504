package io.lanyard.nat.gateway;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv6;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;

/** IPv6 frames of a guest, written by hand. */
final class Ipv6Frames {
  static final Subnet SUBNET = Subnet.parse("fd6c:616e:7961:8::/64");
  static final Address GATEWAY = Address.parse("fd6c:616e:7961:8::2");
  static final Address HOST = Address.parse("fd6c:616e:7961:8::1");
  static final Address GUEST = Address.parse("fd6c:616e:7961:8::10");
  static final Address GUEST_LINK = Address.parse("fe80::5054:ff:fe00:10");
  static final Address WORLD = Address.parse("2001:db8::1");
  static final Address ALL_NODES = Address.parse("ff02::1");
  static final Address ALL_ROUTERS = Address.parse("ff02::2");
  static final Address NONE = Address.ANY_IPV6;

  private Ipv6Frames() {}

  static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  static byte[] join(byte[]... parts) {
    ByteBuf all = Unpooled.wrappedBuffer(parts);
    byte[] bytes = new byte[all.readableBytes()];
    all.readBytes(bytes);
    return bytes;
  }

  /** A packet to the gateway's MAC address; a group's goes to the group's. */
  static byte[] packet(Address source, Address destination, int next, int hops, byte[] payload) {
    ByteBuf b = Unpooled.buffer(14 + 40 + payload.length);
    b.writerIndex(14 + 40 + payload.length);
    long to =
        destination.isMulticast()
            ? 0x3333_0000_0000L | (destination.low() & 0xffff_ffffL)
            : TestNetwork.GATEWAY_MAC;
    Ethernet.write(b, 0, to, TestNetwork.GUEST_MAC, Ethernet.TYPE_IPV6);
    Ipv6.write(
        b,
        14,
        payload.length,
        next,
        hops,
        source.high(),
        source.low(),
        destination.high(),
        destination.low());
    b.setBytes(54, payload);
    return b.array();
  }

  /** An ICMPv6 message with its checksum: type, code, and what follows the checksum. */
  static byte[] icmp(Address source, Address destination, int type, int code, byte... rest) {
    return transport(
        source,
        destination,
        Ipv6.ICMPV6,
        2,
        join(new byte[] {(byte) type, (byte) code, 0, 0}, rest));
  }

  static byte[] udp(Address source, Address destination, int from, int to, byte... data) {
    ByteBuf header = Unpooled.buffer(8);
    header.writeShort(from).writeShort(to).writeShort(8 + data.length).writeShort(0);
    return transport(source, destination, 17, 6, join(header.array(), data));
  }

  private static byte[] transport(
      Address source, Address destination, int protocol, int field, byte[] bytes) {
    byte[] whole = packet(source, destination, protocol, 64, bytes);
    ByteBuf b = Unpooled.wrappedBuffer(whole);
    int sum = Checksum.transport6(b, 14, protocol, 54, bytes.length);
    b.setShort(54 + field, sum);
    b.getBytes(54, bytes);
    return bytes;
  }

  /** A frame with one message of neighbour discovery. */
  static byte[] discovery(Address source, Address destination, int type, int hops, byte... rest) {
    return packet(source, destination, Ipv6.ICMPV6, hops, icmp(source, destination, type, 0, rest));
  }

  static byte[] echo(Address source, Address destination) {
    byte[] echo = icmp(source, destination, 128, 0, hex("12340001 68656c6c6f"));
    return packet(source, destination, Ipv6.ICMPV6, 64, echo);
  }

  /** The group in which who has an address is asked. */
  static Address solicited(Address target) {
    return new Address(0xff02L << 48, Ipv6Addresses.solicitedGroup(target.low()));
  }

  /** Who has an address, with the asker's MAC address where it says that. */
  static byte[] solicitation(Address source, Address target, boolean link) {
    byte[] rest = join(new byte[4], target.toBytes(), link ? hex("0101 525400000010") : hex(""));
    return discovery(source, solicited(target), 135, 255, rest);
  }
}
