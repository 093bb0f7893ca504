package io.lanyard.daemon.network.port;

import io.lanyard.config.PortConfig;
import io.lanyard.net.MacAddress;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.DevicePort;
import io.lanyard.vswitch.port.TapSettings;
import java.util.List;

/** TAP devices, for a VMM or a container. */
final class TapPorts implements PortFactory<PortConfig.Tap> {
  @Override
  public Class<PortConfig.Tap> model() {
    return PortConfig.Tap.class;
  }

  @Override
  public String kind() {
    return "tap";
  }

  @Override
  public Port make(PortConfig.Tap tap, PortPlace place) {
    TapSettings settings =
        new TapSettings(
            tap.device(),
            tap.netns(),
            tap.offloads(),
            tap.mtu(),
            List.of(),
            false,
            address(tap.name(), place),
            false);
    return new DevicePort(tap.name(), kind(), tap.mtu(), settings, place.context());
  }

  /**
   * The same after each start, so that leases and reservations hold; another one on every host,
   * since networks of the same names may meet in a LAN or by VXLAN.
   */
  private static long address(String port, PortPlace place) {
    String name = "port " + place.context().network().name() + "/" + port;
    return MacAddress.derivedFrom(place.identifiers().identifier(name).toString()).bits();
  }
}
