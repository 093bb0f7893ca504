package io.lanyard.nat.egress;

import io.lanyard.base.DumpNode;
import io.lanyard.config.EgressConfig;
import io.lanyard.config.HostLoopback;
import io.lanyard.config.PortPolicy;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
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
  private final Map<String, EgressLevel> groups = new TreeMap<>();
  private PortEgress ports;
  private EgressPolicy network;

  /**
   * Makes them.
   *
   * @param config where the guests of the network may go
   * @param hostLoopback what of the host's loopback they reach
   * @param ports the rules of ports and groups
   */
  public EgressPolicies(EgressConfig config, HostLoopback hostLoopback, PortEgress ports) {
    this.ports = ports;
    network = EgressPolicy.of(new EgressLevel("", config, null), hostLoopback);
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
      policy = policy.behind(group(from.group(), from.groupEgress()));
    }
    EgressLevel own = null;
    if (!from.egress().equals(EgressConfig.INHERITED)) {
      own = level(owner(port), from.egress(), before);
      policy = policy.behind(own);
    }
    return new Made(from, own, policy);
  }

  private EgressLevel group(String name, EgressConfig config) {
    EgressLevel level = level("port group " + name, config, groups.get(name));
    groups.put(name, level);
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
    network = EgressPolicy.of(new EgressLevel("", config, before), hostLoopback);
    made.replaceAll((port, its) -> make(port, its.from(), its.own()));
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
    groups.keySet().retainAll(ports.groups());
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
    groups.forEach(
        (name, level) -> node.child(level.addTo(DumpNode.of("port group " + name)).build()));
    made.forEach((port, its) -> {
      if (its.own() != null) {
        node.child(its.own().addTo(DumpNode.of("port " + port)).build());
      }
    });
  }
}
