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

  /** The keys of {@code limits}. */
  static final class Keys {
    private static final BitRate LEAST = new BitRate(8_000);
    private static final BitRate MOST = new BitRate(1_000_000_000_000L);

    private static final Form<BitRate> RATE =
        new Form.Within<>(
            Kind.such("bit-rate", "a rate", BitRate.PATTERN, BitRate::parse, "100Mbit", "1Gbit"),
            LEAST,
            MOST);

    static final Key<Form.OrOff.Said<BitRate>> FROM_GUEST =
        Key.optional(
            "from-guest",
            new Form.OrOff<>(RATE),
            "the port group's, else any amount",
            "What guests behind the port may send in a second; more is dropped.");

    static final Key<Form.OrOff.Said<BitRate>> TO_GUEST =
        Key.optional(
            "to-guest",
            new Form.OrOff<>(RATE),
            "the port group's, else any amount",
            "What they may be sent in a second; more is dropped.");

    static final Key<Form.OrOff.Said<Integer>> NEW_FLOWS =
        Key.optional(
            "new-flows",
            new Form.OrOff<>(new Form.Whole(1, 1_000_000)),
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

    /**
     * Reads the limits of a port, a NIC or a port group.
     *
     * @param group those of its port group, which hold where it says nothing
     * @return each key on its own
     */
    static PortLimits read(Fields port, PortLimits group) {
      Form.OffOr.Given given = port.find(PortPolicy.Keys.LIMITS);
      if (given == null) {
        return group;
      }
      Fields limits = given.mapping(); // null for off
      return limits == null
          ? NONE
          : new PortLimits(
              limit(limits.find(FROM_GUEST), group.fromGuest),
              limit(limits.find(TO_GUEST), group.toGuest),
              limit(limits.find(NEW_FLOWS), group.newFlows));
    }

    private static <T> @Nullable T limit(Form.OrOff.@Nullable Said<T> said, @Nullable T ofGroup) {
      return said == null ? ofGroup : said.value();
    }
  }
}
