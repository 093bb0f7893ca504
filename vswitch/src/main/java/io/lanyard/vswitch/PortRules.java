package io.lanyard.vswitch;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rules of a port on its switch.
 *
 * @param ingress judge the frames that come in by the port, in order
 * @param egress judge the frames that are to leave by it, in order
 * @param reach whom it can reach
 * @param macLimit source addresses that it may have besides those pinned to it
 * @param holdsMacs whether an address that was learned from it stays with it while it has a carrier
 * @param storm how much it may send to all ports, or null for any amount
 */
public record PortRules(
    List<Policy> ingress,
    List<Policy> egress,
    Reach reach,
    int macLimit,
    boolean holdsMacs,
    @Nullable StormLimits storm) {
  /** Whom a port can reach: the roles of a private VLAN. */
  public enum Reach {
    /** All but isolated ports. */
    ORDINARY(1, 1 | 4),
    /** The gateway alone: its services and the way out, but not the host adapter. */
    ISOLATED(2, 4),
    /** All ports: the gateway's own. */
    GATEWAY(4, 1 | 2 | 4),
    /** Nobody, and nobody reaches it: its link is switched off. */
    NOBODY(0, 0);

    final int is;
    final int reaches;

    Reach(int is, int reaches) {
      this.is = is;
      this.reaches = reaches;
    }

    /**
     * Whether the switch passes frames to another port.
     *
     * @param other the other port's reach
     * @return false if it keeps the ports apart
     */
    public boolean reaches(Reach other) {
      return (reaches & other.is) != 0;
    }
  }

  /** A port of which nothing is said: nothing holds it down. */
  public static final PortRules PLAIN = plain(Reach.ORDINARY);

  /** A port of the network itself: it reaches everybody, and nothing holds it down. */
  public static final PortRules GATEWAY = plain(Reach.GATEWAY);

  /** Keeps the lists as they are now. */
  public PortRules {
    ingress = List.copyOf(ingress);
    egress = List.copyOf(egress);
    if (macLimit < 0) {
      throw new IllegalArgumentException("a limit of addresses is 0 or more, not " + macLimit);
    }
  }

  /**
   * The same for a port whose link is switched off.
   *
   * @return a copy
   */
  public PortRules unlinked() {
    return new PortRules(ingress, egress, Reach.NOBODY, macLimit, holdsMacs, storm);
  }

  /**
   * These rules with one more, which is asked before the others.
   *
   * @param first judges the frames that are to leave by the port
   * @return a copy
   */
  public PortRules withEgress(Policy first) {
    List<Policy> all = new ArrayList<>(List.of(first));
    all.addAll(egress);
    return new PortRules(ingress, all, reach, macLimit, holdsMacs, storm);
  }

  /** Ends the policies of a port that could not be attached; the switch ends those of others. */
  public void end() {
    ingress.forEach(Policy::end);
    egress.forEach(Policy::end);
  }

  private static PortRules plain(Reach reach) {
    return new PortRules(List.of(), List.of(), reach, Integer.MAX_VALUE, false, null);
  }
}
