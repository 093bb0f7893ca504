package io.lanyard.daemon.network.port;

import io.lanyard.config.PortConfig;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.datagram.DatagramPort;
import io.lanyard.vswitch.port.datagram.DatagramSource;
import io.lanyard.vswitch.port.datagram.VxlanPeers;

/** Other hosts, by VXLAN. */
final class VxlanPorts implements PortFactory<PortConfig.Vxlan> {
  @Override
  public Class<PortConfig.Vxlan> model() {
    return PortConfig.Vxlan.class;
  }

  @Override
  public String kind() {
    return "vxlan";
  }

  @Override
  public Port make(PortConfig.Vxlan port, PortPlace place) {
    return new DatagramPort(
        port.name(),
        kind(),
        port.mtu(),
        new VxlanPeers(port.vni(), port.remotes(), port.port(), place.context().timers().clock()),
        new DatagramSource.Vxlan(new Endpoint(port.local(), port.port()), port.vni()),
        place.context());
  }
}
