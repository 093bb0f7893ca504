package io.lanyard.daemon.adversary;

/**
 * The time that network a's loop has spent on ports, as the daemon accounts it.
 *
 * @param honest nanoseconds of the honest guest's port
 * @param attackers how many ports attack
 * @param hostile nanoseconds of them all
 * @param waited nanoseconds that the loop has spent on others while the honest port had work
 * @param ran nanoseconds that the loop had a processor, as the kernel counts them
 */
record LoopTime(long honest, int attackers, long hostile, long waited, long ran) {
  LoopTime since(LoopTime before) {
    return new LoopTime(
        honest - before.honest,
        attackers,
        hostile - before.hostile,
        waited - before.waited,
        ran - before.ran);
  }

  /** The time in which the honest port had work: it was served, or it waited. */
  long busy() {
    return honest + waited;
  }

  /**
   * The part of the time of all in which the loop did not run: the host gave it no processor, or
   * the JVM collected its garbage. A port is charged for a bounded part of that alone, since it is
   * nobody's doing; so it is nobody's share.
   */
  private long suspended() {
    return Math.max(0, honest + hostile - ran);
  }

  /**
   * Whether the honest port has had at least four fifths of its fair share of the time in which it
   * had work: all of it where nobody else is a port, a half beside one attacker. What it did not
   * ask for it need not have.
   */
  boolean isFair() {
    return 5L * (1 + attackers) * honest >= 4 * (busy() - suspended());
  }
}
