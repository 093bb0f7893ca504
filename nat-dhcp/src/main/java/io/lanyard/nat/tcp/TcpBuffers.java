package io.lanyard.nat.tcp;

/**
 * How much a connection holds.
 *
 * @param send the most bytes it holds for its guest
 * @param receive the most bytes it takes ahead of the host's side
 */
record TcpBuffers(int send, int receive) {
  /**
   * 10 Gbit/s over 3 ms, or 1 Gbit/s over 30 ms. A connection begins with less, and gets more as it
   * turns out to be fast.
   */
  static final TcpBuffers USUAL = new TcpBuffers(4 << 20, 4 << 20);
}
