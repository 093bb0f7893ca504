package io.lanyard.nat.tcp;

import io.lanyard.base.Clock;
import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.lang.System.Logger.Level;

/**
 * Ends connections that the engine failed for; the others go on.
 *
 * <p>Thread: the network's loop only.
 */
final class EngineFaults {
  private static final System.Logger LOG = System.getLogger(EngineFaults.class.getName());

  private final Counters<TcpCount> counters;
  private final RateLimitedLog log;

  EngineFaults(Clock clock, Counters<TcpCount> counters) {
    this.counters = counters;
    log = new RateLimitedLog(LOG, clock);
  }

  /**
   * Ends a connection that ran into a fault of the engine, or that the allocator refused a buffer.
   * Only the budget for direct memory is survived: it refuses before anything has changed. A full
   * heap has left who knows what half done, and the JVM exits.
   */
  void end(Connection c, Throwable e) {
    if (e instanceof OutOfDirectMemoryError) {
      counters.count(TcpCount.NO_MEMORY);
      log.log(
          Level.WARNING,
          "tcp-out-of-memory",
          line ->
              line.with("cause", e)
                  .with(
                      "advice",
                      "connections are reset; give the daemon more by"
                          + " LANYARD_JVM_FLAGS=-XX:MaxDirectMemorySize=..."));
    } else {
      counters.count(TcpCount.FAULTS);
      log.log(
          Level.ERROR,
          "tcp-fault",
          line -> line.with("state", c.state()).with("advice", "the flow ends; please report this"),
          e);
    }
    try {
      c.abort();
    } catch (RuntimeException | OutOfDirectMemoryError again) {
      log.log(
          Level.ERROR,
          "tcp-fault",
          line -> line.with("state", "ending").with("advice", "please report this"),
          again);
    }
  }
}
