package io.lanyard.nat.tcp;

import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.lanyard.nat.gateway.IcmpReason;
import java.net.NoRouteToHostException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Why the host's side of a connection could not be reached, as the guest is told. */
public enum ConnectFailure {
  /** Refused: the guest gets a reset. */
  REFUSED(null),
  /** No route to the network. */
  NETWORK_UNREACHABLE(IcmpReason.NO_ROUTE),
  /** No such host, or no answer in time. */
  HOST_UNREACHABLE(IcmpReason.HOST_UNREACHABLE),
  /** The host's firewall or policy forbids it. */
  PROHIBITED(IcmpReason.PROHIBITED),
  /** No descriptor is left for a socket: the guest hears nothing, and tries again. */
  NO_DESCRIPTOR(null);

  private final @Nullable IcmpReason reason;

  ConnectFailure(@Nullable IcmpReason reason) {
    this.reason = reason;
  }

  /** The meaning of an error of connect(2), told at once or later. */
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
   * The ICMP reason for the guest.
   *
   * @return the reason; null for a reset, and for silence
   */
  public @Nullable IcmpReason reason() {
    return reason;
  }
}
