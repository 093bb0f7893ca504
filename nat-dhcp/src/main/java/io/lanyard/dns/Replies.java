package io.lanyard.dns;

import io.lanyard.base.Counters;
import java.util.function.Consumer;
import org.xbill.DNS.Message;

/**
 * Sends answers, cut to what their askers take, and counts those that had to be.
 *
 * <p>Thread: the network's loop only.
 */
final class Replies {
  private final Counters<DnsCount> counters;

  Replies(Counters<DnsCount> counters) {
    this.counters = counters;
  }

  /** Sends an answer of this network's own. */
  void own(Message own, Message query, int limit, Consumer<byte[]> reply) {
    counters.count(DnsCount.OWN_ANSWER);
    Queries.addOpt(own, query, own.getRcode());
    whole(own, limit, reply);
  }

  /** Sends an answer that has all of its records. */
  void whole(Message answer, int limit, Consumer<byte[]> reply) {
    byte[] wire = Queries.fitting(answer, limit);
    countTruncated(wire);
    reply.accept(wire);
  }

  /** Sends an answer of a server's, cut already. */
  void upstream(byte[] response, Consumer<byte[]> reply) {
    countTruncated(response);
    reply.accept(response);
  }

  private void countTruncated(byte[] response) {
    if ((response[2] & 2) != 0) {
      counters.count(DnsCount.TRUNCATED);
    }
  }
}
