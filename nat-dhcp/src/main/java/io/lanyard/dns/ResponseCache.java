package io.lanyard.dns;

import io.lanyard.base.ArrivalList;
import io.lanyard.base.Ranking;
import io.lanyard.nat.station.NameMemory;
import io.lanyard.nat.station.PortBudget;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Answers that may be given again to every port.
 *
 * <p>Each is charged to the port whose question it answered first, for as long as that port is
 * there: no other port can take it over by asking the same. A full cache forgets answers of ports
 * that are gone, then those of the port that holds most; of one port, the least recently used
 * first. So a port that asks for any number of names loses its own answers and no others. It is
 * full by number, by its own bytes, or where the network holds its part of the process's ({@link
 * NameMemory}).
 *
 * <p>Thread: the network's loop only.
 */
final class ResponseCache {
  /**
   * The heap of an answer besides its bytes and the letters of its name, by 64-bit JVMs: 72 for a
   * node of the map where names collide, 72 for the question and its name, 40 for the place, 176
   * for the response with its arrays and its list of addresses.
   */
  private static final int OVERHEAD = 360;

  /** An answer in its place. */
  private static final class Entry extends ArrivalList.Member<Entry> {
    final Question question;
    final Response response;
    final Holder holder;

    Entry(Question question, Response response, Holder holder) {
      this.question = question;
      this.response = response;
      this.holder = holder;
    }
  }

  /** How much of one limit a holder has. */
  private static final class Part extends Ranking.Member {
    final Holder holder;

    Part(Holder holder) {
      this.holder = holder;
    }
  }

  /** The answers that a port is charged for. */
  private static final class Holder extends ArrivalList.Member<Holder> {
    /** The least recently used first. */
    final ArrivalList<Entry> entries = new ArrivalList<>();

    final Part places = new Part(this);
    final Part bytes = new Part(this);

    /** Whether the port is gone. */
    boolean left;
  }

  private final int maxEntries;
  private final long maxBytes;
  private final NameMemory.Share memory;
  private final Map<Question, Entry> entries = new HashMap<>();
  private final Map<PortBudget, Holder> holders = new HashMap<>();
  private Ranking<Part> byPlaces = new Ranking<>();
  private Ranking<Part> byBytes = new Ranking<>();

  /** The answers of ports that are gone, those of the one that went first at the front. */
  private ArrivalList<Holder> leftovers = new ArrivalList<>();

  private long bytes;
  private long evicted;

  /**
   * Makes an empty cache.
   *
   * @param maxEntries the most answers
   * @param maxBytes their most bytes
   * @param memory the network's share of the heap, which may have room for less
   */
  ResponseCache(int maxEntries, long maxBytes, NameMemory.Share memory) {
    this.maxEntries = maxEntries;
    this.maxBytes = maxBytes;
    this.memory = memory;
  }

  private long most() {
    return Math.min(maxBytes, memory.most(NameMemory.Part.CACHE));
  }

  /** The answer to a question; null if there is none, or its time is over. */
  @Nullable Response get(Question question, long nowNanos) {
    Entry entry = used(question);
    return entry == null || entry.response.expired(nowNanos) ? null : entry.response;
  }

  /**
   * The answer to a question whose time is over. One that is too old is forgotten.
   *
   * @param longestNanos how long ago its time may have ended
   * @return null if there is none
   */
  @Nullable Response stale(Question question, long nowNanos, long longestNanos) {
    Entry entry = used(question);
    if (entry == null || !entry.response.expired(nowNanos)) {
      return null;
    }
    if (entry.response.isFailure() || entry.response.expired(nowNanos - longestNanos)) {
      remove(entry);
      return null;
    }
    return entry.response;
  }

  private @Nullable Entry used(Question question) {
    Entry entry = entries.get(question);
    if (entry != null) {
      entry.holder.entries.renew(entry);
    }
    return entry;
  }

  /**
   * Keeps an answer, if it may be kept.
   *
   * @param port the port that has caused it
   */
  void put(Question question, Response response, PortBudget port) {
    long most = most();
    int cost = cost(question, response);
    if (response.ttl <= 0 || cost > most / 16 || port.released()) {
      return;
    }
    Entry before = entries.get(question);
    if (before != null) {
      remove(before);
    }
    Holder holder =
        before == null || before.holder.left
            ? holders.computeIfAbsent(port, key -> new Holder())
            : before.holder;
    Entry entry = new Entry(question, response, holder);
    entries.put(question, entry);
    holder.entries.append(entry);
    charge(holder, 1, cost);
    while (entries.size() > maxEntries) {
      evict(byPlaces);
    }
    while (bytes > most) {
      evict(byBytes);
    }
  }

  private void evict(Ranking<Part> ranking) {
    Holder leftover = leftovers.oldest();
    Part largest = ranking.largest();
    Holder from = leftover == null && largest != null ? largest.holder : leftover;
    Entry victim = from == null ? null : from.entries.oldest();
    if (victim == null) {
      throw new IllegalStateException("a full cache has no answers");
    }
    evicted++;
    remove(victim);
  }

  private void remove(Entry entry) {
    Holder holder = entry.holder;
    entries.remove(entry.question);
    holder.entries.remove(entry);
    charge(holder, -1, -cost(entry.question, entry.response));
    if (holder.left && holder.entries.size() == 0) {
      leftovers.remove(holder);
    }
  }

  private void charge(Holder holder, int places, int change) {
    bytes += change;
    memory.changed(NameMemory.Part.CACHE, change);
    if (!holder.left) {
      byPlaces.count(holder.places, places);
      byBytes.count(holder.bytes, change);
    }
  }

  /** Leaves the answers of a port that is gone to the others, until there is no room for them. */
  void end(PortBudget port) {
    Holder holder = holders.remove(port);
    if (holder != null && holder.entries.size() > 0) {
      byPlaces.count(holder.places, -holder.places.count());
      byBytes.count(holder.bytes, -holder.bytes.count());
      holder.left = true;
      leftovers.append(holder);
    }
  }

  void clear() {
    entries.clear();
    holders.clear();
    byPlaces = new Ranking<>();
    byBytes = new Ranking<>();
    leftovers = new ArrivalList<>();
    memory.changed(NameMemory.Part.CACHE, -bytes);
    bytes = 0;
  }

  int entries() {
    return entries.size();
  }

  long bytes() {
    return bytes;
  }

  /** Answers that made place for others. */
  long evicted() {
    return evicted;
  }

  private static int cost(Question question, Response response) {
    return OVERHEAD + question.name().length() + response.size();
  }
}
