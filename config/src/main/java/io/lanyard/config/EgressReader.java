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
  private static final Subnet EVERYWHERE = Subnet.parse("0.0.0.0/0");
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
      String why = neverAllowed(allow.destinations());
      if (!why.isEmpty()) {
        fields.problem(Rule.Keys.ALLOW, why);
      }
      return new Rule(Verdict.ALLOW, allow);
    }
    return deny == null ? null : new Rule(Verdict.DENY, deny);
  }

  private static String neverAllowed(Subnet destinations) {
    if (destinations.prefix() == WHOLE_WORLD) {
      return "";
    }
    int first = destinations.network().ipv4() >>> 24;
    if (destinations.prefix() >= 8 && (first == 0 || first == 127)) {
      return "guests reach the host's loopback by nat: {host-loopback: ...} and in no other way";
    }
    return destinations.prefix() >= 3 && first >= 224
        ? "nothing is forwarded to " + destinations
        : "";
  }

  /** Parses a destination with its services. */
  static Target target(String text) {
    int colon = text.indexOf(':');
    String where = colon < 0 ? text : text.substring(0, colon);
    List<Service> services = new ArrayList<>();
    if (text.startsWith("[") || (colon >= 0 && text.indexOf(':', colon + 1) >= 0)) {
      throw new IllegalArgumentException("IPv6 is not supported by this version");
    }
    if (colon >= 0) {
      for (String service : text.substring(colon + 1).split(",", -1)) {
        services.add(Service.parse(service.strip()));
      }
    }
    return new Target(destinations(where), services);
  }

  private static Subnet destinations(String text) {
    if (text.equals("*")) {
      return EVERYWHERE;
    }
    if (!LOOKS_LIKE_IPV4.matcher(text).matches()) {
      throw new IllegalArgumentException(
          text.isEmpty()
              ? "the destination is missing"
              : "names are not supported by this version; give an address or a subnet");
    }
    return Subnet.parse(text.indexOf('/') < 0 ? text + "/32" : text);
  }
}
