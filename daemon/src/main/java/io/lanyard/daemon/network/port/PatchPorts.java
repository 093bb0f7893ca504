package io.lanyard.daemon.network.port;

import io.lanyard.config.PortConfig;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.PatchPort;

/** One end of a patch to another network. */
final class PatchPorts implements PortFactory<PortConfig.Patch> {
  @Override
  public Class<PortConfig.Patch> model() {
    return PortConfig.Patch.class;
  }

  @Override
  public String kind() {
    return "patch";
  }

  @Override
  public Port make(PortConfig.Patch port, PortPlace place) {
    return new PatchPort(
        port.name(), port.mtu(), port.network(), port.peer(), place.patches(), place.context());
  }
}
