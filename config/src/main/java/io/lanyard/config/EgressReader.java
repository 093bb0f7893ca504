package io.lanyard.config;

import io.lanyard.config.EgressConfig.Direction;
import io.lanyard.config.EgressConfig.Keys;
import io.lanyard.config.EgressConfig.Rule;
import io.lanyard.config.EgressConfig.Sni;
import io.lanyard.config.EgressConfig.Target;
import io.lanyard.config.EgressConfig.Verdict;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads where guests may go. */
final class EgressReader {
  private static final List<Subnet> LOOPBACK =
      List.of(Subnet.parse("0.0.0.0/8"), Subnet.parse("127.0.0.0/8"), Subnet.parse("::/127"));

  /** Multicast and what is beyond it, and addresses of a link alone. */
  private static final List<Subnet> NOWHERE =
      List.of(Subnet.parse("224.0.0.0/3"), Subnet.parse("ff00::/8"), Subnet.parse("fe80::/10"));

  private static final Pattern SET_NAME = Pattern.compile(AddressSets.NAME_PATTERN);

  private static final Pattern LOOKS_LIKE_IPV4 = Pattern.compile("[0-9./]+");

  private final AddressSets sets;

  /**
   * Makes a reader.
   *
   * @param sets the address sets that rules may name
   */
  EgressReader(AddressSets sets) {
    this.sets = sets;
  }

  /**
   * Reads a network's.
   *
   * @param hasNames whether the network has a name server, which tells guests where names lead
   */
  EgressConfig network(Fields egress, boolean hasNames) {
    return new EgressConfig(
        egress.value(Keys.OTHERWISE),
        rules(egress, hasNames),
        egress.value(Keys.DRY_RUN),
        nat64(egress.find(Keys.NAT64_PREFIXES)));
  }

  private static EgressConfig.Nat64 nat64(@Nullable List<Subnet> prefixes) {
    return prefixes == null ? new EgressConfig.Discovered() : new EgressConfig.Prefixes(prefixes);
  }

  /**
   * Reads a port's or a guest's.
   *
   * @param at what may have the key
   * @param hasNames whether the network has a name server
   */
  EgressConfig port(Fields at, boolean hasNames) {
    Fields egress = at.find(PortPolicy.Keys.EGRESS);
    return egress == null
        ? EgressConfig.INHERITED
        : new EgressConfig(
            egress.find(Keys.OTHERWISE_OF_PORT),
            rules(egress, hasNames),
            egress.value(Keys.DRY_RUN),
            EgressConfig.INHERITED.nat64());
  }

  private List<Rule> rules(Fields egress, boolean hasNames) {
    List<Rule> rules = new ArrayList<>();
    for (Fields fields : egress.value(Keys.RULES)) {
      Rule rule = rule(fields);
      if (rule != null) {
        if (rule.target().where() instanceof Destination.Names && !hasNames) {
          fields.problem(
              rule.verdict() == Verdict.ALLOW ? Rule.Keys.ALLOW : Rule.Keys.DENY,
              "names mean what the network's name server has told, and dns: {enabled: false} says"
                  + " that there is none");
        }
        rules.add(rule);
      }
    }
    return rules;
  }

  private @Nullable Rule rule(Fields fields) {
    Target allow = target(fields, Rule.Keys.ALLOW);
    Target deny = target(fields, Rule.Keys.DENY);
    Target target = allow == null ? deny : allow;
    if (target == null) {
      return null;
    }
    Key<Target> key = allow == null ? Rule.Keys.DENY : Rule.Keys.ALLOW;
    Verdict verdict = allow == null ? Verdict.DENY : Verdict.ALLOW;
    Direction direction = fields.value(Rule.Keys.DIRECTION);
    String why =
        direction == Direction.IN
            ? neverComesIn(target)
            : allow == null ? "" : neverAllowed(target.where());
    if (!why.isEmpty()) {
      fields.problem(key, why);
    }
    Sni sni = sni(fields, verdict, target);
    return new Rule(verdict, target, direction, sni, logs(fields, verdict));
  }

  /** The reason why a rule cannot be about flows that others begin; empty if it can. */
  private static String neverComesIn(Target target) {
    if (target.where() instanceof Destination.Names) {
      return "who comes in has an address and no name; write its address or subnet";
    }
    return target.services().stream()
            .anyMatch(service -> service.protocol() == Service.Protocol.ICMP)
        ? "nothing comes in by ICMP; name ports, or leave them out"
        : "";
  }

  private static boolean logs(Fields fields, Verdict verdict) {
    return fields.value(Rule.Keys.LOG, Rule.Keys.usuallyLogs(verdict));
  }

