package io.lanyard.vswitch.port;

import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.HostInterface;
import io.lanyard.linux.HostLink;
import io.lanyard.linux.HostRoute;
import io.lanyard.linux.Ifreq;
import io.lanyard.linux.LinkNews;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.linux.Rtnetlink;
import io.lanyard.linux.TapDevice;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a TAP port: which device it has, and how it is configured.
 *
 * @param device the device's name; may hold one {@code %d}
 * @param namespace a network namespace's name or path, or null for the daemon's own
 * @param offloads whether super-frames and unfinished checksums may pass
 * @param mtu the device's MTU, or 0 to leave it alone
 * @param addresses the addresses to give to the device; none for a device that somebody else
 *     addresses
 * @param up whether to switch the device on
 * @param mac the MAC address of a device that is made at first, or 0 to leave it to the kernel,
 *     which takes one at random
 * @param persistent whether a device that is made stays when it is closed; one that somebody else
 *     has made persistent stays in any case
 * @param withoutIpv6 whether the kernel makes no IPv6 address of its own for the device, since the
 *     network has no IPv6; of a device that is given addresses
 */
public record TapSettings(
    String device,
    @Nullable String namespace,
    boolean offloads,
    int mtu,
    List<HostAddress> addresses,
    boolean up,
    long mac,
    boolean persistent,
    boolean withoutIpv6)
    implements DeviceSource {
  /** The beginning of what {@code ip link} says of a device that is given addresses, or stays. */
  private static final String ALIAS = "lanyard: ";

  /** Copies the list. */
  public TapSettings {
    addresses = List.copyOf(addresses);
  }

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
    this(
        device,
        namespace,
        offloads,
        mtu,
        address == null ? List.of() : List.of(address),
        up,
        0,
        false,
        false);
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
   * An address with its subnet.
   *
   * @param address of either family
   * @param prefixLength bits of the subnet
   */
  public record HostAddress(Address address, int prefixLength) {
    /** Checks the address and the prefix length. */
    public HostAddress {
      int longest = address.isIpv4() ? 32 : 128;
      if (prefixLength < 0 || prefixLength > longest) {
        throw new IllegalArgumentException(
            "a prefix length is 0 to " + longest + ", not " + prefixLength);
      }
    }

    private Subnet subnet() {
      return Subnet.of(address, prefixLength);
    }
  }

  @Override
  public FrameDevice open(long former, PortBuffers buffers) throws IOException {
    return NetworkNamespace.run(namespace, () -> openHere(former != 0 ? former : mac));
  }

  /** In the namespace: a thread takes its own to those that it starts. */
  private FrameDevice openHere(long own) throws IOException {
    for (HostAddress wanted : addresses) {
      checkRoutes(wanted.subnet());
    }
    boolean isNew = !Ifreq.exists(device);
    boolean isOurs = isNew || isOfLanyard(device);
    TapDevice tap = TapDevice.open(device, null, offloads);
    boolean done = false;
    try {
      HostLink link = HostLink.of(tap.name());
      if (isNew && own != 0) {
        link.hardwareAddress(own);
      }
      String limitation = configure(link, tap.name(), isOurs, isNew);
      if (isOurs) {
        keep(tap, link, isNew);
      }
      FrameDevice made =
          new TapFrameDevice(
              tap, namespace, NetworkNamespace.identity(null), limitation, isOurs && persistent);
      done = true;
      return made;
    } finally {
      if (!done) {
        tap.close();
      }
    }
  }

  /** Packets for what the host reaches elsewhere would go to the device. */
  private void checkRoutes(Subnet subnet) throws IOException {
    Optional<HostRoute> taken = HostRoute.overlapping(subnet, device);
    if (taken.isPresent()) {
      throw new IOException(
          "the host routes "
              + taken.get().to()
              + " by "
              + taken.get().device()
              + " already, and "
              + subnet
              + " of this network overlaps it; give the network another subnet (`ip "
              + (subnet.network().isIpv4() ? "" : "-6 ")
              + "route` lists those that are taken)");
    }
  }

  /** Returns what the device lacks, with the remedy, or an empty text. */
  private String configure(HostLink link, String made, boolean isOurs, boolean isNew)
      throws IOException {
    if (mtu > 0) {
      link.mtu(mtu);
    }
    boolean isConfigured = isOurs && !addresses.isEmpty();
    // A new device does it as the host's own settings say, perhaps with stable private addresses.
    if (isConfigured && (withoutIpv6 || !isNew)) {
      link.makesIpv6Addresses(!withoutIpv6);
    }
    if (up) {
      link.up(); // first: some kernels forget IPv6 addresses of a device that is set up
    }
    if (isConfigured) {
      removeOthers(link, made);
    }
    String limitation = "";
    for (HostAddress wanted : addresses) {
      try {
        link.address(wanted.address(), wanted.prefixLength());
      } catch (ErrnoException e) {
        // A host that has IPv6 switched off gets the other family all the same.
        boolean isOff = e.number() == Errno.EACCES || e.number() == Errno.EAFNOSUPPORT;
        if (wanted.address().isIpv4() || !isOff) {
          throw e;
        }
        limitation =
            made
                + " has no IPv6 address, as the host has IPv6 switched off; switch it on by `sysctl"
                + " net.ipv6.conf."
                + made
                + ".disable_ipv6=0`, or leave ipv6 out of the network";
      }
    }
    return limitation;
  }

  /**
   * Takes addresses that a device of this daemon's which was there has from a former configuration.
   * An address on somebody else's device may be theirs.
   */
  private void removeOthers(HostLink link, String made) throws IOException {
    int index = HostInterface.read(made).index();
    Set<io.lanyard.linux.HostAddress> present;
    try (Rtnetlink kernel = Rtnetlink.open()) {
      present = kernel.addresses();
    }
    for (io.lanyard.linux.HostAddress other : present) {
      boolean isWanted = addresses.contains(new HostAddress(other.address(), other.prefix()));
      boolean isKernels =
          other.address().isLinkLocal() && (!withoutIpv6 || other.address().isIpv4());
      if (other.device() == index && !isWanted && !isKernels) {
        link.removeAddress(other.address(), other.prefix());
      }
    }
  }

  /**
   * Marks the device, and lets it stay, or go again that a former configuration of this daemon has
   * let stay. Not for one that somebody else has made, which stays his.
   */
  private void keep(TapDevice tap, HostLink link, boolean isNew) throws IOException {
    if (persistent) {
      // First the mark: a device that stays without it would be nobody's.
      link.alias(ALIAS + "stays when the daemon ends; `ip link delete` ends it");
      tap.persist(true);
    } else if (!addresses.isEmpty()) {
      link.alias(ALIAS + "host adapter");
      if (!isNew) {
        tap.persist(false);
      }
    }
  }

  /**
   * Whether a daemon of Lanyard has made a host adapter, or a device that stays when it ends: this
   * one or another.
   *
   * @param device the name of a device in the process's own namespace
   * @return false also if there is none
   */
  public static boolean isOfLanyard(String device) {
    return alias(device).startsWith(ALIAS);
  }

  private static String alias(String device) {
    try {
      return Files.readString(Path.of("/sys/class/net", device, "ifalias"));
    } catch (IOException e) {
      return "";
    }
  }

  @Override
  public boolean mayBeReplaced() {
    return namespace != null;
  }

  @Override
  public LinkNews news() throws IOException {
    return LinkNews.open(namespace, false);
  }

  @Override
  public Look look(FrameDevice made) {
    if (!(made instanceof TapFrameDevice opened)) {
      return new Look("", null);
    }
    String replaced = namespace == null ? "" : Namespaces.replaced(namespace, opened.namespace());
    return new Look(replaced, opened.isSetUp() ? "" : opened.downReason(), macNow(opened));
  }

  /**
   * The MAC address that a device has now; 0 if it is gone, which its descriptor tells the port.
   */
  private static long macNow(TapFrameDevice opened) {
    try {
      return opened.hardwareAddress();
    } catch (IOException e) {
      return 0;
    }
  }
}
