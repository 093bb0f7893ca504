package io.lanyard.nat.gateway;

import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A guest's IP packet of either family, taken apart once. The gateway has one that it fills for
 * each packet and lends to whom it hands it; nothing is parsed again, and nothing allocated.
 *
 * <p>An address is two longs, as {@link Address} has them; {@link #destination()} and the like make
 * an object, for work that happens once per flow.
 *
 * <p>Thread: the network's loop only. Valid for the length of the call that lends it.
 */
@SuppressWarnings("NullAway.Init") // filled before anybody sees it
public final class Packet {
  /** Along the headers of an IPv6 packet. */
  final Ipv6Walk walk = new Ipv6Walk();

  Station station;
  @Nullable Neighbour sender;
  long sourceMac;
  ByteBuf frame;
  int network;
  int transport;
  int end;
  int protocol;

  /** Where the header says what follows it; of an IPv6 packet only. */
  int protocolField;

  int hops;
  boolean unfragmented;
  long sourceHigh;
  long sourceLow;
  long destinationHigh;
  long destinationLow;
  long hostHigh;
  long hostLow;
  boolean leadsOut;

  /** The gateway's address, of a packet to another that it takes. */
  @Nullable Address standIn;

  Packet() {}

  /**
   * The station that sent the packet. Its {@link Station#budget} is that of the port which the
   * packet came in by.
   *
   * @return the station
   */
  public Station station() {
    return station;
  }

  /**
   * The neighbour that has the packet's source address: whom an answer goes to.
   *
   * @return the neighbour
   * @throws IllegalStateException if the source is no guest's address: a DHCP client's packet,
   *     which no engine gets
   */
  public Neighbour sender() {
    Neighbour present = sender;
    if (present == null) {
      throw new IllegalStateException("a packet without a sender is for the DHCP service only");
    }
    return present;
  }

  /**
   * The frame that the packet lies in.
   *
   * @return lent: offload header at the reader index, and the indexes are to stay; a super-frame is
   *     possible
   */
  public ByteBuf frame() {
    return frame;
  }

  /**
   * Where the packet begins.
   *
   * @return index of its IP header
   */
  public int network() {
    return network;
  }

  /**
   * Where the packet's transport begins, behind all options and extension headers.
   *
   * @return index of the transport header
   */
  public int transport() {
    return transport;
  }

  /**
   * Where the packet ends. Behind that the frame may have padding.
   *
   * @return index behind its last byte
   */
  public int end() {
    return end;
  }

  /**
   * The packet's length.
   *
   * @return bytes, IP header included
   */
  public int length() {
    return end - network;
  }

  /**
   * The transport's protocol.
   *
   * @return the IP protocol number; that of ICMP, 1, for the ICMP of either family
   */
  public int protocol() {
    return protocol;
  }

  /**
   * How many routers the packet may still cross, the gateway among them.
   *
   * @return the time to live or hop limit, as it came
   */
  public int hops() {
    return hops;
  }

  /**
   * Whether the packet must not be fragmented further on.
   *
   * @return the flag of IPv4; true for IPv6, except where the guest has fragmented it itself
   */
  public boolean unfragmented() {
    return unfragmented;
  }

  /**
   * Whether the packet is a super-frame.
   *
   * @return true if it stands for several on the wire
   */
  public boolean isSuper() {
    return OffloadHeader.gsoType(frame, frame.readerIndex()) != OffloadHeader.GSO_NONE;
  }

  /**
   * Whether the transport's checksum needs no look: it is unfinished, or the port has verified it.
   *
   * @return what the offload header says
   */
  public boolean vouched() {
    return (OffloadHeader.flags(frame, frame.readerIndex())
            & (OffloadHeader.NEEDS_CSUM | OffloadHeader.DATA_VALID))
        != 0;
  }

  /**
   * The sum of the pseudo-header of the packet's transport.
   *
   * @param length bytes of transport header and payload
   * @return a sum for {@link Checksum#finish}
   */
  public long pseudoSum(int length) {
    return isIpv4()
        ? Checksum.pseudo4((int) sourceLow, (int) destinationLow, protocol, length)
        : Checksum.pseudo6(frame, network, Ipv6Header.protocol(protocol), length);
  }

  /**
   * Whether it is an IPv4 packet.
   *
   * @return false for IPv6
   */
  public boolean isIpv4() {
    return Address.isIpv4(sourceHigh, sourceLow);
  }

  /** Whether the packet comes from an address that has no meaning beyond the link (RFC 4291). */
  boolean isFromLinkLocal() {
    return sourceHigh >>> 54 == 0xfe80 >>> 6;
  }

  /** The MAC address that the packet's frame came from, also of a datagram put together. */
  long sourceMac() {
    return sourceMac;
  }

  /** Whether the packet has no source address: DHCP's clients, and duplicate address detection. */
  boolean isUnaddressed() {
    return sourceHigh == 0 && (sourceLow == Address.ANY_IPV4.low() || sourceLow == 0);
  }

  /**
   * The upper long of the source address.
   *
   * @return 64 bits
   */
  public long sourceHigh() {
    return sourceHigh;
  }

  /**
   * The lower long of the source address.
   *
   * @return 64 bits
   */
  public long sourceLow() {
    return sourceLow;
  }

  /**
   * The upper long of the destination address.
   *
   * @return 64 bits
   */
  public long destinationHigh() {
    return destinationHigh;
  }

  /**
   * The lower long of the destination address.
   *
   * @return 64 bits
   */
  public long destinationLow() {
    return destinationLow;
  }

  /**
   * The source address.
   *
   * @return an object made by this call
   */
  public Address source() {
    return new Address(sourceHigh, sourceLow);
  }

  /**
   * The destination address, as the guest gave it.
   *
   * @return an object made by this call
   */
  public Address destination() {
    return new Address(destinationHigh, destinationLow);
  }

  /**
   * Whether the packet leads out to the host's side; if not, it is for the gateway itself.
   *
   * @return what the router decided
   */
  public boolean leadsOut() {
    return leadsOut;
  }

  /**
   * The address whose services a packet for the gateway is for: its destination, or the gateway's
   * own where the gateway answers in the destination's place.
   *
   * @return an address; undefined if the packet {@link #leadsOut}
   */
  public Address service() {
    Address stood = standIn;
    return stood == null ? destination() : stood;
  }

  /**
   * Where the packet leads on the host's side: its destination, or the host's loopback where that
   * is what the destination stands for.
   *
   * @return an object made by this call; undefined unless the packet {@link #leadsOut}
   */
  public Address hostSide() {
    return new Address(hostHigh, hostLow);
  }
}
