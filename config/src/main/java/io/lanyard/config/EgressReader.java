package io.lanyard.config;

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
  /** More rules than anybody writes by hand. */
  private static final int MOST_RULES = 4096;

  private static final int WHOLE_WORLD = 0;
  private static final Subnet EVERYWHERE = Subnet.parse("0.0.0.0/0");
  private static final Pattern LOOKS_LIKE_IPV4 = Pattern.compile("[0-9./]+");

  private static final Kind<Verdict> VERDICT = Kind.oneOf(Verdict.class);
  private static final Kind<Target> TARGET =
      new Kind<>(
          "a destination such as 10.0.0.0/8, \"192.168.1.5:tcp/443\" or \"*:53\"",
          EgressReader::target);

  private static final Kind<Service> SERVICE =
      new Kind<>("ports such as 8080, 8000-8100 or tcp/443", Service::parse);

  private EgressReader() {}

  static EgressConfig read(Fields network) {
    Fields egress = network.mapping("egress", Section.EGRESS);
    if (egress == null) {
      return EgressConfig.DEFAULT;
    }
    List<Rule> rules = new ArrayList<>();
    egress.items(
        "rules",
        (path, node) -> {
          Rule rule = rule(egress.problems(), path, node);
          if (rule != null) {
            rules.add(rule);
          }
        });
    if (rules.size() > MOST_RULES) {
      egress.problem("rules", "expected at most " + MOST_RULES + " rules, found " + rules.size());
    }
    return new EgressConfig(egress.value("default", VERDICT, Verdict.ALLOW), rules);
  }

  private static @Nullable Rule rule(Problems problems, String path, YamlNode node) {
    Fields fields = Fields.open(problems, Section.EGRESS_RULE, path, node.place(), node);
    if (fields == null) {
      return null;
    }
    Target allow = fields.value("allow", TARGET);
    Target deny = fields.value("deny", TARGET);
    if (fields.has("allow") == fields.has("deny")) {
      problems.add(node.place(), path, "expected one of the keys \"allow\" and \"deny\"");
      return null;
    }
    if (allow != null) {
      String why = neverAllowed(allow.destinations());
      if (!why.isEmpty()) {
        fields.problem("allow", why);
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

  private static Target target(String text) {
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

  /** Reads {@code host-loopback}: true, false, or ports. */
  static HostLoopback hostLoopback(Fields nat) {
    if (!nat.isList("host-loopback")) {
      return new HostLoopback(
          nat.flag("host-loopback", false, "true, false or a list of ports"), List.of());
    }
    List<Service> services = new ArrayList<>();
    nat.items(
        "host-loopback",
        (path, node) -> {
          Service service = Fields.value(nat.problems(), path, asText(node), SERVICE);
          if (service != null) {
            services.add(service);
          }
        });
    return new HostLoopback(!services.isEmpty(), services);
  }

  /** A port needs no quotes here. */
  private static YamlNode asText(YamlNode node) {
    return node instanceof YamlNode.Scalar scalar && scalar.isInteger()
        ? new YamlNode.Scalar(scalar.text(), false, scalar.place())
        : node;
  }
}
