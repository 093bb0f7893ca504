package io.lanyard.nat.gateway;

import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;

/** The UDP services of the gateway itself, by port, and the datagrams they answer with. */
final class Services {
  /** The longest IPv4 packet. */
  private static final int MOST = 65535;

  private final Gateway gateway;
  private final GatewayAddresses addresses;
  private final IntObjectMap<DatagramService> services = new IntObjectHashMap<>();

  Services(Gateway gateway, GatewayAddresses addresses) {
    this.gateway = gateway;
    this.addresses = addresses;
  }

  void bind(int port, DatagramService service) {
    if (services.putIfAbsent(port, service) != null) {
      throw new IllegalStateException("UDP port " + port + " of the gateway has a service already");
    }
  }

  void unbind(int port) {
    services.remove(port);
  }

  boolean has(int port) {
    return services.containsKey(port);
  }

  /** Hands a datagram to the service of its port; false when there is none. */
  boolean receive(Packet packet) {
    ByteBuf frame = packet.frame;
    int udp = packet.transport;
    int port = Udp.destinationPort(frame, udp);
    DatagramService service = services.get(port);
    if (service == null) {
      return false;
    }
    int length = Udp.length(frame, udp) - Udp.HEADER_LENGTH;
    Peer peer =
        new Peer(
            packet.station,
            packet.sourceMac,
            packet.source(),
            Udp.sourcePort(frame, udp),
            packet.destinationHigh >>> 56 == 0xff,
            local(packet),
            port);
    service.receive(frame.slice(udp + Udp.HEADER_LENGTH, length), peer);
    return true;
  }

  /** Where an answer comes from: what was asked, also in another's place, but for a broadcast. */
  private Address local(Packet packet) {
    return packet.standIn != null || addresses.isOurs(packet.destinationHigh, packet.destinationLow)
        ? packet.destination()
        : addresses.towards(packet.source());
  }

  /**
   * Answers a sender.
   *
   * @param alone whether nobody but the sender's port gets the answer, wherever the switch has
   *     heard the MAC address
   */
  private void answer(
      ByteBuf payload, Peer peer, long mac, Address address, int port, boolean alone) {
    ByteBuf frame = null;
    try {
      IpHeader header = IpHeader.of(Ipv4.UDP, peer.localAddress, address);
      int ip = GuestLink.LINK_HEADROOM;
      int udp = ip + header.length();
      int at = udp + Udp.HEADER_LENGTH;
      int length = Math.min(payload.readableBytes(), MOST - (at - ip));
      int datagram = Udp.HEADER_LENGTH + length;
      frame = gateway.allocator().directBuffer(at + length);
      frame.writerIndex(at + length);
      frame.setBytes(at, payload, payload.readerIndex(), length);
      OffloadHeader.clear(frame, 0);
      header.write(frame, ip, datagram);
      Udp.write(frame, udp, peer.localPort, port, datagram);
      long sum = header.pseudoSum(datagram) + Checksum.sum(frame, udp, datagram);
      Udp.setChecksum(frame, udp, Checksum.finishUdp(sum));
      if (alone) {
        gateway.deliverTo(frame, mac, peer.station.budget());
      } else {
        gateway.sendTo(frame, mac, peer.station.budget());
      }
    } finally {
      payload.release();
      if (frame != null) {
        frame.release();
      }
    }
    gateway.flush();
  }

  /** A sender, and the way back to it. */
  private final class Peer implements DatagramService.DatagramPeer {
    private final Station station;
    private final long mac;
    private final Address address;
    private final int port;
    private final boolean toGroup;
    private final Address localAddress;
    private final int localPort;

    Peer(
        Station station,
        long mac,
        Address address,
        int port,
        boolean toGroup,
        Address localAddress,
        int localPort) {
      this.station = station;
      this.mac = mac;
      this.address = address;
      this.port = port;
      this.toGroup = toGroup;
      this.localAddress = localAddress;
      this.localPort = localPort;
    }

    @Override
    public Station station() {
      return station;
    }

    @Override
    public long mac() {
      return mac;
    }

    @Override
    public Address address() {
      return address;
    }

    @Override
    public boolean toGroup() {
      return toGroup;
    }

    @Override
    public void answer(ByteBuf payload) {
      Services.this.answer(payload, this, mac, address, port, false);
    }

    @Override
    public void answer(ByteBuf payload, long toMac, Address toAddress, int toPort) {
      Services.this.answer(payload, this, toMac, toAddress, toPort, true);
    }
  }
}
