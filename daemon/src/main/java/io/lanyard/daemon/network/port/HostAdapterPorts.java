package io.lanyard.daemon.network.port;

import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.DevicePort;
import io.lanyard.vswitch.port.TapSettings;
import java.util.List;

/** The host's own NIC on a network: a TAP device that is given an address and switched on. */
public final class HostAdapterPorts implements PortFactory<HostAdapterPorts.HostAdapter> {
  /**
   * A host adapter.
   *
   * @param port the port's name
   * @param device the device's name
   * @param mtu the network's MTU, in bytes
   * @param addresses the host's addresses on the network, one of each family that it has
   * @param persistent whether the device stays when the daemon ends
   * @param mac the MAC address of a device that is made
   */
  public record HostAdapter(
      String port,
      String device,
      int mtu,
      List<TapSettings.HostAddress> addresses,
      boolean persistent,
      long mac) {
    /** Copies the list. */
    public HostAdapter {
      addresses = List.copyOf(addresses);
    }
  }

  @Override
  public Class<HostAdapter> model() {
    return HostAdapter.class;
  }

  @Override
  public String kind() {
    return "host-adapter";
  }

  @Override
  public Port make(HostAdapter adapter, PortPlace place) {
    return new DevicePort(
        adapter.port(),
        kind(),
        adapter.mtu(),
        new TapSettings(
            adapter.device(),
            null,
            true,
            adapter.mtu(),
            adapter.addresses(),
            true,
            adapter.mac(),
            adapter.persistent(),
            adapter.addresses().stream().allMatch(each -> each.address().isIpv4())),
        place.context());
  }
}
