package io.lanyard.base;

import org.jspecify.annotations.Nullable;

/**
 * Members in the order in which they were appended. Each knows those beside it, so that one leaves
 * from anywhere at the same cost and none takes an object of the list's.
 *
 * <p>Thread: the owner's.
 *
 * @param <T> the members; each is in one list at most
 */
public final class ArrivalList<T extends ArrivalList.Member<T>> {
  /**
   * A member of a list, which knows those beside it.
   *
   * @param <T> the member itself
   */
  public abstract static class Member<T> {
    private @Nullable T older;
    private @Nullable T newer;

    /** Makes a member of no list. */
    protected Member() {}
  }

  private @Nullable T oldest;
  private @Nullable T newest;
  private int size;

  /** Makes an empty list. */
  public ArrivalList() {}

  /**
   * The member that was appended longest ago.
   *
   * @return the member; null where there is none
   */
  public @Nullable T oldest() {
    return oldest;
  }

  /**
   * The member that was appended next after another.
   *
   * @param member in this list
   * @return the next newer one; null for the newest
   */
  public @Nullable T after(T member) {
    return links(member).newer;
  }

  /**
   * The number of members.
   *
   * @return members
   */
  public int size() {
    return size;
  }

  /**
   * Takes a member in, as the newest.
   *
   * @param member in no list
   */
  public void append(T member) {
    T last = newest;
    links(member).older = last;
    if (last == null) {
      oldest = member;
    } else {
      links(last).newer = member;
    }
    newest = member;
    size++;
  }

  /**
   * Takes a member out.
   *
   * @param member in this list
   */
  public void remove(T member) {
    Member<T> links = member;
    T before = links.older;
    T after = links.newer;
    if (before == null) {
      oldest = after;
    } else {
      links(before).newer = after;
    }
    if (after == null) {
      newest = before;
    } else {
      links(after).older = before;
    }
    links.older = null;
    links.newer = null;
    size--;
  }

  /**
   * Makes a member the newest.
   *
   * @param member in this list
   */
  public void renew(T member) {
    remove(member);
    append(member);
  }

  private static <T> Member<T> links(Member<T> member) {
    return member;
  }
}
