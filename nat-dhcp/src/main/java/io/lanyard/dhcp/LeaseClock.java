package io.lanyard.dhcp;

import io.lanyard.base.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The time that leases go by: milliseconds that pass, whatever somebody sets the host's clock to.
 *
 * <p>A client measures its lease by time that passes (RFC 2131 section 4.4.5), so the server must.
 * The wall clock would end leases early when it is set forward, and give addresses away that are in
 * use. Within one boot of the host, this clock advances with {@link Clock#uptimeNanos}, which
 * counts the time that the host is suspended. A reference is stored with the leases, so that the
 * time goes on where it stood:
 *
 * <pre>
 *   the daemon restarts    the same boot: exactly the time that has passed
 *   the host restarts      another boot: what the wall clock says has passed, never less than nothing
 * </pre>
 *
 * <p>So only a wall clock that is wrong while the host boots can shorten leases. The conflict probe
 * still keeps their addresses from others then.
 *
 * <p>The values begin as milliseconds since the epoch on the first day, and drift from the wall
 * clock by what that is set. {@link #wallTime} translates for people.
 *
 * <p>Thread: any; immutable.
 */
public final class LeaseClock {
  /** The wall clock may be slewed by this much before the stored reference is worth a write. */
  private static final Duration SLEW = Duration.ofSeconds(2);

  /**
   * Where the time stood at one moment, for the next start.
   *
   * @param boot the boot of the host
   * @param uptimeMillis the time since that boot
   * @param wallMillis the wall clock, in milliseconds since the epoch
   * @param leaseMillis this clock
   */
  record Reference(String boot, long uptimeMillis, long wallMillis, long leaseMillis) {
    /** How far the wall clock was ahead of the uptime. */
    private long wallOffset() {
      return wallMillis - uptimeMillis;
    }
  }

  private final Clock clock;

  /** This clock less the uptime. */
  private final long offset;

  private LeaseClock(Clock clock, long offset) {
    this.clock = clock;
    this.offset = offset;
  }

  /** Goes on where the time stood; begins with the wall clock's time if it never ran before. */
  static LeaseClock resume(Clock clock, @Nullable Reference last) {
    long uptime = uptime(clock);
    long wall = clock.now().toEpochMilli();
    long now;
    if (last == null) {
      now = wall;
    } else if (last.boot.equals(clock.bootId()) && uptime >= last.uptimeMillis) {
      now = last.leaseMillis + (uptime - last.uptimeMillis);
    } else {
      now = last.leaseMillis + Math.max(0, wall - last.wallMillis);
    }
    return new LeaseClock(clock, now - uptime);
  }

  private static long uptime(Clock clock) {
    return TimeUnit.NANOSECONDS.toMillis(clock.uptimeNanos());
  }

  /**
   * The present.
   *
   * @return milliseconds; only differences mean anything
   */
  public long millis() {
    return uptime(clock) + offset;
  }

  /**
   * When a time comes, or came, by the wall clock as it is set now.
   *
   * @param millis a time of this clock
   * @return the instant
   */
  public Instant wallTime(long millis) {
    return clock.now().plusMillis(millis - millis());
  }

  /** Where the time stands now. */
  Reference reference() {
    long uptime = uptime(clock);
    return new Reference(clock.bootId(), uptime, clock.now().toEpochMilli(), uptime + offset);
  }

  /**
   * Whether the wall clock was set since a reference was taken, so that it misleads after a boot.
   */
  boolean wasSetSince(Reference reference) {
    long shift = reference().wallOffset() - reference.wallOffset();
    return Math.abs(shift) > SLEW.toMillis();
  }
}
