package io.lanyard.daemon.network.port;

import io.lanyard.config.PortConfig;
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
            place.macOf(tap.name()).bits(),
            false,
            false);
    return new DevicePort(tap.name(), kind(), tap.mtu(), settings, place.context());
  }
}
