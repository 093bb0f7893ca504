package io.lanyard.dns;

import io.lanyard.nat.station.Station;
import java.util.function.Consumer;

/**
 * One query that waits for an answer: what is needed to answer it, and not the query. Everything
 * else that an answer depends on is in its {@link Question}.
 *
 * @param port the share of the port that it came in by
 * @param station the station that sent it
 * @param id the query's identifier
 * @param spelling the case of the name in the query
 * @param limit the longest answer that it takes, in bytes
 * @param reply takes the answer; called once
 */
record Asker(
    PortShare port, Station station, int id, Spelling spelling, int limit, Consumer<byte[]> reply) {
  /** This object, the reply and what it holds, and the place in a list; by 64-bit JVMs. */
  private static final long OVERHEAD = 200;

  /** The memory that it takes, in bytes. */
  long bytes() {
    return OVERHEAD + spelling.bytes() + HeldReply.bytes(reply);
  }
}
