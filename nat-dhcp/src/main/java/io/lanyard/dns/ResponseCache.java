package io.lanyard.dns;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Answers that may be given again, the least recently used forgotten first. */
final class ResponseCache {
  /** The cost of an entry besides its bytes: two objects, the key's name, and a map node. */
  private static final int OVERHEAD = 250;

  private final int maxEntries;
  private final long maxBytes;
  private final LinkedHashMap<Question, Response> entries = new LinkedHashMap<>(64, 0.75f, true);
  private long bytes;

  ResponseCache(int maxEntries, long maxBytes) {
    this.maxEntries = maxEntries;
    this.maxBytes = maxBytes;
  }

  /** The answer to a question; null if there is none, or its time is over. */
  @Nullable Response get(Question question, long nowNanos) {
    Response response = entries.get(question);
    return response == null || response.expired(nowNanos) ? null : response;
  }

  /**
   * The answer to a question whose time is over. One that is too old is forgotten.
   *
   * @param longestNanos how long ago its time may have ended
   * @return null if there is none
   */
  @Nullable Response stale(Question question, long nowNanos, long longestNanos) {
    Response response = entries.get(question);
    if (response == null || !response.expired(nowNanos)) {
      return null;
    }
    if (response.isFailure() || response.expired(nowNanos - longestNanos)) {
      entries.remove(question);
      bytes -= cost(response);
      return null;
    }
    return response;
  }

  void put(Question question, Response response) {
    if (response.ttl <= 0 || cost(response) > maxBytes / 16) {
      return;
    }
    Response before = entries.put(question, response);
    bytes += cost(response) - (before == null ? 0 : cost(before));
    Iterator<Map.Entry<Question, Response>> eldest = entries.entrySet().iterator();
    while (entries.size() > maxEntries || bytes > maxBytes) {
      bytes -= cost(eldest.next().getValue());
      eldest.remove();
    }
  }

  void clear() {
    entries.clear();
    bytes = 0;
  }

  int entries() {
    return entries.size();
  }

  long bytes() {
    return bytes;
  }

  private static int cost(Response response) {
    return response.size() + OVERHEAD;
  }
}
