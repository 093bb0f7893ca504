package io.lanyard.nat.flow;

/**
 * The bytes that an owner or an account of flows holds of a memory that all share, and the number
 * of those that hold them: flows of an account, accounts of an owner.
 *
 * <p>Thread: the network's loop only.
 */
public final class MemoryUse {
  private long bytes;
  private int users;

  MemoryUse() {}

  /**
   * Books bytes.
   *
   * @param change bytes that are held from now on; negative ones have been given back
   */
  public void change(long change) {
    bytes += change;
  }

  /**
   * Counts one more user.
   *
   * @return true if it is the first
   */
  public boolean join() {
    return users++ == 0;
  }

  /**
   * Counts one user less.
   *
   * @return true if it was the last
   */
  public boolean leave() {
    return --users == 0;
  }

  /**
   * Bytes that are held.
   *
   * @return bytes
   */
  public long bytes() {
    return bytes;
  }

  /**
   * The number of users.
   *
   * @return those that have joined and not left
   */
  public int users() {
    return users;
  }
}
