package io.lanyard.vswitch.port;

import io.lanyard.linux.HostRoute;
import io.lanyard.linux.Ifreq;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.linux.TapDevice;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a TAP port: which device it has, and how it is configured.
 *
 * @param device the device's name; may hold one {@code %d}
 * @param namespace a network namespace's name or path, or null for the daemon's own
 * @param offloads whether super-frames and unfinished checksums may pass
 * @param mtu the device's MTU, or 0 to leave it alone
 * @param address an IPv4 address to give to the device, or null
 * @param up whether to switch the device on
 * @param mac the MAC address of a device that is made at first, or 0 to leave it to the kernel,
 *     which takes one at random
 */
public record TapSettings(
    String device,
    @Nullable String namespace,
    boolean offloads,
    int mtu,
    @Nullable HostAddress address,
    boolean up,
    long mac)
    implements DeviceSource {
  /**
   * A device with a MAC address of the kernel's choice.
   *
   * @param device the device's name; may hold one {@code %d}
   * @param namespace a network namespace's name or path, or null for the daemon's own
   * @param offloads whether super-frames and unfinished checksums may pass
   * @param mtu the device's MTU, or 0 to leave it alone
   * @param address an IPv4 address to give to the device, or null
   * @param up whether to switch the device on
   */
  public TapSettings(
      String device,
      @Nullable String namespace,
      boolean offloads,
      int mtu,
      @Nullable HostAddress address,
      boolean up) {
    this(device, namespace, offloads, mtu, address, up, 0);
  }

  /**
   * A device that somebody else configures.
   *
   * @param device the device's name
   * @param namespace a network namespace's name or path, or null for the daemon's own
   * @return settings with offloads, and nothing said about MTU, address and state
   */
  public static TapSettings plain(String device, @Nullable String namespace) {
    return new TapSettings(device, namespace, true, 0, null, false);
  }

  /**
   * An IPv4 address with its subnet.
   *
   * @param address an IPv4 address
   * @param prefixLength bits of the netmask
   */
  public record HostAddress(Address address, int prefixLength) {
    /** Checks the address and the prefix length. */
    public HostAddress {
      if (!address.isIpv4()) {
        throw new IllegalArgumentException("an IPv4 address is needed, not " + address);
      }
      if (prefixLength < 0 || prefixLength > 32) {
        throw new IllegalArgumentException("a prefix length is 0 to 32, not " + prefixLength);
      }
    }
  }

  @Override
  public FrameDevice open(long former) throws IOException {
    return NetworkNamespace.run(namespace, () -> openHere(former != 0 ? former : mac));
  }

  /** In the namespace: a thread takes its own to those that it starts. */
  private FrameDevice openHere(long own) throws IOException {
    if (address != null) {
      checkRoutes(address);
    }
    boolean isNew = !Ifreq.exists(device);
    TapDevice tap = TapDevice.open(device, null, offloads);
    boolean done = false;
    try {
      if (isNew && own != 0) {
        Ifreq.setHardwareAddress(tap.name(), own);
      }
      configure(tap.name());
      FrameDevice made = new TapFrameDevice(tap, namespace, NetworkNamespace.identity(null));
      done = true;
      return made;
    } finally {
      if (!done) {
        tap.close();
      }
    }
  }

  /** Packets for what the host reaches elsewhere would go to the device. */
  private void checkRoutes(HostAddress wanted) throws IOException {
    Subnet subnet = Subnet.of(wanted.address(), wanted.prefixLength());
    Optional<HostRoute> taken = HostRoute.overlapping(subnet, device);
    if (taken.isPresent()) {
      throw new IOException(
          "the host routes "
              + taken.get().to()
              + " by "
              + taken.get().device()
              + " already, and "
              + subnet
              + " of this network is the same or a part of it or has it within; give the network"
              + " another subnet (`ip route` lists those that are taken)");
    }
  }

  private void configure(String made) throws IOException {
    if (mtu > 0) {
      Ifreq.setMtu(made, mtu);
    }
    if (address != null) {
      Ifreq.setAddress(made, address.address(), address.prefixLength());
    }
    if (up) {
      Ifreq.up(made);
    }
  }

  @Override
  public boolean mayBeReplaced() {
    return namespace != null;
  }

  @Override
  public Look look(FrameDevice made) {
    boolean known = namespace != null && made instanceof TapFrameDevice;
    return new Look(
        known ? Namespaces.replaced(namespace, ((TapFrameDevice) made).namespace()) : "", null);
  }
}
