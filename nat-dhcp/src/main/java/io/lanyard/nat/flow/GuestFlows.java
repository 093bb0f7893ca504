package io.lanyard.nat.flow;

import org.jspecify.annotations.Nullable;

/**
 * The flows of one guest and protocol, oldest first: what its quota counts and what eviction looks
 * through.
 */
final class GuestFlows {
  /**
   * How many of the oldest flows eviction compares. The list is in order of birth, not of use;
   * among this many of the oldest there is an idle one in all but contrived cases, and the cost is
   * bounded.
   */
  private static final int CANDIDATES = 16;

  final long key;
  int count;
  private @Nullable Flow oldest;
  private @Nullable Flow newest;

  GuestFlows(long key) {
    this.key = key;
  }

  static long key(int guestAddress, int protocol) {
    return (long) guestAddress << 8 | protocol;
  }

  void append(Flow flow) {
    Flow last = newest;
    flow.older = last;
    flow.newer = null;
    if (last == null) {
      oldest = flow;
    } else {
      last.newer = flow;
    }
    newest = flow;
    count++;
  }

  void unlink(Flow flow) {
    Flow before = flow.older;
    Flow after = flow.newer;
    if (before == null) {
      oldest = after;
    } else {
      before.newer = after;
    }
    if (after == null) {
      newest = before;
    } else {
      after.older = before;
    }
    flow.older = null;
    flow.newer = null;
    count--;
  }

  /**
   * The flow that is best ended: the longest idle of the first few. Those looked at and not chosen
   * go to the end, so that the next call sees others.
   */
  @Nullable Flow victim() {
    Flow best = null;
    for (int i = Math.min(CANDIDATES, count); i > 0; i--) {
      Flow flow = oldest;
      if (flow == null) {
        break;
      }
      if (flow.evictable() && (best == null || flow.activeNanos - best.activeNanos < 0)) {
        best = flow;
      }
      unlink(flow);
      append(flow);
    }
    return best;
  }
}
