package io.lanyard.nat.tcp;

import io.lanyard.config.NatConfig;
import java.util.concurrent.TimeUnit;

/**
 * How long connections of an engine may be silent, in nanoseconds.
 *
 * <p>Thread: the network's loop only.
 */
final class EngineTimeouts {
  /** How long the host's peer may take to read the rest once both sides have ended. */
  private static final long LINGER = TimeUnit.SECONDS.toNanos(120);

  /**
   * How long a closed connection is remembered: 2 MSL (RFC 9293 section 3.4.1), as Linux has it.
   */
  private static final long TIME_WAIT = TimeUnit.SECONDS.toNanos(60);

  private long connect;
  private long established;
  private long transitory;

  EngineTimeouts(NatConfig.Timeouts timeouts) {
    configure(timeouts);
  }

  void configure(NatConfig.Timeouts timeouts) {
    connect = timeouts.tcpConnect().toNanos();
    established = timeouts.tcpEstablished().toNanos();
    transitory = timeouts.tcpTransitory().toNanos();
  }

  /** How long the host's side may take to connect. */
  long connect() {
    return connect;
  }

  /** How long a connection in a state may be silent. */
  long idle(Connection.State state) {
    return switch (state) {
      case ESTABLISHED, CLOSE_WAIT, FIN_WAIT_2 -> established;
      case LINGERING -> LINGER;
      case TIME_WAIT -> TIME_WAIT;
      default -> transitory;
    };
  }
}
