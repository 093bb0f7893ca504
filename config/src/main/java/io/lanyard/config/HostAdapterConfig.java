package io.lanyard.config;

/**
 * The host's own TAP device on a network. Its addresses are {@link Ipv4Config#host}, and where the
 * network has IPv6 {@link Ipv6Config#host}.
 *
 * @param name the device's name, at most 15 characters
 * @param persistent whether it stays, with its addresses, when the daemon ends
 */
public record HostAdapterConfig(String name, boolean persistent) {
  /** The keys of {@code host-adapter}. */
  static final class Keys {
    static final Key<String> NAME =
        Key.optional("name", Kind.DEVICE, "the network's name", "The device's name.");

    static final Key<Boolean> PERSISTENT =
        Key.defaulted(
            "persistent",
            new Form.Flag(),
            false,
            "Whether the device stays, with its addresses, when the daemon ends: what is bound to"
                + " them goes on after a restart. `ip link delete` ends it then. It goes when a change"
                + " gives it another name, or removes or stops its network, and is not for a device"
                + " that somebody else has made.");

    static final Section SECTION =
        Section.of(
            "host-adapter",
            "The host's own TAP device on the network, with an address of each family that the"
                + " network has. Needs CAP_NET_ADMIN.",
            NAME,
            PERSISTENT);

    private Keys() {}
  }
}
