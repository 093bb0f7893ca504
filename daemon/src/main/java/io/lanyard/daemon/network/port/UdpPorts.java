package io.lanyard.daemon.network.port;

import io.lanyard.config.PortConfig;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.datagram.DatagramPort;
import io.lanyard.vswitch.port.datagram.DatagramSource;
import io.lanyard.vswitch.port.datagram.FixedPeer;

/** A raw frame per UDP datagram, with one peer. */
final class UdpPorts implements PortFactory<PortConfig.Udp> {
  @Override
  public Class<PortConfig.Udp> model() {
    return PortConfig.Udp.class;
  }

  @Override
  public String kind() {
    return "udp";
  }

  @Override
  public Port make(PortConfig.Udp port, PortPlace place) {
    return new DatagramPort(
        port.name(),
        kind(),
        port.mtu(),
        FixedPeer.udp(port.remote()),
        new DatagramSource.Udp(port.local()),
        place.context());
  }
}
