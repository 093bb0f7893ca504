package io.lanyard.daemon.network.port;

import io.lanyard.config.PortConfig;
import io.lanyard.config.PortConfig.StreamSocket;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.StreamAddress;
import io.lanyard.vswitch.port.VhostUserPort;
import io.lanyard.vswitch.vhost.VhostNic;

/** Guests whose VMM shares their virtqueues. */
final class VhostUserPorts implements PortFactory<PortConfig.VhostUser> {
  @Override
  public Class<PortConfig.VhostUser> model() {
    return PortConfig.VhostUser.class;
  }

  @Override
  public String kind() {
    return "vhost-user";
  }

  @Override
  public Port make(PortConfig.VhostUser port, PortPlace place) {
    long mac = place.macOf(port.name()).bits(); // for a guest whose VMM has none for it, and asks
    VhostNic nic = new VhostNic(mac, port.mtu(), port.queues());
    return new VhostUserPort(port.name(), nic, address(port, place), place.context());
  }

  private static StreamAddress address(PortConfig.VhostUser port, PortPlace place) {
    return port.at() instanceof StreamSocket.ListenUnix listen
        ? new StreamAddress.Listen(place.file(listen.path(), port.rights()))
        : new StreamAddress.Connect(place.resolve(((StreamSocket.ConnectUnix) port.at()).path()));
  }
}
