package io.lanyard.daemon.adversary;

/**
 * The time that a network's loop has spent on ports, as the daemon accounts it.
 *
 * @param honest nanoseconds of the honest guest's port
 * @param attackers how many ports attack
 * @param hostile nanoseconds of them all
 * @param hostileWaited nanoseconds that it has spent on others while they had work
 * @param waited nanoseconds that the loop has spent on others while the honest port had work
 * @param charged nanoseconds that all ports of the network are charged for
 * @param ran nanoseconds that the loop had a processor, as the kernel counts them
 */
record LoopTime(
    long honest,
    int attackers,
    long hostile,
    long hostileWaited,
    long waited,
    long charged,
    long ran) {
  LoopTime since(LoopTime before) {
    return new LoopTime(
        honest - before.honest,
        attackers,
        hostile - before.hostile,
        hostileWaited - before.hostileWaited,
        waited - before.waited,
        charged - before.charged,
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
   * The time in which the honest port had work, less the same part of it in which the loop did not
   * run as of all that was charged: to be compared with another time, when the host was less busy.
   */
  double passed() {
    return busy() * Math.min(1, (double) ran / Math.max(1, honest + hostile));
  }

  /**
   * The same by what was charged alone. Where the loop is suspended often, that hits each port as
   * often as it works; one window may yet have more of it at one port.
   */
  boolean isFairAsCharged() {
    return 5L * (1 + attackers) * honest >= 4 * busy();
  }

  /**
   * Whether a round went at four fifths of the honest guest's fair share of its rate at least:
   * beside one attacker the loop may take twice as long as it takes alone, and a quarter more.
   *
   * @param alone {@link #passed} for the same round while nobody attacks
   */
  boolean isFairRate(double alone) {
    return 4 * passed() <= 5 * (1 + attackers) * alone;
  }

  /**
   * Whether the attackers had work during at least half of the time in which the honest port had
   * some: else there was little to divide.
   */
  boolean isContended() {
    return 2 * (hostile + hostileWaited) >= busy();
  }

  /**
   * Whether ports were charged for two fifths of the time at least in which the loop ran. What is
   * left is looking for events, and answering the test: a third of a round at most. Work that
   * nobody is charged for is divided by nobody.
   */
  boolean isCharged() {
    return 5 * charged >= 2 * ran;
  }

  /**
   * Whether the loop has run for a round a quarter longer at most than it does while nobody
   * attacks: for the same work, unless it did that of others. That would be charged to no port of
   * this network, so what counts is the processor time. It grows without such work, too: the
   * processor runs slower beside a busy sibling and with cold caches, and a longer round has more
   * of the watchdog's looks and of the test's questions in it.
   *
   * @param alone {@link #ran} for the same round while nobody attacks
   */
  boolean isOwnRate(double alone) {
    return 4 * ran <= 5 * alone;
  }

  /**
   * Whether the port has had nine tenths of the time in which it had work, as that of a network
   * without an attacker has.
   */
  boolean isNearlyAlone() {
    return 10 * honest >= 9 * (busy() - suspended());
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
