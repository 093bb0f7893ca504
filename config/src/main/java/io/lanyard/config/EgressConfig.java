package io.lanyard.config;

import io.lanyard.base.EnumText;
import io.lanyard.net.Subnet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where guests of a NAT network may go, or those behind one of its ports or the ports of a group.
 *
 * <p>The first rule that matches decides: a port's or a guest's own before those of its port group,
 * and those before the network's. Where none does, the host's own addresses, other networks,
 * link-local and metadata addresses are denied, and {@code otherwise} decides for the rest.
 *
 * @param otherwise what happens where no rule matches; null, of a port or a port group alone, for
 *     what the rules behind these say
 * @param rules the rules, in order
 * @param dryRun whether what the rules and {@code otherwise} deny is let pass, and only told
 * @param nat64 of a network, where the prefixes are known from by which translators of the host's
 *     network stand for IPv4 addresses (RFC 6052), besides those that all have
 */
public record EgressConfig(
    @Nullable Verdict otherwise, List<Rule> rules, boolean dryRun, Nat64 nat64) {
  /** The egress of a network whose file says nothing. */
  public static final EgressConfig DEFAULT =
      new EgressConfig(
          Keys.OTHERWISE.otherwise(), List.of(), Keys.DRY_RUN.otherwise(), new Discovered());

  /** The egress of a port or a group of which nothing is said: what the rules behind it say. */
  public static final EgressConfig INHERITED =
      new EgressConfig(null, List.of(), Keys.DRY_RUN.otherwise(), new Discovered());

  /** Takes a copy of the list. */
  public EgressConfig {
    rules = List.copyOf(rules);
  }

  /** The source of the prefixes of translators. */
  public sealed interface Nat64 {
    /**
     * The prefixes that the configuration says.
     *
     * @return none where the name servers are asked
     */
    default List<Subnet> said() {
      return this instanceof Prefixes some ? some.prefixes() : List.of();
    }
  }

  /** The network's name servers, which are asked for {@code ipv4only.arpa} (RFC 7050). */
  public record Discovered() implements Nat64 {}

  /**
   * The configuration, and nobody is asked.
   *
   * @param prefixes the prefixes; empty for none
   */
  public record Prefixes(List<Subnet> prefixes) implements Nat64 {
    /** Takes a copy of the list. */
    public Prefixes {
      prefixes = List.copyOf(prefixes);
    }
  }

  /** Whether a rule is about a name. */
  boolean isAboutNames() {
    return rules.stream().anyMatch(rule -> rule.target().where() instanceof Destination.Names);
  }

  /** A rule's verdict on a flow. */
  public enum Verdict {
    /** The flow may be. */
    ALLOW,
    /** The guest is told that it may not. */
    DENY
  }

  /** The side that begins the flows that a rule is about. */
  public enum Direction {
    /** Guests do: the rule names destinations, and their services. */
    OUT,
    /** Others do, by a port of the host: the rule names them, and the guest's services. */
    IN
  }

  /** The rule's demand on the server's name in a TLS client's first message (RFC 6066). */
  public enum Sni {
    /** None; the name proves nothing. */
    IGNORED,
    /**
     * The flow begins with such a message, and its name is one that the guest was told the address
     * for and that the rules permit.
     */
    REQUIRED,
    /**
     * A flow to any address that begins with such a message is denied if the rules deny its name.
     */
    DENIED
  }

  /**
   * A rule.
   *
   * @param verdict what happens to a flow that matches
   * @param target what it matches
   * @param direction who begins the flows
   * @param sni what is asked of the server's name that a TLS client gives
   * @param log whether the flows that it decides about are logged
   */
  public record Rule(Verdict verdict, Target target, Direction direction, Sni sni, boolean log) {
    /**
     * The rule as messages have it.
     *
     * @return text such as {@code deny 10.0.0.0/8}, with {@code in} behind it for what comes in
     */
    public String text() {
      return EnumText.word(verdict) + " " + target + (direction == Direction.IN ? " in" : "");
    }

    /** The keys of a rule. */
    static final class Keys {
      private static final Kind<Target> TARGET =
          Kind.such(
              "destination",
              "a destination",
              "^(\\*|@"
                  + AddressSets.NAME_PATTERN
                  + "|"
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
              "\"*:53\"",
              "\"@doh:443\"");

      static final Key<Target> ALLOW =
          Key.optional(
              "allow",
              TARGET,
              "none",
              "Flows that may be: an address, a subnet, @ and the name of an address set, a name,"
                  + " *. before a name for all names below it, or *, and if wanted a colon with"
                  + " protocols and ports behind it. An IPv6 address stands in brackets then.");

      static final Key<Target> DENY =
          Key.optional(
              "deny",
              TARGET,
              "none",
              "Flows that may not be; the guest is told so (ICMP, administratively prohibited).");

      static final Key<Direction> DIRECTION =
          Key.defaulted(
              "direction",
              Choice.of(Direction.class),
              Direction.OUT,
              "out: flows that guests begin. in: flows that come in by forwards and by what NAT has"
                  + " opened; allow and deny name who comes, by address, and the guest's ports."
                  + " Where no such rule matches they may be, whatever default says.");

      static final Key<Sni> SNI =
          Key.defaulted(
              "sni",
              Choice.of(Sni.class),
              Sni.IGNORED,
              "required, with allow and a name over TCP: a flow has to begin as TLS does, with the"
                  + " name of a server that the guest was told this address for and that the rules"
                  + " permit; else it is reset before a byte leaves. denied, with deny and a name"
                  + " over TCP: a flow to any address and these ports that begins as TLS does, with"
                  + " a name that the rules deny, is reset before a byte leaves.");

      static final Key<Boolean> LOG =
          Key.optional(
              "log",
              new Form.Flag(),
              "true with deny, false with allow",
              "Whether each new flow that the rule decides about is logged, at a limited rate.");

      static final Section SECTION =
          new Section(
              "egress-rule",
              "A rule about new flows.",
              List.of(ALLOW, DENY, DIRECTION, SNI, LOG),
              List.of(new KeyRule.ExactlyOne(ALLOW, DENY)),
              Map.of());

      private Keys() {}

      /** The default of {@link #LOG}. */
      static boolean usuallyLogs(Verdict verdict) {
        return verdict == Verdict.DENY;
      }
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

    /** RFC 6052 section 2.2. */
    private static final Set<Integer> NAT64_LENGTHS = Set.of(32, 40, 48, 56, 64, 96);

    private static final Kind<Subnet> NAT64_PREFIX =
        Kind.such(
            "nat64-prefix",
            "an IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits",
            "^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*/(32|40|48|56|64|96)$",
            Keys::nat64,
            "\"2001:db8:64::/96\"");

    static final Key<List<Subnet>> NAT64_PREFIXES =
        Key.optional(
            "nat64-prefixes",
            new Form.ListOf<>(NAT64_PREFIX),
            "those that the network's name servers have for ipv4only.arpa (RFC 7050)",
            "Prefixes of a site's own by which translators of the host's network stand for IPv4"
                + " addresses (NAT64, RFC 6052): rules about IPv4 and what is protected hold for"
                + " those addresses too, as they do for 64:ff9b::/96. [] says that there are none."
                + " Where the key is given no name server is asked.");

    static final Section SECTION =
        Section.of(
            "egress",
            "Where guests may go. The first rule that matches decides; then the host's own"
                + " addresses, other networks, link-local and metadata addresses are denied; then"
                + " the default decides.",
            OTHERWISE,
            RULES,
            DRY_RUN,
            NAT64_PREFIXES);

    static final Key<Verdict> OTHERWISE_OF_PORT =
        Key.optional(
            "default",
            Choice.of(Verdict.class),
            "what the rules behind these and the network's default say",
            "The verdict where none of these rules matches; then those behind are not asked.");

    static final Section PORT_SECTION =
        Section.of(
            "port-egress",
            "Where the guests behind a port, or behind the ports of a group, may go in a network of"
                + " mode nat. The rules of a port or a guest come first, then those of its port"
                + " group, then the network's.",
            OTHERWISE_OF_PORT,
            RULES,
            DRY_RUN);

    private Keys() {}

    private static Subnet nat64(String text) {
      if (text.indexOf(':') < 0) {
        throw new IllegalArgumentException("an IPv6 address has colons");
      }
      Subnet prefix = Subnet.parse(text);
      if (prefix.network().isIpv4() || !NAT64_LENGTHS.contains(prefix.prefix())) {
        throw new IllegalArgumentException("translators have prefixes of these lengths alone");
      }
      return prefix;
    }
  }
}
