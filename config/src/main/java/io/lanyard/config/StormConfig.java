package io.lanyard.config;

/**
 * How many copies a second of frames for all ports each port may cause.
 *
 * @param broadcast of broadcast frames, at least 1
 * @param multicast of frames to other groups, at least 1
 * @param unknown of frames to addresses that the switch does not know, at least 1
 */
public record StormConfig(int broadcast, int multicast, int unknown) {
  /**
   * The limits of a network whose file says nothing. A copy costs the network's loop 1 to 2 µs: a
   * port that floods takes a tenth of it at most, and two ports that are looped a fifth. A lab of
   * 250 guests that all ask by ARP twice a second needs less than half a second's worth in all.
   */
  public static final StormConfig DEFAULT =
      new StormConfig(
          Keys.BROADCAST.otherwise(), Keys.MULTICAST.otherwise(), Keys.UNKNOWN.otherwise());

  /** More copies than a switch makes. */
  static final int UNLIMITED = 1_000_000_000;

  /** Any amount of each. */
  static final StormConfig ANY = new StormConfig(UNLIMITED, UNLIMITED, UNLIMITED);

  /** The keys of {@code storm-control}. */
  static final class Keys {
    private static final Form<Integer> COPIES = new Form.Whole(1, UNLIMITED);

    static final Key<Integer> BROADCAST =
        Key.defaulted("broadcast", COPIES, 20_000, "Copies of broadcast frames.");

    static final Key<Integer> MULTICAST =
        Key.defaulted("multicast", COPIES, 50_000, "Copies of frames to other groups.");

    static final Key<Integer> UNKNOWN =
        Key.defaulted(
            "unknown",
            COPIES,
            50_000,
            "Copies of frames to addresses that the switch does not know.");

    static final Section SECTION =
        Section.of(
            "storm-control",
            "How many copies a second a port may cause of frames that go to all others.",
            BROADCAST,
            MULTICAST,
            UNKNOWN);

    private Keys() {}
  }
}
