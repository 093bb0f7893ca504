package io.lanyard.nat.tcp;

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

  /** What an error of connect(2) means. Netty puts the errno into the text only. */
  static ConnectFailure of(Throwable cause) {
    String text = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
    if (text.contains("network is unreachable")) {
      return NETWORK_UNREACHABLE;
    }
    if (text.contains("timed out") || cause instanceof NoRouteToHostException) {
      return HOST_UNREACHABLE;
    }
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
