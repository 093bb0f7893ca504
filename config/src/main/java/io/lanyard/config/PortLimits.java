package io.lanyard.config;

import org.jspecify.annotations.Nullable;

/**
 * How much passes a port.
 *
 * @param fromGuest what guests behind it may send, or null for any amount
 * @param toGuest what they may be sent, or null for any amount
 * @param newFlows how many flows they may begin beyond the gateway in a second, or null for any
 *     number
 */
public record PortLimits(
    @Nullable BitRate fromGuest, @Nullable BitRate toGuest, @Nullable Integer newFlows) {
  /** Nothing is limited. */
  public static final PortLimits NONE = new PortLimits(null, null, null);

  /**
   * These limits, and where one is not said that of a port group.
   *
   * @param group the group's
   * @return each key on its own
   */
  PortLimits over(PortLimits group) {
    return new PortLimits(
        fromGuest == null ? group.fromGuest : fromGuest,
        toGuest == null ? group.toGuest : toGuest,
        newFlows == null ? group.newFlows : newFlows);
  }

  /** The keys of {@code limits}. */
  static final class Keys {
    private static final BitRate LEAST = new BitRate(8_000);
    private static final BitRate MOST = new BitRate(1_000_000_000_000L);

    private static final Form<BitRate> RATE =
        new Form.Within<>(
            Kind.such("bit-rate", "a rate", BitRate.PATTERN, BitRate::parse, "100Mbit", "1Gbit"),
            LEAST,
            MOST);

    static final Key<BitRate> FROM_GUEST =
        Key.optional(
            "from-guest",
            RATE,
            "the port group's, else any amount",
            "What guests behind the port may send in a second; more is dropped.");

    static final Key<BitRate> TO_GUEST =
        Key.optional(
            "to-guest",
            RATE,
            "the port group's, else any amount",
            "What they may be sent in a second; more is dropped.");

    static final Key<Integer> NEW_FLOWS =
        Key.optional(
            "new-flows",
            new Form.Whole(1, 1_000_000),
            "the port group's, else any number",
            "How many flows they may begin beyond the gateway in a second; as many may come at"
                + " once. The first packet of one more is dropped.");

    static final Section SECTION =
        Section.of(
            "port-limits",
            "How much passes a port. In a port group, how much passes each of its ports.",
            FROM_GUEST,
            TO_GUEST,
            NEW_FLOWS);

    private Keys() {}

    /** Reads the limits of a port or a NIC. */
    static PortLimits read(Fields port) {
      Fields limits = port.find(PortPolicy.Keys.LIMITS);
      return limits == null
          ? NONE
          : new PortLimits(limits.find(FROM_GUEST), limits.find(TO_GUEST), limits.find(NEW_FLOWS));
    }
  }
}
