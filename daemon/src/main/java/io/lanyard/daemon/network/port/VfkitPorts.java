package io.lanyard.daemon.network.port;

import io.lanyard.config.PortConfig;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.datagram.DatagramPort;
import io.lanyard.vswitch.port.datagram.DatagramSource;
import io.lanyard.vswitch.port.datagram.LearntPeer;

/** A raw frame per UNIX datagram, with the client that sends first. */
final class VfkitPorts implements PortFactory<PortConfig.Vfkit> {
  @Override
  public Class<PortConfig.Vfkit> model() {
    return PortConfig.Vfkit.class;
  }

  @Override
  public String kind() {
    return "vfkit";
  }

  @Override
  public Port make(PortConfig.Vfkit port, PortPlace place) {
    return new DatagramPort(
        port.name(),
        kind(),
        port.mtu(),
        new LearntPeer(port.mtu(), place.context()),
        new DatagramSource.Unix(place.file(port.path(), port.rights()), true),
        place.context());
  }
}
