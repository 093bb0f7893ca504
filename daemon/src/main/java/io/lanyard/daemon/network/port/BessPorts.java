package io.lanyard.daemon.network.port;

import io.lanyard.config.PortConfig;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.datagram.DatagramPort;

/** A raw frame per message of a UNIX seqpacket socket. */
final class BessPorts implements PortFactory<PortConfig.Bess> {
  @Override
  public Class<PortConfig.Bess> model() {
    return PortConfig.Bess.class;
  }

  @Override
  public String kind() {
    return "bess";
  }

  @Override
  public Port make(PortConfig.Bess port, PortPlace place) {
    return DatagramPort.packets(
        port.name(), kind(), port.mtu(), place.file(port.path(), port.rights()), place.context());
  }
}
