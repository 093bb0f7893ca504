package io.lanyard.daemon.network.port;

import io.lanyard.config.PortConfig;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.datagram.VdePort;

/** A VDE switch, with a port for each client. */
final class VdePorts implements PortFactory<PortConfig.Vde> {
  @Override
  public Class<PortConfig.Vde> model() {
    return PortConfig.Vde.class;
  }

  @Override
  public String kind() {
    return "vde";
  }

  @Override
  public Port make(PortConfig.Vde port, PortPlace place) {
    return new VdePort(
        port.name(),
        port.mtu(),
        place.file(port.path(), port.rights()),
        port.mostGuests(),
        place.context());
  }
}
