package io.lanyard.daemon.adversary;

import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/** Messages of DHCPv6 (RFC 8415), as a client writes and reads them. */
final class Dhcp6 {
  static final int SOLICIT = 1;
  static final int ADVERTISE = 2;
  static final int REQUEST = 3;
  static final int REPLY = 7;
  static final int RELEASE = 8;
  static final int DECLINE = 9;
  private static final int RELAY_FORWARD = 12;

  private static final int CLIENT_PORT = 546;
  private static final int CLIENT_ID = 1;
  private static final int SERVER_ID = 2;
  private static final int IA_NA = 3;
  private static final int IA_ADDRESS = 5;
  private static final int RELAY_MESSAGE = 9;
  private static final int RAPID_COMMIT = 14;
  private static final int IA_HEADER = 12;

  private Dhcp6() {}

  /**
   * A lease.
   *
   * @param client the MAC address that the client's identifier is made of
   * @param server the server's identifier
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Lease(long client, Address address, byte[] server) {}

  /**
   * A question for an address.
   *
   * @param client its MAC address, from which its identifier is made
   * @param commits whether the first answer is to give the address (section 18.2.1)
   */
  static ByteBuf solicit(long client, boolean commits) {
    ByteBuf message = begin(SOLICIT, client);
    message.writeShort(IA_NA).writeShort(IA_HEADER).writeInt(1).writeLong(0);
    return commits ? message.writeShort(RAPID_COMMIT).writeShort(0) : message;
  }

  private static ByteBuf begin(int type, long client) {
    ByteBuf message = Unpooled.buffer(128).writeByte(type).writeMedium((int) client);
    message.writeShort(CLIENT_ID).writeShort(10).writeShort(3).writeShort(1);
    return message.writeShort((int) (client >>> 32)).writeInt((int) client);
  }

  /** A message about a lease that is offered or given, of any type. */
  static ByteBuf about(int type, Lease lease) {
    ByteBuf message = begin(type, lease.client());
    message.writeShort(SERVER_ID).writeShort(lease.server().length).writeBytes(lease.server());
    message.writeShort(IA_NA).writeShort(IA_HEADER + 28).writeInt(1).writeLong(0);
    message.writeShort(IA_ADDRESS).writeShort(24);
    return message.writeLong(lease.address().high()).writeLong(lease.address().low()).writeLong(0);
  }

  /** A client's message as a relay passes it on (section 9). */
  static ByteBuf relayed(Address link, Address peer, ByteBuf message) {
    ByteBuf relayed = Unpooled.buffer(256).writeByte(RELAY_FORWARD).writeByte(0);
    relayed
        .writeLong(link.high())
        .writeLong(link.low())
        .writeLong(peer.high())
        .writeLong(peer.low());
    return relayed
        .writeShort(RELAY_MESSAGE)
        .writeShort(message.readableBytes())
        .writeBytes(message);
  }

  /** The lease that a frame with a server's reply gives to its client; null for any other frame. */
  static @Nullable Lease lease(ByteBuf frame) {
    int udp = Family.IPV6.transport();
    int message = udp + Udp.HEADER_LENGTH;
    if (!Family.IPV6.carries(frame, Ipv4.UDP)
        || Udp.destinationPort(frame, udp) != CLIENT_PORT
        || frame.getByte(message) != REPLY) {
      return null;
    }
    ByteBuf answer = frame.slice(message, frame.writerIndex() - message);
    return read(answer, REPLY, (Forgery.mac(0) & ~0xff_ffffL) | answer.getUnsignedMedium(1));
  }

  /** The address that an answer of that type has for a client; null if it is none for it. */
  static @Nullable Lease read(ByteBuf answer, int type, long client) {
    if (answer.readableBytes() < 4
        || answer.readByte() != type
        || answer.readUnsignedMedium() != ((int) client & 0xff_ffff)) {
      return null;
    }
    byte[] server = {};
    Address address = null;
    while (answer.readableBytes() >= 4) {
      int code = answer.readUnsignedShort();
      ByteBuf value = answer.readSlice(answer.readUnsignedShort());
      if (code == CLIENT_ID && Ethernet.mac(value, 4) != client) {
        return null;
      }
      if (code == SERVER_ID) {
        server = ByteBufUtil.getBytes(value);
      }
      if (code == IA_NA
          && value.readableBytes() >= IA_HEADER + 28
          && value.getUnsignedShort(IA_HEADER) == IA_ADDRESS) {
        address = new Address(value.getLong(IA_HEADER + 4), value.getLong(IA_HEADER + 12));
      }
    }
    return address == null ? null : new Lease(client, address, server);
  }
}
