package io.lanyard.daemon.network;

import io.lanyard.base.LogEvent;
import io.lanyard.net.MacAddress;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortListener;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.port.DevicePort;
import java.lang.System.Logger.Level;

/**
 * Follows a network's uplink: the host's MAC address belongs to its port, the LAN hears where the
 * guests are when the uplink is there or is another one, and what it cannot do is logged once.
 *
 * <p>Thread: the network's loop only.
 */
final class UplinkListener implements PortListener {
  private static final System.Logger LOG = System.getLogger(UplinkListener.class.getName());

  private final String network;
  private final Switch ethernet;
  private long pinned;
  private String said = "";

  UplinkListener(String network, Switch ethernet) {
    this.network = network;
    this.ethernet = ethernet;
  }

  @Override
  public void stateChanged(Port port, PortState before, PortState now) {
    if (!now.hasCarrier() || !(port instanceof DevicePort uplink)) {
      return;
    }
    long mac = uplink.hardwareAddress();
    if (mac != pinned) {
      ethernet.unpin(pinned, port);
      if (!ethernet.pin(mac, port)) {
        LogEvent.of("address-not-pinned")
            .with("network", network)
            .with("port", port.name())
            .with("mac", new MacAddress(mac))
            .with("advice", "a guest has the MAC address of the host's interface; give it another")
            .log(LOG, Level.WARNING);
      }
      pinned = mac;
    }
    String limitation = port.limitation();
    if (!limitation.isEmpty() && !limitation.equals(said)) {
      LogEvent.of("uplink-limited")
          .with("network", network)
          .with("port", port.name())
          .with("limitation", limitation)
          .log(LOG, Level.WARNING);
    }
    said = limitation;
    ethernet.announce(port);
  }
}
