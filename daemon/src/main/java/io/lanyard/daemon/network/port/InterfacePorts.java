package io.lanyard.daemon.network.port;

import io.lanyard.config.PortConfig;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.DevicePort;
import io.lanyard.vswitch.port.InterfaceSettings;
import io.lanyard.vswitch.port.InterfaceSource;
import io.lanyard.vswitch.port.WireDriver;

/** Interfaces of the host that are there already, each with somebody at its other end. */
final class InterfacePorts implements PortFactory<PortConfig.Interface> {
  @Override
  public Class<PortConfig.Interface> model() {
    return PortConfig.Interface.class;
  }

  @Override
  public String kind() {
    return "interface";
  }

  @Override
  public Port make(PortConfig.Interface port, PortPlace place) {
    return new DevicePort(
        port.name(),
        kind(),
        port.mtu(),
        new InterfaceSource(
            new InterfaceSettings(
                port.device(),
                port.netns(),
                port.mtu(),
                false,
                WireDriver.PACKET,
                InterfaceSettings.Sharing.NO,
                0)),
        place.context());
  }
}
