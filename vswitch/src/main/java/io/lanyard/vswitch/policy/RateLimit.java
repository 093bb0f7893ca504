package io.lanyard.vswitch.policy;

import io.lanyard.base.Clock;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Policy;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Drops what goes beyond a rate: a token bucket of bits.
 *
 * <p>A frame passes while the bucket holds anything, and takes all its wire bits; so a super-frame
 * is neither always refused nor free.
 *
 * <p>Thread: the network's loop only.
 */
public final class RateLimit implements Policy {
  /** A bucket holds so much of a second: what TCP needs to use the rate over a long path. */
  private static final double BURST_SECONDS = 0.05;

  /** Two super-frames: less would refuse every second one at low rates. */
  private static final double LEAST_BURST = 2 * 65_536 * 8.0;

  private final Clock clock;
  private final double bitsPerNano;
  private final double burst;
  private double tokens;
  private long filledAt;

  /**
   * Makes a limit of which nothing is used.
   *
   * @param bitsPerSecond bits on the wire, Ethernet header included
   * @param clock the network's clock
   */
  public RateLimit(long bitsPerSecond, Clock clock) {
    this.clock = clock;
    bitsPerNano = bitsPerSecond / 1e9;
    burst = Math.max(LEAST_BURST, bitsPerSecond * BURST_SECONDS);
    tokens = burst;
    filledAt = clock.nanoTime();
  }

  @Override
  public @Nullable DropCause admit(Passage passage, ByteBuf frame) {
    long now = clock.nanoTime();
    tokens = Math.min(burst, tokens + bitsPerNano * (now - filledAt));
    filledAt = now;
    if (tokens <= 0) {
      return DropCause.RATE_LIMIT;
    }
    tokens -= passage.wireBytes() * 8.0;
    return null;
  }
}
