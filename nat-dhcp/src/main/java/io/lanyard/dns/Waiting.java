package io.lanyard.dns;

import io.lanyard.nat.station.PortBudget;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.EDNSOption;

/**
 * A question that is being asked upstream, and the queries that wait for its answer.
 *
 * <p>Thread: the network's loop only.
 */
final class Waiting {
  /** The question object, the sockets that ask it and their buffers, timers and lambdas. */
  private static final long OVERHEAD = 4096;

  final Question question;

  /** Options of the query that go upstream with it. With any, nobody else's query is the same. */
  final List<EDNSOption> options;

  /** The port that asked first of those that wait; the question is in its share. */
  PortShare first;

  /** The hosts file as it was when the question came; null if it had not been read yet. */
  final @Nullable HostsFile hosts;

  final List<Asker> askers = new ArrayList<>(1);
  @Nullable UpstreamQuery upstream;

  /** Whether it is being asked of servers that are asked no more. */
  boolean stale;

  /** When it was asked. */
  long askedNanos;

  Waiting(Question question, List<EDNSOption> options, PortShare first, @Nullable HostsFile hosts) {
    this.question = question;
    this.options = options;
    this.first = first;
    this.hosts = hosts;
  }

  /** Whether other queries may wait for the same answer. */
  boolean shareable() {
    return options.isEmpty();
  }

  /** The memory that it takes without its askers, in bytes. */
  long bytes() {
    return bytes(question, options);
  }

  static long bytes(Question question, List<EDNSOption> options) {
    return OVERHEAD + brought(question, options);
  }

  /** The part of that memory whose size is the guest's choice, in bytes. */
  static long brought(Question question, List<EDNSOption> options) {
    long bytes = question.name().length();
    for (EDNSOption option : options) {
      bytes += 64 + option.toWire().length;
    }
    return bytes;
  }

  /** How many of the queries are a port's. */
  int askersOf(PortBudget port) {
    int count = 0;
    for (Asker asker : askers) {
      if (asker.port().port == port) {
        count++;
      }
    }
    return count;
  }
}
