package io.lanyard.daemon.network;

import io.lanyard.net.Address;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortListener;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.policy.PortAddresses;
import io.lanyard.vswitch.port.DevicePort;
import java.util.function.ObjLongConsumer;

/**
 * Gives the host adapter's port the MAC address of its device, which is another one where somebody
 * else has made the device again, and the host's IP address to that.
 *
 * <p>Thread: the network's loop.
 */
final class HostAdapterListener implements PortListener {
  private final Address host;
  private final Switch ethernet;
  private final PortAddresses addresses;
  private final ObjLongConsumer<Port> pin;
  private long pinned;

  /**
   * Makes one.
   *
   * @param host the host's address on the network
   * @param ethernet the network's switch
   * @param addresses the network's, for its guards
   * @param pin makes a MAC address a port's own
   */
  HostAdapterListener(
      Address host, Switch ethernet, PortAddresses addresses, ObjLongConsumer<Port> pin) {
    this.host = host;
    this.ethernet = ethernet;
    this.addresses = addresses;
    this.pin = pin;
  }

  @Override
  public void stateChanged(Port port, PortState before, PortState now) {
    if (now.hasCarrier() && port instanceof DevicePort device) {
      long mac = device.hardwareAddress();
      if (mac != pinned) {
        ethernet.unpin(pinned, port);
        pin.accept(port, mac);
        pinned = mac;
      }
      addresses.bind(host, mac);
    }
  }
}
