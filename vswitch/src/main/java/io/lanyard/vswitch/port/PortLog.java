package io.lanyard.vswitch.port;

import io.lanyard.base.LogEvent;
import io.lanyard.base.RateLimitedLog;
import java.lang.System.Logger.Level;
import java.util.function.UnaryOperator;

/**
 * A port's log: each line names the network and the port, and clients that come and go cannot flood
 * it.
 *
 * <p>Thread: any.
 */
public final class PortLog {
  /** Why a client is sent away from a port that has one. */
  public static final String HAS_ONE = "the port has a client; each guest needs a port of its own";

  private final RateLimitedLog log;
  private final String network;
  private final String port;

  /**
   * Makes the log of a port.
   *
   * @param logger where lines go
   * @param port the port's name
   * @param context the network
   */
  public PortLog(System.Logger logger, String port, PortContext context) {
    this(new RateLimitedLog(logger, context.timers().clock()), context.network().name(), port);
  }

  private PortLog(RateLimitedLog log, String network, String port) {
    this.log = log;
    this.network = network;
    this.port = port;
  }

  /**
   * The log of another port that shares this one's limit.
   *
   * @param other the other port's name
   * @return its log
   */
  PortLog of(String other) {
    return new PortLog(log, network, other);
  }

  /**
   * Logs an event, unless there were too many of its kind.
   *
   * @param level its level
   * @param event its name, kebab-case
   * @param values adds its values
   */
  public void log(Level level, String event, UnaryOperator<LogEvent> values) {
    log.log(level, event, line -> values.apply(line.with("network", network).with("port", port)));
  }

  /** Logs that a client has connected. */
  void connected() {
    log(Level.INFO, "client-connected", line -> line);
  }

  /**
   * Logs that a client is sent away.
   *
   * @param cause why
   */
  public void refused(String cause) {
    log(Level.WARNING, "client-refused", line -> line.with("cause", cause));
  }

  /** Logs that a client is sent away because the port has one ({@link #HAS_ONE}). */
  public void refusedSecond() {
    log(
        Level.WARNING,
        "client-refused",
        line -> line.with("advice", "the port has a client; give each guest a port of its own"));
  }
}
