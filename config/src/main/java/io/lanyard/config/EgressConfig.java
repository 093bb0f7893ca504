package io.lanyard.config;

import io.lanyard.net.Subnet;
import java.util.List;
import java.util.Map;

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
  public static final EgressConfig DEFAULT =
      new EgressConfig(Keys.OTHERWISE.otherwise(), List.of());

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
  public record Rule(Verdict verdict, Target target) {
    /** The keys of a rule. */
    static final class Keys {
      private static final String IPV6_PATTERN = "[0-9a-fA-F:.]{2,45}(/[0-9]{1,3})?";

      private static final Kind<Target> TARGET =
          Kind.such(
              "destination",
              "a destination",
              "^((\\*|"
                  + Kind.IPV4_PATTERN
                  + "(/[0-9]{1,2})?|\\["
                  + IPV6_PATTERN
                  + "\\])(:"
                  + Service.PATTERN
                  + "(, *"
                  + Service.PATTERN
                  + ")*)?|"
                  + IPV6_PATTERN
                  + ")$",
              EgressReader::target,
              "10.0.0.0/8",
              "\"192.168.1.5:tcp/443\"",
              "\"*:53\"",
              "\"[2001:db8::/32]:443\"");

      static final Key<Target> ALLOW =
          Key.optional(
              "allow",
              TARGET,
              "none",
              "Flows that may be: an address, a subnet or *, and if wanted a colon with protocols"
                  + " and ports behind it.");

      static final Key<Target> DENY =
          Key.optional(
              "deny",
              TARGET,
              "none",
              "Flows that may not be; the guest is told so (ICMP, administratively prohibited).");

      static final Section SECTION =
          new Section(
              "egress-rule",
              "A rule about new flows.",
              List.of(ALLOW, DENY),
              List.of(new KeyRule.ExactlyOne(ALLOW, DENY)),
              Map.of());

      private Keys() {}
    }
  }

  /**
   * Destinations, and services there.
   *
   * @param destinations subnets of addresses, at least one
   * @param services protocols and ports; empty for all
   */
  public record Target(List<Subnet> destinations, List<Service> services) {
    /** All addresses of both families. */
    public static final List<Subnet> EVERYWHERE =
        List.of(Subnet.parse("0.0.0.0/0"), Subnet.parse("::/0"));

    /** Takes copies of the lists. */
    public Target {
      destinations = List.copyOf(destinations);
      services = List.copyOf(services);
    }

    /**
     * The target as the file writes it.
     *
     * @return text such as {@code 192.168.1.5/32:tcp/443}
     */
    @Override
    public String toString() {
      Subnet first = destinations.getFirst();
      boolean brackets = !first.network().isIpv4() && !services.isEmpty();
      String where =
          destinations.equals(EVERYWHERE) ? "*" : brackets ? "[" + first + "]" : first.toString();
      return services.isEmpty()
          ? where
          : where + ":" + String.join(",", services.stream().map(Service::toString).toList());
    }
  }

  /** The keys of {@code egress}. */
  static final class Keys {
    /** More rules than anybody writes by hand. */
    private static final int MOST_RULES = 4096;

    static final Key<Verdict> OTHERWISE =
        Key.defaulted(
            "default",
            Choice.of(Verdict.class),
            Verdict.ALLOW,
            "The verdict where no rule matches.");

    static final Key<List<Fields>> RULES =
        Key.defaulted(
            "rules",
            new Form.ListOf<>(Rule.Keys.SECTION, MOST_RULES, "rules"),
            List.of(),
            "The rules, in order.");

    static final Section SECTION =
        Section.of(
            "egress",
            "Where guests may go. The first rule that matches decides; then the host's own"
                + " addresses, other networks, link-local and metadata addresses are denied; then"
                + " the default decides.",
            OTHERWISE,
            RULES);

    private Keys() {}
  }
}
