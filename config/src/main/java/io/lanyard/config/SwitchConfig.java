package io.lanyard.config;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The frames that a network's switch lets pass.
 *
 * @param guard the guard of ports that have none of their own
 * @param storm how much each port may send to all, or null for any amount
 * @param forwardReserved the reserved frames that it forwards; it keeps the others
 * @param history memory for the last frames of each port, or null if none are kept
 */
public record SwitchConfig(
    GuardMode guard,
    @Nullable StormConfig storm,
    Set<ReservedFrames> forwardReserved,
    @Nullable ByteSize history) {
  /** Copies the set. */
  public SwitchConfig {
    forwardReserved = Set.copyOf(forwardReserved);
  }

  /** The keys of a network that are about its switch. */
  static final class Keys {
    static final Key<GuardMode> GUARD =
        Key.defaulted(
            "guard",
            Choice.of(GuardMode.class),
            GuardMode.OFF,
            "The guard of ports that have none of their own: which addresses they may claim. learn:"
                + " those leased, reserved or given to the port, and those that it is the first to"
                + " use. strict: those leased, reserved or given to it. With either nobody plays"
                + " DHCP server or router, and a MAC address stays with its port.");

    static final Key<Form.OffOr.Given> STORM_CONTROL =
        Key.optional(
            "storm-control",
            new Form.OffOr(StormConfig.Keys.SECTION, false),
            Key.DEFAULTS_OF_ITS_KEYS,
            "How much each port may send to all others, or off.");

    static final Key<List<ReservedFrames>> FORWARD_RESERVED =
        Key.defaulted(
            "forward-reserved",
            new Form.ListOf<>(Choice.of(ReservedFrames.class)),
            List.of(),
            "Frames to reserved group addresses that the switch forwards. It keeps the others to"
                + " itself; PAUSE it never forwards.");

    static final Key<ByteSize> HISTORY =
        Key.optional(
            "history",
            new Form.Within<>(Kind.SIZE, new ByteSize(256L << 10), new ByteSize(16L << 20)),
            "none",
            "Memory for the last frames of each port, which \"lanyard capture NETWORK/PORT --last"
                + " 30s\" writes. It costs each frame a copy. All ports of the daemon together keep"
                + " 128M.");

    private Keys() {}
  }
}
