package io.lanyard.net;

/** A transport protocol over IP that has ports. */
public enum Transport {
  /** Streams (RFC 9293). */
  TCP(6),
  /** Datagrams (RFC 768). */
  UDP(17);

  private final int number;

  Transport(int number) {
    this.number = number;
  }

  /**
   * The number that stands for the protocol in an IP header.
   *
   * @return as IANA has assigned it
   */
  public int number() {
    return number;
  }
}
