package io.lanyard.daemon.network.port;

import io.lanyard.config.PortConfig;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.datagram.DatagramPort;
import io.lanyard.vswitch.port.datagram.DatagramSource;
import io.lanyard.vswitch.port.datagram.FixedPeer;

/** A raw frame per UNIX datagram, between two paths. */
final class QemuDgramPorts implements PortFactory<PortConfig.QemuDgram> {
  @Override
  public Class<PortConfig.QemuDgram> model() {
    return PortConfig.QemuDgram.class;
  }

  @Override
  public String kind() {
    return "qemu-dgram";
  }

  @Override
  public Port make(PortConfig.QemuDgram port, PortPlace place) {
    return new DatagramPort(
        port.name(),
        kind(),
        port.mtu(),
        FixedPeer.unix(place.resolve(port.peer())),
        new DatagramSource.Unix(place.file(port.path(), port.rights()), false),
        place.context());
  }
}
