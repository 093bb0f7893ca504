package io.lanyard.daemon.network;

import io.lanyard.net.Address;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortListener;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.policy.PortAddresses;
import io.lanyard.vswitch.port.DevicePort;
import java.util.List;
import java.util.function.ObjLongConsumer;

/**
 * Gives the host adapter's port the MAC address of its device, which is another one where somebody
 * else has made the device again, and the host's IP addresses to that.
 *
 * <p>Thread: the network's loop.
 */
final class HostAdapterListener implements PortListener {
  private final List<Address> own;
  private final Switch ethernet;
  private final PortAddresses addresses;
  private final ObjLongConsumer<Port> pin;
  private long pinned;

  /**
   * Makes one.
   *
   * @param own the host's addresses on the network
   * @param ethernet the network's switch
   * @param addresses the network's, for its guards
   * @param pin makes a MAC address a port's own
   */
  HostAdapterListener(
      List<Address> own, Switch ethernet, PortAddresses addresses, ObjLongConsumer<Port> pin) {
    this.own = List.copyOf(own);
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
      own.forEach(address -> addresses.bind(address, mac));
    }
  }
}
