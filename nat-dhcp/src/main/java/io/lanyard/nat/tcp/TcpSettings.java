package io.lanyard.nat.tcp;

import java.time.Duration;

/**
 * Limits and times of the TCP engine.
 *
 * @param sendBuffer the most bytes a connection holds for its guest
 * @param receiveBuffer the most bytes a connection takes ahead of the host's side
 * @param memory what the connections draw their buffers from
 * @param connectTimeout how long the host's side may take to connect
 * @param establishedTimeout how long an established connection may be silent; RFC 5382 REQ-5 wants
 *     at least 2 h 4 min
 * @param transitoryTimeout how long a connection that is opening or closing may be silent; RFC 5382
 *     REQ-5 wants at least 4 min
 * @param keepAliveIdle silence after which the guest is probed (RFC 9293 section 3.8.4)
 * @param timeWait how long a closed connection is remembered (2 MSL, RFC 9293 section 3.4.1)
 */
public record TcpSettings(
    int sendBuffer,
    int receiveBuffer,
    MemoryPool memory,
    Duration connectTimeout,
    Duration establishedTimeout,
    Duration transitoryTimeout,
    Duration keepAliveIdle,
    Duration timeWait) {

  /**
   * The defaults.
   *
   * @return settings for a network of desktop guests
   */
  public static TcpSettings defaults() {
    return new TcpSettings(
        4 << 20,
        4 << 20,
        MemoryPool.ofProcess(),
        Duration.ofSeconds(60),
        Duration.ofSeconds(8_100),
        Duration.ofSeconds(240),
        Duration.ofSeconds(7_200),
        Duration.ofSeconds(60));
  }
}
