package io.lanyard.daemon.adversary;

/**
 * The time that network a's loop has spent on two of its ports, as the daemon accounts it.
 *
 * @param honest nanoseconds of the honest guest's port
 * @param hostile nanoseconds of the attacker's, 0 where it has none
 * @param waited nanoseconds that the loop has spent on others while the honest port had work
 * @param ran nanoseconds that the loop had a processor, as the kernel counts them
 */
record LoopTime(long honest, long hostile, long waited, long ran) {
  LoopTime since(LoopTime before) {
    return new LoopTime(
        honest - before.honest, hostile - before.hostile, waited - before.waited, ran - before.ran);
  }

  /** The time in which the honest port had work: it was served, or it waited. */
  long busy() {
    return honest + waited;
  }

  /**
   * The part of the time of both in which the loop did not run: the host gave it no processor, or
   * the JVM collected its garbage. A port is charged for a bounded part of that alone, since it is
   * nobody's doing; so it is nobody's share.
   */
  private long suspended() {
    return Math.max(0, honest + hostile - ran);
  }

  /**
   * Whether the honest port has had at least four fifths of its fair share, which is a half of the
   * time in which it had work. What it did not ask for it need not have.
   */
  boolean isFair() {
    return 10 * honest >= 4 * (busy() - suspended());
  }
}
