package io.lanyard.daemon.network.port;

import io.lanyard.config.PortConfig;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.Framing;
import io.lanyard.vswitch.port.StreamAddress;
import io.lanyard.vswitch.port.StreamPort;

/** HyperKit's handshake and framing over a UNIX socket. */
final class HyperkitPorts implements PortFactory<PortConfig.Hyperkit> {
  @Override
  public Class<PortConfig.Hyperkit> model() {
    return PortConfig.Hyperkit.class;
  }

  @Override
  public String kind() {
    return "hyperkit";
  }

  @Override
  public Port make(PortConfig.Hyperkit port, PortPlace place) {
    return new StreamPort(
        port.name(),
        kind(),
        port.mtu(),
        Framing.HYPERKIT,
        new StreamAddress.Listen(place.file(port.path(), port.rights())),
        place.context());
  }
}
