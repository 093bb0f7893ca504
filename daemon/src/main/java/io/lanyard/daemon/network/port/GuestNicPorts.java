package io.lanyard.daemon.network.port;

import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.FrameConsumer;
import io.lanyard.vswitch.port.InProcessPort;

/** The NICs of guests that run in this process. */
public final class GuestNicPorts implements PortFactory<GuestNicPorts.GuestNic> {
  /**
   * A guest's NIC.
   *
   * @param port the port's name
   * @param mtu the network's MTU, in bytes
   * @param guest takes the frames for the guest
   */
  public record GuestNic(String port, int mtu, FrameConsumer guest) {}

  @Override
  public Class<GuestNic> model() {
    return GuestNic.class;
  }

  @Override
  public String kind() {
    return "guest";
  }

  @Override
  public Port make(GuestNic nic, PortPlace place) {
    return new InProcessPort(
        nic.port(),
        kind(),
        nic.mtu(),
        nic.guest(),
        place.context().loop(),
        place.context().network(),
        place.context().allocator());
  }
}
