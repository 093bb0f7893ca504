package io.lanyard.nat.egress;

import io.lanyard.base.DumpNode;
import io.lanyard.config.EgressConfig;
import io.lanyard.config.HostLoopback;
import io.lanyard.config.PortPolicy;
import io.lanyard.net.Subnet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The policies of a network's ports: the rules of a port or a guest, then those of its port group,
 * then the network's. The policy of a port is made when it is first asked for. The ports of a group
 * share the group's rules and their counts.
 *
 * <p>Thread: the network's loop only.
 */
public final class EgressPolicies {
  /** The name of the port of a guest's NIC, which no port of the configuration has. */
  private static final Pattern NIC = Pattern.compile("(.+)\\.nic[0-9]+");

  /**
   * The policy that was made for a port.
   *
   * @param from the policy that it was made from
   * @param own its own rules; null if it has none
   */
  private record Made(PortPolicy from, @Nullable EgressLevel own, EgressPolicy policy) {}

  private final Map<String, Made> made = new HashMap<>();

  /** The port groups' rules: while the ports of a group change one by one, former ones, too. */
  private final Map<PortEgress.Group, EgressLevel> groups = new LinkedHashMap<>();

  private PortEgress ports;
  private EgressPolicy network;

  /** The prefixes that name servers say; none where the configuration says some. */
  private List<Subnet> discovered = List.of();

  /**
   * Makes them.
   *
   * @param config where the guests of the network may go
   * @param hostLoopback what of the host's loopback they reach
   * @param ports the rules of ports and groups
   */
  public EgressPolicies(EgressConfig config, HostLoopback hostLoopback, PortEgress ports) {
    this.ports = ports;
    network = EgressPolicy.of(new EgressLevel("", config, null), hostLoopback, translators(config));
  }

  private Translators translators(EgressConfig config) {
    return new Translators(config.nat64().said(), discovered);
  }

  /**
   * Whether the translators' prefixes are those that name servers say.
   *
   * @return false where the configuration says them, or that there are none
   */
  public boolean discovers() {
    return network.levels().getLast().config().nat64() instanceof EgressConfig.Discovered;
  }

  /**
   * The translators of the host's network, which are the same for all ports.
   *
   * @return those that count at present
   */
  public Translators translators() {
    return network.translators();
  }

  /**
   * Takes the prefixes that name servers say. Nothing happens where the configuration says some.
   *
   * @param prefixes the prefixes
   * @return whether they are others
   */
  public boolean discovered(List<Subnet> prefixes) {
    if (!discovers() || prefixes.equals(discovered)) {
      return false;
    }
    discovered = List.copyOf(prefixes);
    network(network.levels().getLast(), network.hostLoopback());
    return true;
  }

  private void network(EgressLevel level, HostLoopback hostLoopback) {
    network = EgressPolicy.of(level, hostLoopback, translators(level.config()));
    made.replaceAll((port, its) -> make(port, its.from(), its.own()));
  }

  /**
   * The policy of a port.
   *
   * @param port the port's name
   * @return the network's where neither the port nor its group has rules
   */
  public EgressPolicy of(String port) {
    Made known = made.get(port);
    if (known != null) {
      return known.policy();
    }
    PortPolicy from = ports.of(port);
    if (!hasRules(from)) {
      return network;
    }
    Made its = make(port, from, null);
    made.put(port, its);
    return its.policy();
  }

  private static boolean hasRules(PortPolicy policy) {
    return !policy.egress().equals(EgressConfig.INHERITED)
        || !policy.groupEgress().equals(EgressConfig.INHERITED);
  }

  private Made make(String port, PortPolicy from, @Nullable EgressLevel before) {
    EgressPolicy policy = network;
    if (!from.groupEgress().equals(EgressConfig.INHERITED)) {
      policy = policy.behind(group(PortEgress.Group.of(from)));
    }
    EgressLevel own = null;
    if (!from.egress().equals(EgressConfig.INHERITED)) {
      own = level(owner(port), from.egress(), before);
      policy = policy.behind(own);
    }
    return new Made(from, own, policy);
  }

  private EgressLevel group(PortEgress.Group group) {
    EgressLevel known = groups.get(group);
    if (known != null) {
      return known;
    }
    EgressLevel before = null;
    for (Map.Entry<PortEgress.Group, EgressLevel> each : groups.entrySet()) {
      before = each.getKey().name().equals(group.name()) ? each.getValue() : before;
    }
    EgressLevel level = new EgressLevel("port group " + group.name(), group.egress(), before);
    groups.put(group, level);
    return level;
  }

  private static EgressLevel level(
      String owner, EgressConfig config, @Nullable EgressLevel before) {
    return before != null && before.config().equals(config)
        ? before
        : new EgressLevel(owner, config, before);
  }

  private static String owner(String port) {
    Matcher nic = NIC.matcher(port);
    return nic.matches() ? "guest " + nic.group(1) : "port " + port;
  }

  /**
   * Takes other rules of the network.
   *
   * @param config where the guests of the network may go
   * @param hostLoopback what of the host's loopback they reach
   * @return whether they are others
   */
  public boolean configure(EgressConfig config, HostLoopback hostLoopback) {
    EgressLevel before = network.levels().getLast();
    if (config.equals(before.config()) && hostLoopback.equals(network.hostLoopback())) {
      return false;
    }
    if (!(config.nat64() instanceof EgressConfig.Discovered)) {
      discovered = List.of();
    }
    network(new EgressLevel("", config, before), hostLoopback);
    return true;
  }

  /**
   * Takes the rules of ports and groups from another table.
   *
   * @param rules the table
   */
  public void take(PortEgress rules) {
    ports = rules;
    made.clear();
    groups.clear();
  }

  /** Takes over what has changed in the table of ports and groups. */
  public void refresh() {
    made.keySet().removeIf(port -> !hasRules(ports.of(port)));
    made.replaceAll((port, its) -> {
      PortPolicy from = ports.of(port);
      return from.equals(its.from()) ? its : make(port, from, its.own());
    });
    groups.keySet().removeIf(group -> !ports.has(group));
  }

  /**
   * Forgets what was made for a port that is gone.
   *
   * @param port the port's name
   */
  public void forget(String port) {
    made.remove(port);
  }

  /**
   * Describes the rules and their counts.
   *
   * @param node takes them
   */
  public void addTo(DumpNode.Builder node) {
    network.levels().getLast().addTo(node);
    groups.entrySet().stream()
        .sorted(Comparator.comparing(each -> each.getKey().name()))
        .forEach(each -> {
          DumpNode.Builder group = DumpNode.of("port group " + each.getKey().name());
          node.child(each.getValue().addTo(group).build());
        });
    made.forEach((port, its) -> {
      if (its.own() != null) {
        node.child(its.own().addTo(DumpNode.of("port " + port)).build());
      }
    });
  }
}
