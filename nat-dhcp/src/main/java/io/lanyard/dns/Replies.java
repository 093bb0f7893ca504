package io.lanyard.dns;

import io.lanyard.base.Counters;
import java.util.function.Consumer;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;

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
    byte[] wire = answer.toWire(limit);
    countTruncated(wire);
    reply.accept(wire);
  }

  /** Sends an answer of a server's. */
  void upstream(byte[] response, int limit, Consumer<byte[]> reply) {
    byte[] fitting = response;
    if (response.length > limit) {
      Message whole = Queries.parse(response);
      fitting = whole == null ? Queries.bare(response, Rcode.SERVFAIL) : whole.toWire(limit);
    }
    countTruncated(fitting);
    reply.accept(fitting);
  }

  private void countTruncated(byte[] response) {
    if ((response[2] & 2) != 0) {
      counters.count(DnsCount.TRUNCATED);
    }
  }
}
