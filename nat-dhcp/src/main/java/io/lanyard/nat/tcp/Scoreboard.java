package io.lanyard.nat.tcp;

/**
 * The ranges that the guest has selectively acknowledged (RFC 2018 section 5, RFC 6675 section 3),
 * as sorted disjoint ranges of sequence numbers in two arrays.
 *
 * <p>SACK is advice: when a guest reports more ranges than there is room for, the surplus is
 * forgotten, and what it covers is sent again at worst.
 */
final class Scoreboard {
  /** Enough for a bad burst; a guest that reports more is not slowed by an unbounded list. */
  static final int MOST_RANGES = 128;

  /** Ranges that places are kept for when there are none: there are many connections. */
  private static final int FEW = 8;

  private int[] starts = new int[FEW];
  private int[] ends = new int[FEW];
  private int count;
  private int bytes;

  boolean isEmpty() {
    return count == 0;
  }

  /** Bytes covered. */
  int bytes() {
    return bytes;
  }

  /** The ranges that there are places for. */
  int places() {
    return starts.length;
  }

  void clear() {
    count = 0;
    bytes = 0;
    shrink();
  }

  private void shrink() {
    if (starts.length > FEW) {
      starts = new int[FEW];
      ends = new int[FEW];
    }
  }

  /**
   * Adds a range that lies between the first unacknowledged and the next sequence number.
   *
   * @return true if it covers anything new
   */
  boolean add(int start, int end) {
    int first = 0;
    while (first < count && Seq.before(ends[first], start)) {
      first++;
    }
    int last = first;
    int low = start;
    int high = end;
    int swallowed = 0;
    while (last < count && Seq.notAfter(starts[last], end)) {
      low = Seq.min(low, starts[last]);
      high = Seq.max(high, ends[last]);
      swallowed += ends[last] - starts[last];
      last++;
    }
    if (high - low == swallowed) {
      return false;
    }
    int removed = last - first;
    if (removed == 0) {
      if (count == MOST_RANGES) {
        return false;
      }
      grow();
      System.arraycopy(starts, first, starts, first + 1, count - first);
      System.arraycopy(ends, first, ends, first + 1, count - first);
      count++;
    } else if (removed > 1) {
      System.arraycopy(starts, last, starts, first + 1, count - last);
      System.arraycopy(ends, last, ends, first + 1, count - last);
      count -= removed - 1;
    }
    starts[first] = low;
    ends[first] = high;
    bytes += high - low - swallowed;
    return true;
  }

  private void grow() {
    if (count == starts.length) {
      starts = java.util.Arrays.copyOf(starts, 2 * count);
      ends = java.util.Arrays.copyOf(ends, 2 * count);
    }
  }

  /** Forgets what lies before the first unacknowledged sequence number. */
  void advance(int una) {
    int gone = 0;
    while (gone < count && Seq.notAfter(ends[gone], una)) {
      bytes -= ends[gone] - starts[gone];
      gone++;
    }
    if (gone > 0) {
      count -= gone;
      System.arraycopy(starts, gone, starts, 0, count);
      System.arraycopy(ends, gone, ends, 0, count);
      if (count == 0) {
        shrink();
      }
    }
    if (count > 0 && Seq.before(starts[0], una)) {
      bytes -= una - starts[0];
      starts[0] = una;
    }
  }

  /** The first sequence number from {@code from} on that is not covered. */
  int nextHole(int from) {
    int at = from;
    for (int i = 0; i < count; i++) {
      if (Seq.before(at, starts[i])) {
        return at;
      }
      at = Seq.max(at, ends[i]);
    }
    return at;
  }

  /** Where the hole that begins at {@code from} ends, at most {@code limit}. */
  int holeEnd(int from, int limit) {
    for (int i = 0; i < count; i++) {
      if (Seq.after(starts[i], from)) {
        return Seq.min(starts[i], limit);
      }
    }
    return limit;
  }

  /** Bytes not covered between two sequence numbers. */
  int missing(int from, int to) {
    if (Seq.notBefore(from, to)) {
      return 0;
    }
    int left = to - from;
    for (int i = 0; i < count; i++) {
      int low = Seq.max(starts[i], from);
      int high = Seq.min(ends[i], to);
      if (Seq.before(low, high)) {
        left -= high - low;
      }
    }
    return left;
  }

  /**
   * Where what counts as lost ends: everything not covered before it has at least {@code threshold}
   * covered bytes, or three separate ranges, above it (RFC 6675 section 4, IsLost).
   *
   * @param una what is returned when nothing is lost
   */
  int lossEdge(int una, int threshold) {
    int above = 0;
    for (int i = count - 1; i >= 0; i--) {
      above += ends[i] - starts[i];
      if (above >= threshold || count - i >= 3) {
        return starts[i];
      }
    }
    return una;
  }
}
