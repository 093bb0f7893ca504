package io.lanyard.daemon.event;

import io.lanyard.control.api.EventType;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * How many events each source may cause: a burst, then a few per second, so that a guest cannot
 * push the others' events out of the ring.
 *
 * <p>What comes too fast waits, and a later event of the same type and subject takes its place: the
 * last state of everything is told in the end. How many were never told follows.
 *
 * <p>Thread: one at a time.
 */
final class EventLimits {
  /** Enough for the start of a lab behind one port to be told at once. */
  static final int BURST = 100;

  /** As the flows of a network: a hundred sources turn the ring over in eight seconds. */
  static final int PER_SECOND = 5;

  /** Events of a source that wait: the addresses of an ordinary subnet. */
  static final int MOST_WAITING = 256;

  /** Sources come and go; those that are silent are forgotten beyond this. */
  private static final int MOST_SOURCES = 4096;

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  /** An event that has no number yet. */
  record Unnumbered(
      EventType type, String network, String subject, String at, Map<String, String> data) {}

  /** The holder of a limit: the leases behind a port do not delay what is told of the port. */
  private record Key(String network, String kind, String source) {}

  private record Matter(EventType type, String subject) {}

  private static final class Source {
    final Key key;
    final LinkedHashMap<Matter, Unnumbered> waiting = new LinkedHashMap<>();
    int tokens = BURST;
    long refilledAt;
    long leftOut;

    Source(Key key) {
      this.key = key;
    }

    void refill(long now) {
      long seconds = (now - refilledAt) / SECOND;
      if (tokens == BURST || seconds > BURST) {
        tokens = BURST;
        refilledAt = now;
      } else if (seconds > 0) {
        tokens = (int) Math.min(BURST, tokens + seconds * PER_SECOND);
        refilledAt += seconds * SECOND;
      }
    }
  }

  private final Consumer<Unnumbered> told;
  private final Map<Key, Source> sources = new HashMap<>();

  /** Those of which something waits. */
  private final Set<Source> held = new LinkedHashSet<>();

  /**
   * Makes limits that nobody has used.
   *
   * @param told takes what may be told, in order
   */
  EventLimits(Consumer<Unnumbered> told) {
    this.told = told;
  }

  /** Tells of an event, or has it wait. */
  void take(String source, Unnumbered event, long now) {
    Source its = source(source, event, now);
    its.refill(now);
    if (its.waiting.isEmpty() && its.tokens > 0) {
      its.tokens--;
      told.accept(event);
      return;
    }
    Matter matter = new Matter(event.type(), event.subject());
    if (its.waiting.remove(matter) != null) {
      its.leftOut++;
    }
    if (its.waiting.size() == MOST_WAITING) {
      its.waiting.pollFirstEntry();
      its.leftOut++;
    }
    its.waiting.put(matter, event); // behind the others: it is the latest
    held.add(its);
  }

  private Source source(String source, Unnumbered event, long now) {
    String word = event.type().word();
    Key key = new Key(event.network(), word.substring(0, word.indexOf('-')), source);
    Source known = sources.get(key);
    if (known != null) {
      return known;
    }
    if (sources.size() >= MOST_SOURCES) {
      sources
          .values()
          .removeIf(each -> {
            each.refill(now);
            return each.tokens == BURST && each.waiting.isEmpty();
          });
    }
    Source made = new Source(key);
    sources.put(key, made);
    return made;
  }

  /** Whether nothing waits. */
  boolean isEmpty() {
    return held.isEmpty();
  }

  /**
   * How long until something that waits may be told, in nanoseconds; the longest if nothing waits.
   */
  long untilDue(long now) {
    long least = Long.MAX_VALUE;
    for (Source each : held) {
      least = Math.min(least, Math.max(0, each.refilledAt + SECOND - now));
    }
    return least;
  }

  /**
   * Tells what has waited for long enough.
   *
   * @param at the time of day
   */
  void release(long now, String at) {
    for (Iterator<Source> all = held.iterator(); all.hasNext(); ) {
      Source each = all.next();
      each.refill(now);
      if (each.tokens > 0) {
        while (each.tokens > 0 && !each.waiting.isEmpty()) {
          each.tokens--;
          told.accept(each.waiting.pollFirstEntry().getValue());
        }
        tellOfLeftOut(each, at);
        if (each.waiting.isEmpty()) {
          all.remove();
        }
      }
    }
  }

  /** Tells everything that waits. */
  void releaseAll(String at) {
    for (Source each : held) {
      each.waiting.values().forEach(told);
      each.waiting.clear();
      tellOfLeftOut(each, at);
    }
    held.clear();
  }

  private void tellOfLeftOut(Source source, String at) {
    if (source.leftOut > 0) {
      Key key = source.key;
      told.accept(
          new Unnumbered(
              EventType.EVENTS_LEFT_OUT,
              key.network(),
              key.source(),
              at,
              Map.of("of", key.kind(), "leftOut", Long.toString(source.leftOut))));
      source.leftOut = 0;
    }
  }

  /** Forgets a network that is gone, and what waits of it. */
  void forget(String network) {
    sources.keySet().removeIf(key -> key.network().equals(network));
    held.removeIf(each -> each.key.network().equals(network));
  }
}
