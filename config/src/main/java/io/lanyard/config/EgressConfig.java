package io.lanyard.config;

import io.lanyard.net.Subnet;
import java.util.List;

/**
 * Where guests of a NAT network may go.
 *
 * <p>The first rule that matches decides. Where none does, the host's own addresses, other
 * networks, link-local and metadata addresses are denied, and {@code otherwise} decides for the
 * rest.
 *
 * @param otherwise what happens where no rule matches
 * @param rules the rules, in order
 */
public record EgressConfig(Verdict otherwise, List<Rule> rules) {
  /** The egress of a network whose file says nothing. */
  public static final EgressConfig DEFAULT = new EgressConfig(Verdict.ALLOW, List.of());

  /** Takes a copy of the list. */
  public EgressConfig {
    rules = List.copyOf(rules);
  }

  /** A rule's verdict on a flow. */
  public enum Verdict {
    /** The flow may be. */
    ALLOW,
    /** The guest is told that it may not. */
    DENY
  }

  /**
   * A rule.
   *
   * @param verdict what happens to a flow that matches
   * @param target what it matches
   */
  public record Rule(Verdict verdict, Target target) {}

  /**
   * Destinations, and services there.
   *
   * @param destinations addresses; the subnet of length 0 for the whole world
   * @param services protocols and ports; empty for all
   */
  public record Target(Subnet destinations, List<Service> services) {
    /** Takes a copy of the list. */
    public Target {
      services = List.copyOf(services);
    }

    /**
     * The target as the file writes it.
     *
     * @return text such as {@code 192.168.1.5/32:tcp/443}
     */
    @Override
    public String toString() {
      String where = destinations.prefix() == 0 ? "*" : destinations.toString();
      return services.isEmpty()
          ? where
          : where + ":" + String.join(",", services.stream().map(Service::toString).toList());
    }
  }
}
