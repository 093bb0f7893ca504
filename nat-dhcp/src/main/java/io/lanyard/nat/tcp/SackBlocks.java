package io.lanyard.nat.tcp;

/** The blocks of a SACK option to be sent, most recent first (RFC 2018 section 4). */
final class SackBlocks {
  private final int[] starts = new int[Segment.MOST_BLOCKS];
  private final int[] ends = new int[Segment.MOST_BLOCKS];
  private int count;

  void clear() {
    count = 0;
  }

  /** Adds a block, unless there are four or it is there already. */
  void add(int start, int end) {
    for (int i = 0; i < count; i++) {
      if (starts[i] == start && ends[i] == end) {
        return;
      }
    }
    if (count < starts.length) {
      starts[count] = start;
      ends[count] = end;
      count++;
    }
  }

  int count() {
    return count;
  }

  int start(int i) {
    return starts[i];
  }

  int end(int i) {
    return ends[i];
  }
}
