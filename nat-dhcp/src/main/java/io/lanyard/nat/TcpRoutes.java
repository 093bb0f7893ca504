package io.lanyard.nat;

import io.lanyard.nat.flow.FlowTable;
import io.lanyard.nat.gateway.Destinations;
import io.lanyard.nat.gateway.IcmpErrors;
import io.lanyard.nat.tcp.TcpHost;
import io.lanyard.vswitch.frame.Icmp;
import io.netty.buffer.ByteBuf;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Where TCP connections lead, for the TCP engine. */
final class TcpRoutes implements TcpHost {
  private final Destinations destinations;
  private final boolean translate;
  private final IcmpErrors errors;
  private final FlowTable flows;

  TcpRoutes(Destinations destinations, boolean translate, IcmpErrors errors, FlowTable flows) {
    this.destinations = destinations;
    this.translate = translate;
    this.errors = errors;
    this.flows = flows;
  }

  @Override
  public @Nullable InetSocketAddress route(int guest, int destination, int port) {
    boolean leadsOut =
        switch (destinations.kind(destination)) {
          case OUT -> translate;
          case LOOPBACK -> true;
          case GATEWAY, BROADCAST, ON_LINK, PROHIBITED, MARTIAN -> false;
        };
    if (!leadsOut || port == 0) {
      return null;
    }
    byte[] address = ByteBuffer.allocate(4).putInt(destinations.hostSide(destination)).array();
    try {
      return new InetSocketAddress(InetAddress.getByAddress(address), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an IPv4 address", e);
    }
  }

  @Override
  public void unreachable(ByteBuf packet, int code) {
    errors.send(Icmp.UNREACHABLE, code, 0, packet, packet.readerIndex());
  }

  @Override
  public FlowTable flows() {
    return flows;
  }
}
