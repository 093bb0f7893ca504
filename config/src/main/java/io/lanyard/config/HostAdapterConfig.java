package io.lanyard.config;

/**
 * The host's own TAP device on a network. Its address is {@link Ipv4Config#host}.
 *
 * @param name the device's name, at most 15 characters
 */
public record HostAdapterConfig(String name) {
  /** The keys of {@code host-adapter}. */
  static final class Keys {
    static final Key<String> NAME =
        Key.optional("name", Kind.DEVICE, "the network's name", "The device's name.");

    static final Section SECTION =
        Section.of(
            "host-adapter", "The host's own TAP device on the network. Needs CAP_NET_ADMIN.", NAME);

    private Keys() {}
  }
}
