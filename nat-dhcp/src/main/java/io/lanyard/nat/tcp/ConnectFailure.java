package io.lanyard.nat.tcp;

import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import java.net.NoRouteToHostException;
import java.util.Locale;

/** Why the host's side of a connection could not be reached, as the guest is told. */
public enum ConnectFailure {
  /** Refused: the guest gets a reset. */
  REFUSED(-1),
  /** No route to the network. */
  NETWORK_UNREACHABLE(0),
  /** No such host, or no answer in time. */
  HOST_UNREACHABLE(1),
  /** The host's firewall or policy forbids it. */
  PROHIBITED(13);

  private final int code;

  ConnectFailure(int code) {
    this.code = code;
  }

  /** What an error of connect(2) means, whether it was told at once or later. */
  static ConnectFailure of(Throwable cause) {
    if (cause instanceof ErrnoException later) {
      return switch (later.number()) {
        // A peer that takes the connection and resets it at once refuses, too.
        case Errno.ECONNREFUSED, Errno.ECONNRESET, Errno.EPIPE -> REFUSED;
        case Errno.ENETUNREACH -> NETWORK_UNREACHABLE;
        case Errno.EACCES, Errno.EPERM -> PROHIBITED;
        default -> HOST_UNREACHABLE;
      };
    }
    if (cause instanceof NoRouteToHostException) {
      // Told at once it is the host's own routing table that has nothing; Netty gives no text.
      return NETWORK_UNREACHABLE;
    }
    String text = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
    if (text.contains("not permitted") || text.contains("permission denied")) {
      return PROHIBITED;
    }
    return text.contains("refused") || text.contains("reset") ? REFUSED : HOST_UNREACHABLE;
  }

  /**
   * The ICMP code to report.
   *
   * @return a code of "destination unreachable", or -1 for a reset
   */
  public int icmpCode() {
    return code;
  }
}
