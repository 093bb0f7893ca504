package io.lanyard.config;

import org.jspecify.annotations.Nullable;

/**
 * The interface of the host by which a bridged network leads into its LAN.
 *
 * @param device the interface's name; null for the one that the host's default route leads by
 * @param netns the network namespace that has the interface: a name under {@code /run/netns}, a
 *     path, or null for the daemon's own
 * @param driver what carries the frames
 * @param sharedMac whether all guests have the interface's own MAC address on the wire
 * @param vlan the VLAN of the LAN that the network is, whose frames have its tag there and none on
 *     the network; 0 for all frames as they are
 */
public record UplinkConfig(
    @Nullable String device, @Nullable String netns, Driver driver, SharedMac sharedMac, int vlan) {
  /** Frames pass with the tags that they have. */
  public static final int ALL_VLANS = 0;

  /** The cases in which guests share the interface's MAC address. */
  public enum SharedMac {
    /** Where the interface is a radio. */
    AUTO,
    /** Always. */
    YES,
    /** Never. */
    NO
  }

  /** The drivers of an uplink. */
  public enum Driver {
    /** A packet socket of the daemon's own. */
    PACKET,
    /** libpcap, by pcap4j. */
    PCAP
  }

  /**
   * The interface as the file names it.
   *
   * @return its name, or {@code auto}
   */
  public String label() {
    return device == null ? Keys.AUTO : device;
  }

  /** The keys of {@code uplink}. */
  static final class Keys {
    static final String AUTO = "auto";

    static final Key<String> INTERFACE =
        Key.defaulted(
            "interface",
            Kind.DEVICE,
            AUTO,
            "The interface of the host. auto: the Ethernet interface that the host's default route"
                + " leads by, also when that changes.");

    static final Key<String> NETNS =
        Key.optional(
            "netns",
            PortKeys.NAMESPACE,
            "the daemon's own",
            "The network namespace that has it: a name below /run/netns, or an absolute path.");

    static final Key<Driver> DRIVER =
        Key.defaulted(
            "driver",
            Choice.of(Driver.class),
            Driver.PACKET,
            "What carries the frames. packet: a packet socket, the fast way. pcap: libpcap, for"
                + " where the other cannot be had; it needs Debian's package libpcap0.8t64 (before"
                + " Debian 13 libpcap0.8), and a tenth of the throughput is left.");

    static final Key<SharedMac> SHARED_MAC =
        Key.defaulted(
            "shared-mac",
            Choice.of(SharedMac.class),
            SharedMac.AUTO,
            "Whether all guests have the interface's own MAC address on the wire, as access points"
                + " and switches with port security demand; ARP, neighbour discovery and DHCP are"
                + " rewritten. auto: where the interface is wireless.");

    static final Key<Integer> VLAN =
        Key.optional(
            "vlan",
            new Form.Whole(1, 4094),
            "all frames pass, with their tags",
            "The VLAN of the LAN that the network is: its frames have the tag on the interface and"
                + " none on the network, and others do not pass. Networks with different VLANs"
                + " share an interface.");

    static final Section SECTION =
        Section.of(
            "uplink",
            "The interface of the host by which a bridged network leads into the LAN. Needs"
                + " CAP_NET_RAW; that host and guests reach each other needs CAP_NET_ADMIN as"
                + " well.",
            INTERFACE,
            NETNS,
            DRIVER,
            SHARED_MAC,
            VLAN);

    private Keys() {}
  }
}
