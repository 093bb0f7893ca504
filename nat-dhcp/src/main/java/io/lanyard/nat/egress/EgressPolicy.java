package io.lanyard.nat.egress;

import io.lanyard.net.Subnet;
import java.util.List;

/**
 * Where guests of a network may go, as its configuration says.
 *
 * @param allow what happens where no rule matches and the destination is not protected
 * @param rules the rules, in order
 * @param others the subnets of the other networks of this daemon
 * @param loopback what of the host's loopback guests reach, where they reach it at all; empty for
 *     everything
 */
public record EgressPolicy(
    boolean allow, List<EgressRule> rules, List<Subnet> others, List<EgressService> loopback) {
  /** The policy of a network whose configuration says nothing, and that is alone. */
  public static final EgressPolicy DEFAULT =
      new EgressPolicy(true, List.of(), List.of(), List.of());

  /** Takes copies of the lists. */
  public EgressPolicy {
    rules = List.copyOf(rules);
    others = List.copyOf(others);
    loopback = List.copyOf(loopback);
  }
}
