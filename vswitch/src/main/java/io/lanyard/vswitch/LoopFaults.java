package io.lanyard.vswitch;

import io.lanyard.base.Clock;
import io.lanyard.base.RateLimitedLog;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;

/**
 * Decides what happens when something on a network's loop throws: the handling of an event, a task
 * between two batches of events ({@link AfterBatch}), the work of a port ({@link Turn}), a timer.
 *
 * <p>The loop goes on. What was thrown is counted, and logged with its port as far as that is
 * known. An exception passes: the same work is tried again. An {@link Error} does not, a class that
 * does not link or a fault of the daemon's own, and ends the work that threw it: its source is
 * closed. A direct buffer that the allocator refused passes like an exception.
 *
 * <p>A full heap is different. Some other task may have lost half of its work to it, so the process
 * ends and its supervisor starts it anew. The launcher has the JVM do that by itself ({@code
 * -XX:+ExitOnOutOfMemoryError}); this is for a JVM that was started without.
 *
 * <p>Thread: the network's loop; {@link #count} any.
 */
public final class LoopFaults {
  private static final System.Logger LOG = System.getLogger(LoopFaults.class.getName());

  /** The exit code of a JVM that ends itself for this reason. */
  private static final int OUT_OF_MEMORY = 3;

  private final String network;
  private final RateLimitedLog log;
  private final IntConsumer exit;
  private final AtomicLong count = new AtomicLong();

  /**
   * Makes one that has counted nothing.
   *
   * @param network the network's name, for the log
   * @param clock what the log is limited by
   */
  public LoopFaults(String network, Clock clock) {
    this(network, clock, Runtime.getRuntime()::halt);
  }

  /**
   * Makes one that has counted nothing.
   *
   * @param exit ends the process with a code
   */
  LoopFaults(String network, Clock clock, IntConsumer exit) {
    this.network = network;
    this.log = new RateLimitedLog(LOG, clock);
    this.exit = exit;
  }

  /**
   * Notes what was thrown. Does not return where it ends the process.
   *
   * @param cause what was thrown
   */
  public void caught(Throwable cause) {
    caught(cause, "");
  }

  /**
   * Notes what the work of a port threw. Does not return where it ends the process.
   *
   * @param cause what was thrown
   * @param port the port's name; empty for work of no port
   */
  void caught(Throwable cause, String port) {
    if (cause instanceof OutOfMemoryError && !passes(cause)) {
      exit.accept(OUT_OF_MEMORY); // before anything else is allocated
    }
    count.incrementAndGet();
    log.log(
        Level.ERROR,
        "loop-task-failed",
        line ->
            (port.isEmpty()
                    ? line.with("network", network)
                    : line.with("network", network).with("port", port))
                .with("advice", "the network goes on; please report this"),
        cause);
  }

  /** Whether the same work may succeed when it is tried again. */
  static boolean passes(Throwable cause) {
    return !(cause instanceof Error) || cause instanceof OutOfDirectMemoryError;
  }

  /**
   * Counts what was thrown, whether or not it was logged.
   *
   * @return exceptions and errors since this was made
   */
  public long count() {
    return count.get();
  }
}
