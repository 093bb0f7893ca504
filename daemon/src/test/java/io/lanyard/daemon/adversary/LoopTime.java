package io.lanyard.daemon.adversary;

/**
 * The time that network a's loop has spent on two of its ports, as the daemon accounts it.
 *
 * @param honest nanoseconds of the honest guest's port
 * @param hostile nanoseconds of the attacker's, 0 where it has none
 */
record LoopTime(long honest, long hostile) {
  LoopTime since(LoopTime before) {
    return new LoopTime(honest - before.honest, hostile - before.hostile);
  }

  long sum() {
    return honest + hostile;
  }

  /** Whether the honest port has at least four fifths of its fair share, which is a half. */
  boolean isFair() {
    return 10 * honest >= 4 * sum();
  }
}