  private static Sni sni(Fields fields, Verdict verdict, Target target) {
    Sni sni = fields.value(Rule.Keys.SNI);
    if (sni == Sni.IGNORED) {
      return sni;
    }
    if ((sni == Sni.REQUIRED) != (verdict == Verdict.ALLOW)) {
      fields.problem(Rule.Keys.SNI, "required stands with allow, and denied with deny");
      return sni;
    }
    boolean overTcp =
        !target.services().isEmpty()
            && target.services().stream()
                .allMatch(service -> service.protocol() == Service.Protocol.TCP);
    if (!(target.where() instanceof Destination.Names) || !overTcp) {
      fields.problem(
          Rule.Keys.SNI,
          "only a rule about a name and TCP's ports can look at it; write \"example.org:tcp/443\"");
    }
    return sni;
  }

  private @Nullable Target target(Fields fields, Key<Target> key) {
    Target said = fields.find(key);
    return said == null ? null : sets.resolve(said, message -> fields.problem(key, message));
  }

  /** Why no guest goes to any such destination; empty if guests may. */
  private static String neverAllowed(Destination where) {
    List<Subnet> subnets =
        switch (where) {
          case Destination.Addresses(Subnet subnet) -> List.of(subnet);
          case Destination.InSet(String _, List<Subnet> set) -> set;
          case Destination.Anywhere _, Destination.Names _ -> List.of();
        };
    for (Subnet subnet : subnets) {
      String why = neverAllowed(subnet);
      if (!why.isEmpty()) {
        return why;
      }
    }
    return "";
  }

  private static String neverAllowed(Subnet destinations) {
    for (Subnet loopback : LOOPBACK) {
      if (isWithin(destinations, loopback)) {
        return "guests reach the host's loopback by nat: {host-loopback: ...} and in no other way";
      }
    }
    for (Subnet nowhere : NOWHERE) {
      if (isWithin(destinations, nowhere)) {
        return "nothing is forwarded to " + destinations;
      }
    }
    return "";
  }

  private static boolean isWithin(Subnet inner, Subnet outer) {
    return inner.network().isIpv4() == outer.network().isIpv4()
        && inner.prefix() >= outer.prefix()
        && outer.contains(inner.network());
  }

  /** Parses a destination with its services. */
  static Target target(String text) {
    if (text.startsWith("[")) {
      int end = text.indexOf(']');
      if (end < 0) {
        throw new IllegalArgumentException("there is no ] behind the address");
      }
      String rest = text.substring(end + 1);
      if (!rest.isEmpty() && !rest.startsWith(":")) {
        throw new IllegalArgumentException(
            "only a colon and services stand behind ]; write [2001:db8::/32]:443");
      }
      return new Target(
          new Destination.Addresses(subnet(text.substring(1, end), false)),
          rest.isEmpty() ? List.of() : services(rest.substring(1)));
    }
    int colon = text.indexOf(':');
    if (colon >= 0 && text.indexOf(':', colon + 1) >= 0) {
      int slash = text.indexOf('/');
      int behind = slash < 0 ? -1 : text.indexOf(':', slash);
      if (behind >= 0) {
        throw new IllegalArgumentException(
            "an IPv6 subnet with services stands in brackets: ["
                + text.substring(0, behind)
                + "]"
                + text.substring(behind));
      }
      return new Target(new Destination.Addresses(subnet(text, false)), List.of());
    }
    String where = colon < 0 ? text : text.substring(0, colon);
    List<Service> services = colon < 0 ? List.of() : services(text.substring(colon + 1));
    return new Target(destination(where), services);
  }

  private static List<Service> services(String text) {
    List<Service> services = new ArrayList<>();
    for (String service : text.split(",", -1)) {
      services.add(Service.parse(service.strip()));
    }
    return services;
  }

  private static Destination destination(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("the destination is missing");
    }
    if (text.equals("*")) {
      return new Destination.Anywhere();
    }
    if (text.startsWith("@")) {
      if (!SET_NAME.matcher(text.substring(1)).matches()) {
        throw new IllegalArgumentException("behind @ stands the name of an address set");
      }
      return new Destination.InSet(text.substring(1), List.of()); // whose subnets come later
    }
    return LOOKS_LIKE_IPV4.matcher(text).matches()
        ? new Destination.Addresses(subnet(text, true))
        : new Destination.Names(NamePattern.parse(text));
  }

  private static Subnet subnet(String text, boolean isIpv4) {
    if (text.indexOf('/') >= 0) {
      return Subnet.parse(text);
    }
    Address address = isIpv4 ? Address.parseIpv4(text) : Address.parse(text);
    if (address.isIpv4() != isIpv4) {
      throw new IllegalArgumentException("write an IPv4 address as such");
    }
    return Subnet.of(address, address.bits());
  }
}
