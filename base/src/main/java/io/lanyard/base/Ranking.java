package io.lanyard.base;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Holders of a table's places ordered by how many they hold, so that a full table finds the largest
 * at once: a binary heap, of which every member knows its place. A change moves a member by as many
 * steps as the logarithm of their number; no hostile guest can make the search for the largest a
 * walk over all ports.
 *
 * <p>The largest of <i>n</i> holders of a full table has at least its fair share, one part in
 * <i>n</i>. A table that takes a place from the largest takes none from a holder with less.
 *
 * <p>Thread: the owner's.
 *
 * @param <R> the members; each is in one ranking at most
 */
public final class Ranking<R extends Ranking.Member> {
  /** A holder: how much it holds, and where it stands. */
  public abstract static class Member {
    private int count;

    /** Its index in the ranking; -1 while it holds nothing. */
    private int place = -1;

    /** Makes a member that holds nothing. */
    protected Member() {}

    /**
     * The number that it holds.
     *
     * @return what {@link Ranking#count} has added up
     */
    public final int count() {
      return count;
    }
  }

  private @Nullable Member[] heap = new @Nullable Member[4];
  private int size;

  /** Makes an empty ranking. */
  public Ranking() {}

  /**
   * The member that holds most.
   *
   * @return one of them where several do; null where nobody holds anything
   */
  @SuppressWarnings("unchecked") // count is the only way in
  public @Nullable R largest() {
    return (R) heap[0];
  }

  /**
   * The number of members that hold something.
   *
   * @return members
   */
  public int size() {
    return size;
  }

  /**
   * The members that hold something, in no order.
   *
   * @return a snapshot
   */
  @SuppressWarnings("unchecked") // as above
  public List<R> members() {
    List<R> all = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      all.add((R) Objects.requireNonNull(heap[i]));
    }
    return all;
  }

  /**
   * Counts what a member has got or given up, and puts it where it belongs. A member that holds
   * nothing is no longer in the ranking.
   *
   * @param member a member of this ranking or of none
   * @param change what it has got; negative for what it has given up
   */
  public void count(R member, int change) {
    Member counted = member;
    counted.count += change;
    if (counted.count == 0) {
      remove(counted);
      return;
    }
    if (counted.place < 0) {
      if (size == heap.length) {
        heap = Arrays.copyOf(heap, 2 * size);
      }
      set(size++, counted);
    }
    up(counted);
    down(counted);
  }

  private void remove(Member member) {
    int hole = member.place;
    if (hole < 0) {
      return;
    }
    member.place = -1;
    Member last = heap[--size];
    heap[size] = null;
    if (last != null && hole != size) {
      set(hole, last);
      up(last);
      down(last);
    }
  }

  private void up(Member member) {
    while (member.place > 0) {
      int at = member.place;
      int parent = (at - 1) / 2;
      Member above = heap[parent];
      if (above == null || above.count >= member.count) {
        return;
      }
      set(at, above);
      set(parent, member);
    }
  }

  private void down(Member member) {
    while (true) {
      int at = member.place;
      int child = 2 * at + 1;
      Member below = child < size ? heap[child] : null;
      if (below == null) {
        return;
      }
      Member right = child + 1 < size ? heap[child + 1] : null;
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

  private void set(int at, Member member) {
    heap[at] = member;
    member.place = at;
  }
}
