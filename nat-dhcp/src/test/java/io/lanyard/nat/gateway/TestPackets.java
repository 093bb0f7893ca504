package io.lanyard.nat.gateway;

import io.lanyard.nat.station.Neighbour;
import io.netty.buffer.ByteBuf;

/** Packets for tests of an engine, as the gateway would lend them. */
public final class TestPackets {
  private TestPackets() {}

  /**
   * A packet to the gateway itself.
   *
   * @param from who sent it
   * @param frame lent: offload header at the reader index
   * @return the packet, its header taken for checked
   */
  public static Packet toGateway(Neighbour from, ByteBuf frame) {
    return packet(from, frame, false);
  }

  /** An IPv4 packet that leads out, to the address that it says. */
  public static Packet out(Neighbour from, ByteBuf frame) {
    return packet(from, frame, true);
  }

  private static Packet packet(Neighbour from, ByteBuf frame, boolean leadsOut) {
    Packet packet = new Packet();
    packet.sender = from;
    packet.station = from.charged();
    packet.sourceMac = from.mac();
    packet.frame = frame;
    packet.network = frame.readerIndex() + GuestLink.LINK_HEADROOM;
    if (frame.getByte(packet.network) >>> 4 == 6) {
      int end = packet.network + 40 + frame.getUnsignedShort(packet.network + 4);
      Ipv6Input.fill(packet, packet.network, Math.min(frame.writerIndex(), end));
    } else {
      int total = frame.getUnsignedShort(packet.network + 2);
      Ipv4Input.fill(packet, Math.min(frame.writerIndex(), packet.network + total));
    }
    packet.leadsOut = leadsOut;
    packet.hostHigh = packet.destinationHigh;
    packet.hostLow = packet.destinationLow;
    return packet;
  }
}
