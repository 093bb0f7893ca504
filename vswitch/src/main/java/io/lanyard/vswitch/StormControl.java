package io.lanyard.vswitch;

import java.util.concurrent.TimeUnit;

/**
 * The token buckets of one port, one for each kind of frame that goes to all ports.
 *
 * <p>A frame passes while its bucket holds anything, and takes a token for each copy; a bucket may
 * so go below zero, and a frame to many ports is neither always refused nor free.
 *
 * <p>Thread: the network's loop only.
 */
final class StormControl {
  /** The kinds of frame that go to all ports. */
  enum Kind {
    BROADCAST(DropCause.BROADCAST_STORM, "broadcast frames"),
    MULTICAST(DropCause.MULTICAST_STORM, "multicast frames"),
    UNKNOWN(DropCause.UNKNOWN_STORM, "frames to unknown addresses"),
    /** Broadcast by the gateway because of the port's request, which has passed its own bucket. */
    CAUSED(DropCause.BROADCAST_STORM, "requests that broadcast frames follow");

    final DropCause cause;
    final String text;

    Kind(DropCause cause, String text) {
      this.cause = cause;
      this.text = text;
    }
  }

  /** A bucket holds a tenth of a second's worth: what others wait for at most. */
  private static final int BURSTS = 10;

  /** Enough for a guest that starts. */
  private static final int LEAST_BURST = 100;

  /** A storm is over when nothing was dropped for so long. */
  private static final long CALM_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final Kind[] KINDS = Kind.values();

  private final double[] rates = new double[KINDS.length];
  private final double[] tokens = new double[KINDS.length];
  private final long[] filledAt = new long[KINDS.length];
  private final long[] droppedAt = new long[KINDS.length];
  private final boolean[] storming = new boolean[KINDS.length];

  StormControl(StormLimits limits, long now) {
    rates[Kind.BROADCAST.ordinal()] = limits.broadcast();
    rates[Kind.MULTICAST.ordinal()] = limits.multicast();
    rates[Kind.UNKNOWN.ordinal()] = limits.unknown();
    rates[Kind.CAUSED.ordinal()] = limits.broadcast();
    for (int i = 0; i < KINDS.length; i++) {
      tokens[i] = burst(i);
      filledAt[i] = now;
    }
  }

  private double burst(int kind) {
    return Math.max(LEAST_BURST, rates[kind] / BURSTS);
  }

  /** Whether a frame may go to all ports now. */
  boolean admits(Kind kind, long now) {
    int i = kind.ordinal();
    tokens[i] = Math.min(burst(i), tokens[i] + rates[i] * (now - filledAt[i]) / 1e9);
    filledAt[i] = now;
    if (tokens[i] > 0) {
      return true;
    }
    droppedAt[i] = now;
    storming[i] = true;
    return false;
  }

  /** Takes what a frame has cost. */
  void charge(Kind kind, int copies) {
    tokens[kind.ordinal()] -= copies;
  }

  /** The port's problem with its remedy, or an empty text. */
  String problem(long now) {
    StringBuilder text = new StringBuilder();
    for (Kind kind : KINDS) {
      int i = kind.ordinal();
      if (storming[i] && now - droppedAt[i] < CALM_NANOS) {
        text.append(text.isEmpty() ? "a storm of " : " and ").append(kind.text);
      } else {
        storming[i] = false;
      }
    }
    return text.isEmpty()
        ? ""
        : text
            + " comes from it and is held down; look for a loop behind the port, "
            + "or raise networks.NAME.storm-control";
  }
}
