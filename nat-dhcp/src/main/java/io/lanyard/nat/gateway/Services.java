package io.lanyard.nat.gateway;

import io.lanyard.nat.station.Station;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;

/** The UDP services of the gateway itself, by port, and the datagrams they answer with. */
final class Services {
  private static final int TTL = 64;
  private static final int PAYLOAD =
      GuestLink.LINK_HEADROOM + Ipv4.HEADER_LENGTH + Udp.HEADER_LENGTH;

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

  boolean has(int port) {
    return services.containsKey(port);
  }

  /** Hands a datagram to the service of its port; false when there is none. */
  boolean receive(Station from, ByteBuf frame, int ip, int udp) {
    int port = Udp.destinationPort(frame, udp);
    DatagramService service = services.get(port);
    if (service == null) {
      return false;
    }
    int length = Udp.length(frame, udp) - Udp.HEADER_LENGTH;
    Peer peer =
        new Peer(
            from,
            Ethernet.source(frame, ip - Ethernet.HEADER_LENGTH),
            Ipv4.source(frame, ip),
            Udp.sourcePort(frame, udp),
            Ipv4.destination(frame, ip),
            port);
    service.receive(frame.slice(udp + Udp.HEADER_LENGTH, length), peer);
    return true;
  }

  private void answer(ByteBuf payload, Peer peer, long mac, int address, int port) {
    ByteBuf frame = null;
    try {
      int length = Math.min(payload.readableBytes(), 65535 - PAYLOAD);
      frame = gateway.allocator().directBuffer(PAYLOAD + length);
      frame.writerIndex(PAYLOAD + length);
      frame.setBytes(PAYLOAD, payload, payload.readerIndex(), length);
      int ip = GuestLink.LINK_HEADROOM;
      int udp = ip + Ipv4.HEADER_LENGTH;
      int source = addresses.isOurs(peer.localAddress) ? peer.localAddress : addresses.gateway();
      OffloadHeader.clear(frame, 0);
      int total = Ipv4.HEADER_LENGTH + Udp.HEADER_LENGTH + length;
      Ipv4.write(frame, ip, total, gateway.nextId(), 0, TTL, Ipv4.UDP, source, address);
      Udp.write(frame, udp, peer.localPort, port, Udp.HEADER_LENGTH + length);
      Udp.finishChecksum4(frame, ip, udp);
      gateway.sendIpv4To(frame, mac);
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
    private final int address;
    private final int port;
    private final int localAddress;
    private final int localPort;

    Peer(Station station, long mac, int address, int port, int localAddress, int localPort) {
      this.station = station;
      this.mac = mac;
      this.address = address;
      this.port = port;
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
    public int address() {
      return address;
    }

    @Override
    public int port() {
      return port;
    }

    @Override
    public int localAddress() {
      return localAddress;
    }

    @Override
    public void answer(ByteBuf payload) {
      Services.this.answer(payload, this, mac, address, port);
    }

    @Override
    public void answer(ByteBuf payload, long toMac, int toAddress, int toPort) {
      Services.this.answer(payload, this, toMac, toAddress, toPort);
    }
  }
}
