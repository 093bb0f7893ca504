package io.lanyard.daemon.network;

import io.lanyard.base.LogEvent;
import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortListener;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.policy.PortAddresses;
import io.lanyard.vswitch.port.DevicePort;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.function.ObjLongConsumer;

/**
 * Gives the host adapter's port the MAC address of its device, and the host's IP addresses to that:
 * it is another one where somebody else has made the device again, or has changed it.
 *
 * <p>Thread: the network's loop.
 */
final class HostAdapterListener implements PortListener {
  private static final System.Logger LOG = System.getLogger(HostAdapterListener.class.getName());

  private final String network;
  private final List<Address> own;
  private final Switch ethernet;
  private final PortAddresses addresses;
  private final ObjLongConsumer<Port> pin;
  private long pinned;

  /**
   * Makes one.
   *
   * @param network the network's name
   * @param own the host's addresses on the network
   * @param ethernet the network's switch
   * @param addresses the network's, for its guards
   * @param pin makes a MAC address a port's own
   */
  HostAdapterListener(
      String network,
      List<Address> own,
      Switch ethernet,
      PortAddresses addresses,
      ObjLongConsumer<Port> pin) {
    this.network = network;
    this.own = List.copyOf(own);
    this.ethernet = ethernet;
    this.addresses = addresses;
    this.pin = pin;
  }

  @Override
  public void stateChanged(Port port, PortState before, PortState now) {
    if (now.hasCarrier()) {
      addressChanged(port);
    }
  }

  @Override
  public void addressChanged(Port port) {
    if (port instanceof DevicePort device) {
      long mac = device.hardwareAddress();
      if (mac != pinned) {
        ethernet.unpin(pinned, port);
        pin.accept(port, mac);
        if (pinned != 0) {
          LogEvent.of("host-adapter-address")
              .with("network", network)
              .with("mac", new MacAddress(mac))
              .log(LOG, Level.INFO);
        }
        pinned = mac;
      }
      own.forEach(address -> addresses.bind(address, mac));
    }
  }
}
