package io.lanyard.nat.egress;

import io.lanyard.net.Subnet;
import java.util.List;

/**
 * A rule about flows that lead out.
 *
 * @param allow whether they may be
 * @param destinations where they lead
 * @param services what they are; empty for anything
 * @param text the rule as its author wrote it, for logs and listings
 */
public record EgressRule(
    boolean allow, Subnet destinations, List<EgressService> services, String text) {
  /** Takes a copy of the list. */
  public EgressRule {
    services = List.copyOf(services);
  }
}
