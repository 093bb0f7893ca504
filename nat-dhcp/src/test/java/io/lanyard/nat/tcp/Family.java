package io.lanyard.nat.tcp;

import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.TestStations;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;

/** A family of addresses: one engine serves both, and one suite tests it over each. */
@SuppressWarnings("ImmutableEnumChecker") // all tests share them, as constants
enum Family {
  IPV4("10.0.0.9", "10.0.0.2", Ipv4.HEADER_LENGTH),
  IPV6("fd00::9", "fd00::2", Ipv6.HEADER_LENGTH);

  private static final int NETWORK = OffloadHeader.LENGTH + 14;

  final Address guestAddress;
  final Address serverAddress;
  final Neighbour guest;
  final Neighbour server;
  final Endpoint service;
  private final int header;

  Family(String guest, String server, int header) {
    guestAddress = Address.parse(guest);
    serverAddress = Address.parse(server);
    this.guest = TestStations.neighbour(Scene.STATION, guestAddress);
    this.server =
        TestStations.neighbour(Scene.station("server", 2, Ethernet.LARGEST_PACKET), serverAddress);
    service = new Endpoint(serverAddress, Scene.SERVER_PORT);
    this.header = header;
  }

  /** The family of a frame. */
  static Family of(ByteBuf frame) {
    return frame.getByte(frame.readerIndex() + GuestLink.LINK_HEADROOM) >>> 4 == 4 ? IPV4 : IPV6;
  }

  /** An MTU with which segments are as large as in IPv4. */
  int mtu(int ofIpv4) {
    return ofIpv4 - Ipv4.HEADER_LENGTH + header;
  }

  /** Index of the transport header in a frame from index 0. */
  int transport() {
    return NETWORK + header;
  }

  /** Writes the IP header of a guest's packet. */
  void write(ByteBuf frame, int payload) {
    if (this == IPV4) {
      int total = header + payload;
      Ipv4.write(
          frame, NETWORK, total, 0, 0, 64, Ipv4.TCP, guestAddress.ipv4(), serverAddress.ipv4());
      return;
    }
    Ipv6.write(
        frame,
        NETWORK,
        payload,
        Ipv4.TCP,
        64,
        guestAddress.high(),
        guestAddress.low(),
        serverAddress.high(),
        serverAddress.low());
  }

  /** The sum of the pseudo-header of a guest's packet that is written. */
  long pseudoSum(ByteBuf frame, int payload) {
    return this == IPV4
        ? Checksum.pseudo4(guestAddress.ipv4(), serverAddress.ipv4(), Ipv4.TCP, payload)
        : Checksum.pseudo6(frame, NETWORK, Ipv4.TCP, payload);
  }

  /** Who has sent a frame. */
  Neighbour sender(ByteBuf frame) {
    int ip = frame.readerIndex() + GuestLink.LINK_HEADROOM;
    long low = this == IPV4 ? Address.ipv4Low(Ipv4.source(frame, ip)) : Ipv6.sourceLow(frame, ip);
    return low == serverAddress.low() ? server : guest;
  }

  /** Fails unless a packet's header is right. */
  void check(ByteBuf frame) {
    int ip = frame.readerIndex() + GuestLink.LINK_HEADROOM;
    int end = frame.writerIndex();
    int length = this == IPV4 ? Ipv4.check(frame, ip, end) : Ipv6.check(frame, ip, end);
    if (ip + length != end) {
      throw new AssertionError("bad IP header");
    }
    if (this == IPV4 && !Ipv4.checksumValid(frame, ip)) {
      throw new AssertionError("bad IPv4 checksum");
    }
  }
}
