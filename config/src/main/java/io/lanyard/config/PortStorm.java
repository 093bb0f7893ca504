package io.lanyard.config;

import org.jspecify.annotations.Nullable;

/**
 * How many copies a second of frames for all ports a port may cause, as far as it or its port group
 * says.
 *
 * @param broadcast of broadcast frames, or null for what the network says
 * @param multicast of frames to other groups, or null likewise
 * @param unknown of frames to addresses that the switch does not know, or null likewise
 */
public record PortStorm(
    @Nullable Integer broadcast, @Nullable Integer multicast, @Nullable Integer unknown) {
  /** The network's limits hold. */
  public static final PortStorm INHERITED = new PortStorm(null, null, null);

  /** Any amount. */
  public static final PortStorm OFF =
      new PortStorm(StormConfig.UNLIMITED, StormConfig.UNLIMITED, StormConfig.UNLIMITED);

  /**
   * These numbers, and where one is not said that of a port group.
   *
   * @param group the group's
   * @return each key on its own
   */
  PortStorm over(PortStorm group) {
    return new PortStorm(
        broadcast == null ? group.broadcast : broadcast,
        multicast == null ? group.multicast : multicast,
        unknown == null ? group.unknown : unknown);
  }

  /**
   * The limits of a port.
   *
   * @param network what the network says; null for any amount
   * @return each key on its own; null for any amount
   */
  public @Nullable StormConfig over(@Nullable StormConfig network) {
    if (equals(INHERITED)) {
      return network;
    }
    StormConfig rest = network == null ? StormConfig.ANY : network;
    StormConfig made =
        new StormConfig(
            broadcast == null ? rest.broadcast() : broadcast,
            multicast == null ? rest.multicast() : multicast,
            unknown == null ? rest.unknown() : unknown);
    return made.equals(StormConfig.ANY) ? null : made;
  }

  /** The keys of a port's {@code storm-control}. */
  static final class Keys {
    private static final String OTHERWISE = "the port group's, else the network's";

    static final Key<Integer> BROADCAST = inherited(StormConfig.Keys.BROADCAST);
    static final Key<Integer> MULTICAST = inherited(StormConfig.Keys.MULTICAST);
    static final Key<Integer> UNKNOWN = inherited(StormConfig.Keys.UNKNOWN);

    static final Section SECTION =
        Section.of(
            "port-storm-control",
            "How many copies a second a port, or each port of a group, may cause of frames that go"
                + " to all others.",
            BROADCAST,
            MULTICAST,
            UNKNOWN);

    private Keys() {}

    private static Key<Integer> inherited(Key<Integer> network) {
      return Key.optional(network.name(), network.form(), OTHERWISE, network.meaning());
    }

    /** Reads what a port or a port group says. */
    static PortStorm read(Fields port) {
      Form.OffOr.Given given = port.find(PortPolicy.Keys.STORM_CONTROL);
      if (given == null) {
        return INHERITED;
      }
      Fields storm = given.mapping(); // null for off
      return storm == null
          ? OFF
          : new PortStorm(storm.find(BROADCAST), storm.find(MULTICAST), storm.find(UNKNOWN));
    }
  }
}
