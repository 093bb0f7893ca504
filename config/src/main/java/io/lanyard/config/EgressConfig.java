package io.lanyard.config;

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
 * @param dryRun whether what the rules and {@code otherwise} deny is let pass, and only told
 */
public record EgressConfig(Verdict otherwise, List<Rule> rules, boolean dryRun) {
  /** The egress of a network whose file says nothing. */
  public static final EgressConfig DEFAULT =
      new EgressConfig(Keys.OTHERWISE.otherwise(), List.of(), Keys.DRY_RUN.otherwise());

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
      private static final Kind<Target> TARGET =
          Kind.such(
              "destination",
              "a destination",
              "^(\\*|"
                  + Kind.IPV4_PATTERN
                  + "(/[0-9]{1,2})?|\\[[0-9a-fA-F:.]+(/[0-9]{1,3})?\\]|(\\*\\.)?[^\\s*:/,\\[\\]]+)(:"
                  + Service.PATTERN
                  + "(, *"
                  + Service.PATTERN
                  + ")*)?$|^[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(/[0-9]{1,3})?$",
              EgressReader::target,
              "10.0.0.0/8",
              "\"*.debian.org:443\"",
              "\"192.168.1.5:tcp/443\"",
              "\"*:53\"");

      static final Key<Target> ALLOW =
          Key.optional(
              "allow",
              TARGET,
              "none",
              "Flows that may be: an address, a subnet, a name, *. before a name for all names below"
                  + " it, or *, and if wanted a colon with protocols and ports behind it. An IPv6"
                  + " address stands in brackets then.");

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
   * @param where the destinations
   * @param services protocols and ports; empty for all
   */
  public record Target(Destination where, List<Service> services) {
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
      return services.isEmpty()
          ? where.toString()
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

    static final Key<Boolean> DRY_RUN =
        Key.defaulted(
            "dry-run",
            new Form.Flag(),
            false,
            "Whether what rules and default deny is let pass, and only counted and logged. What is"
                + " protected stays denied.");

    static final Section SECTION =
        Section.of(
            "egress",
            "Where guests may go. The first rule that matches decides; then the host's own"
                + " addresses, other networks, link-local and metadata addresses are denied; then"
                + " the default decides.",
            OTHERWISE,
            RULES,
            DRY_RUN);

    private Keys() {}
  }
}
