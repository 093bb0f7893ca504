package io.lanyard.nat.gateway;

import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A message of neighbour discovery that is being written. It is sent once, which releases it.
 *
 * <p>Thread: the network's loop only.
 */
final class NdMessage {
  /** RFC 4861 section 7.1.1: who takes it sees that no router has passed it on. */
  private static final int HOPS = 255;

  private static final int AT = GuestLink.LINK_HEADROOM + Ipv6.HEADER_LENGTH;

  /** The MAC address of a group has its lowest 32 bits (RFC 2464 section 7). */
  private static final long GROUP_MAC = 0x3333_0000_0000L;

  private final Gateway gateway;
  private final ByteBuf frame;
  private final int length;

  /** Begins a message of so many bytes, all zero but the type. */
  NdMessage(Gateway gateway, int type, int length) {
    this.gateway = gateway;
    this.length = length;
    frame = gateway.allocator().directBuffer(AT + length);
    frame.setZero(0, AT + length);
    frame.writerIndex(AT + length);
    Icmpv6.setType(frame, AT, type);
  }

  void setByte(int at, int value) {
    frame.setByte(AT + at, value);
  }

  void setShort(int at, int value) {
    frame.setShort(AT + at, value);
  }

  void setInt(int at, int value) {
    frame.setInt(AT + at, value);
  }

  void setAddress(int at, Address address) {
    frame.setLong(AT + at, address.high());
    frame.setLong(AT + at + 8, address.low());
  }

  void setBytes(int at, byte[] bytes) {
    frame.setBytes(AT + at, bytes);
  }

  /** Writes an option with a link-layer address, 8 bytes. */
  void setLink(int at, int option, long mac) {
    setShort(at, option << 8 | 1);
    setShort(at + 2, (int) (mac >>> 32));
    setInt(at + 4, (int) mac);
  }

  /** Sends to all nodes of the link. */
  void sendToAll(Address source) {
    sendToGroup(source, Ipv6Addresses.ALL_NODES);
  }

  /** Sends to all nodes behind one port. */
  void sendToAll(Address source, PortBudget behind) {
    long mac = GROUP_MAC | (Ipv6Addresses.ALL_NODES & 0xffff_ffffL);
    try {
      write(source, new Address(Ipv6Addresses.LINK_GROUPS, Ipv6Addresses.ALL_NODES), mac);
      gateway.deliverTo(frame, mac, behind);
    } finally {
      frame.release();
    }
  }

  /** Sends to a group of the link by its lower long. */
  void sendToGroup(Address source, long group) {
    send(
        source,
        new Address(Ipv6Addresses.LINK_GROUPS, group),
        GROUP_MAC | (group & 0xffff_ffffL),
        null);
  }

  /**
   * Sends to one station.
   *
   * @param behind the port that the MAC address is behind; null for a group's
   */
  void send(Address source, Address destination, long mac, @Nullable PortBudget behind) {
    try {
      write(source, destination, mac);
      gateway.sendFrame(frame, behind);
    } finally {
      frame.release();
    }
  }

  /** Sends to the station that has an address. */
  void send(Address source, Neighbour neighbour) {
    try {
      write(source, neighbour.address(), neighbour.mac());
      gateway.sendFrame(frame, neighbour);
    } finally {
      frame.release();
    }
  }

  private void write(Address source, Address destination, long mac) {
    int ip = GuestLink.LINK_HEADROOM;
    OffloadHeader.clear(frame, 0);
    Ethernet.write(frame, OffloadHeader.LENGTH, mac, gateway.addresses().mac(), Ethernet.TYPE_IPV6);
    Ipv6.write(
        frame,
        ip,
        length,
        Ipv6.ICMPV6,
        HOPS,
        source.high(),
        source.low(),
        destination.high(),
        destination.low());
    Icmpv6.finishChecksum(frame, ip, AT, length);
  }
}
