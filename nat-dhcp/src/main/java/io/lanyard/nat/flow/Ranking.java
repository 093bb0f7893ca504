package io.lanyard.nat.flow;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Members ordered by their counts, so that the largest is found at once: a binary heap, of which
 * every member knows its place. A change moves a member by as many steps as the logarithm of their
 * number; no hostile guest can make the search for the largest a walk.
 *
 * @param <R> the members
 */
final class Ranking<R extends Ranked> {
  private @Nullable Ranked[] heap = new @Nullable Ranked[4];
  private int size;

  /** The member that counts most; null when nobody counts anything. */
  @SuppressWarnings("unchecked") // changed is the only way in
  @Nullable R largest() {
    return (R) heap[0];
  }

  /** The number of members that count something. */
  int size() {
    return size;
  }

  /** Puts a member where it belongs after its count has changed; 0 takes it out. */
  void changed(R member) {
    if (member.count == 0) {
      remove(member);
      return;
    }
    if (member.place < 0) {
      if (size == heap.length) {
        heap = Arrays.copyOf(heap, 2 * size);
      }
      set(size++, member);
    }
    up(member);
    down(member);
  }

  private void remove(Ranked member) {
    int hole = member.place;
    if (hole < 0) {
      return;
    }
    member.place = -1;
    Ranked last = heap[--size];
    heap[size] = null;
    if (last != null && hole != size) {
      set(hole, last);
      up(last);
      down(last);
    }
  }

  private void up(Ranked member) {
    while (member.place > 0) {
      int at = member.place;
      int parent = (at - 1) / 2;
      Ranked above = heap[parent];
      if (above == null || above.count >= member.count) {
        return;
      }
      set(at, above);
      set(parent, member);
    }
  }

  private void down(Ranked member) {
    while (true) {
      int at = member.place;
      int child = 2 * at + 1;
      Ranked below = child < size ? heap[child] : null;
      if (below == null) {
        return;
      }
      Ranked right = child + 1 < size ? heap[child + 1] : null;
      if (right != null && right.count > below.count) {
        below = right;
        child++;
      }
      if (below.count <= member.count) {
        return;
      }
      set(at, below);
      set(child, member);
    }
  }

  private void set(int at, Ranked member) {
    heap[at] = member;
    member.place = at;
  }
}
