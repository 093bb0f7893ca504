package io.lanyard.config;

import io.lanyard.config.EgressConfig.Keys;
import io.lanyard.config.EgressConfig.Rule;
import io.lanyard.config.EgressConfig.Target;
import io.lanyard.config.EgressConfig.Verdict;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads where guests may go. */
final class EgressReader {
  private static final int WHOLE_WORLD = 0;
  private static final Pattern LOOKS_LIKE_IPV4 = Pattern.compile("[0-9./]+");

  private EgressReader() {}

  static EgressConfig read(Fields egress) {
    List<Rule> rules = new ArrayList<>();
    for (Fields fields : egress.value(Keys.RULES)) {
      Rule rule = rule(fields);
      if (rule != null) {
        rules.add(rule);
      }
    }
    return new EgressConfig(egress.value(Keys.OTHERWISE), rules);
  }

  private static @Nullable Rule rule(Fields fields) {
    Target allow = fields.find(Rule.Keys.ALLOW);
    Target deny = fields.find(Rule.Keys.DENY);
    if (allow != null) {
      for (Subnet destinations : allow.destinations()) {
        String why = neverAllowed(destinations);
        if (!why.isEmpty()) {
          fields.problem(Rule.Keys.ALLOW, why);
        }
      }
      return new Rule(Verdict.ALLOW, allow);
    }
    return deny == null ? null : new Rule(Verdict.DENY, deny);
  }

  private static String neverAllowed(Subnet destinations) {
    if (destinations.prefix() == WHOLE_WORLD) {
      return "";
    }
    boolean loopback;
    boolean nowhere;
    if (destinations.network().isIpv4()) {
      int first = destinations.network().ipv4() >>> 24;
      loopback = destinations.prefix() >= 8 && (first == 0 || first == 127);
      nowhere = destinations.prefix() >= 3 && first >= 224;
    } else {
      int first = (int) (destinations.network().high() >>> 48);
      loopback = destinations.prefix() >= 8 && first >>> 8 == 0;
      nowhere = destinations.prefix() >= 8 && (first >>> 8 == 0xff || first >>> 6 == 0xfe80 >>> 6);
    }
    if (loopback) {
      return "guests reach the host's loopback by nat: {host-loopback: ...} and in no other way";
    }
    return nowhere ? "nothing is forwarded to " + destinations : "";
  }

  /**
   * Parses a destination with its services. An IPv6 address stands in brackets where a service
   * follows.
   */
  static Target target(String text) {
    boolean brackets = text.startsWith("[");
    int close = text.indexOf(']');
    if (brackets && close < 0) {
      throw new IllegalArgumentException("the closing bracket is missing");
    }
    boolean bare = !brackets && text.indexOf(':') != text.lastIndexOf(':');
    int colon = bare ? -1 : text.indexOf(':', brackets ? close : 0);
    int end = colon < 0 ? text.length() : colon;
    if (brackets && end != close + 1) {
      throw new IllegalArgumentException(
          "expected a colon behind the bracket, and the prefix length before it");
    }
    String where = brackets ? text.substring(1, close) : text.substring(0, end);
    List<Service> services = new ArrayList<>();
    if (colon >= 0) {
      for (String service : text.substring(colon + 1).split(",", -1)) {
        services.add(Service.parse(service.strip()));
      }
    }
    return new Target(destinations(where, bare || brackets), services);
  }

  private static List<Subnet> destinations(String text, boolean ipv6) {
    if (text.equals("*")) {
      return Target.EVERYWHERE;
    }
    if (!ipv6 && !LOOKS_LIKE_IPV4.matcher(text).matches()) {
      throw new IllegalArgumentException(
          text.isEmpty()
              ? "the destination is missing"
              : "names are not supported by this version; give an address or a subnet");
    }
    String length = ipv6 ? "/128" : "/32";
    Subnet subnet = Subnet.parse(text.indexOf('/') < 0 ? text + length : text);
    if (ipv6 && subnet.network().isIpv4()) {
      throw new IllegalArgumentException("write an IPv4 address as such");
    }
    return List.of(subnet);
  }
}
