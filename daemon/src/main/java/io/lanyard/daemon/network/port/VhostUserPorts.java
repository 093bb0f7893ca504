package io.lanyard.daemon.network.port;

import io.lanyard.config.PortConfig;
import io.lanyard.config.PortConfig.StreamSocket;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.StreamAddress;
import io.lanyard.vswitch.port.VhostUserPort;
import io.lanyard.vswitch.vhost.VhostNic;

/** Guests whose VMM shares their virtqueues. */
final class VhostUserPorts implements PortFactory<PortConfig.VhostUser> {
  /** QEMU's own prefix, under which its users choose addresses. */
  private static final long PREFIX = 0x525400L << 24;

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
    String network = place.context().network().name();
    VhostNic nic = new VhostNic(address(network, port.name()), port.mtu(), port.queues());
    return new VhostUserPort(port.name(), nic, address(port, place), place.context());
  }

  private static StreamAddress address(PortConfig.VhostUser port, PortPlace place) {
    return port.at() instanceof StreamSocket.ListenUnix listen
        ? new StreamAddress.Listen(place.file(listen.path(), port.rights()))
        : new StreamAddress.Connect(place.resolve(((StreamSocket.ConnectUnix) port.at()).path()));
  }

  /**
   * The MAC address of a guest whose VMM has none for it and asks: the same after each start, from
   * the names alone.
   */
  private static long address(String network, String port) {
    int hash = 31 * network.hashCode() + port.hashCode();
    return PREFIX | ((hash * 0x9e37_79b9) >>> 8);
  }
}
