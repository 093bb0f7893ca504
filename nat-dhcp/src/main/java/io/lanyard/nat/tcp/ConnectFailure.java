package io.lanyard.nat.tcp;

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

  /**
   * The ICMP code to report.
   *
   * @return a code of "destination unreachable", or -1 for a reset
   */
  public int icmpCode() {
    return code;
  }
}
