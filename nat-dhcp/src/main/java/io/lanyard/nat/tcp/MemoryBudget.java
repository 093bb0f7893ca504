package io.lanyard.nat.tcp;

/** The memory that all connections of an engine hold together: buffers, not payload. */
final class MemoryBudget {
  private final long limit;
  private long used;

  MemoryBudget(long limit) {
    this.limit = limit;
  }

  void take(long bytes) {
    used += bytes;
  }

  void giveBack(long bytes) {
    used -= bytes;
  }

  long used() {
    return used;
  }

  /** Above half of it, connections are held to small windows; see {@link #exhausted} for all. */
  boolean scarce() {
    return used > limit / 2;
  }

  boolean exhausted() {
    return used > limit;
  }
}
