package io.lanyard.daemon.network;

import static java.util.Objects.requireNonNull;

import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortPolicy;
import io.lanyard.nat.egress.PortEgress;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.Switch;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The rules of a network's ports: how those of each port follow from the network's, whose link is
 * switched off, and which ports are clients of a port that many guests share, whose rules and link
 * they have.
 *
 * <p>Thread: the network's loop.
 */
final class PortGovernance {
  /** Makes a port's rules from the network's policies. */
  @FunctionalInterface
  interface Rules extends Function<PortPolicies, PortRules> {}

  private final Switch ethernet;
  private final Map<String, Rules> ruled = new HashMap<>();
  private final Set<String> unlinked = new HashSet<>();

  /** The declared port of each client's port. */
  private final Map<String, String> shared = new LinkedHashMap<>();

  /** The port group of each port that is in one. */
  private final Map<String, String> groups = new HashMap<>();

  private final PortEgress egress = new PortEgress(this::declared);
  private PortPolicies policies;

  PortGovernance(Switch ethernet, PortPolicies policies) {
    this.ethernet = ethernet;
    this.policies = policies;
    ethernet.forwardReserved(policies.forwarded());
  }

  /** Attaches a port to the switch with its rules. */
  void attach(Port port, Rules rules) {
    PortRules made = rules.apply(policies);
    boolean done = false;
    try {
      ethernet.attach(port, made);
      done = true;
    } finally {
      if (!done) { // or its guard would keep the addresses that it was given from all others
        made.end();
      }
    }
    ruled.put(port.name(), rules);
  }

  /** The rules of a port that is attached. */
  Rules rules(String port) {
    return requireNonNull(ruled.get(port));
  }

  /** Whether rules are kept of a port, which is so while it is attached. */
  boolean governs(String port) {
    return ruled.containsKey(port);
  }

  /** Forgets a port and its link. */
  void forget(String port) {
    forgetRules(port);
    egress.forget(port);
    groups.remove(port);
    unlinked.remove(port);
    shared.remove(port);
  }

  /** Forgets the rules of a port that could not be started. */
  void forgetRules(String port) {
    ruled.remove(port);
  }

  /** Makes all rules anew from other policies of the network. */
  void govern(PortPolicies next) {
    policies = next;
    ethernet.forwardReserved(next.forwarded());
    Map.copyOf(ruled).forEach(this::govern);
  }

  /** Gives a port, and the ports of its clients, other rules. */
  void govern(String name, Rules rules) {
    Port port = find(name);
    if (port != null) {
      ruled.put(name, rules);
      PortRules governed = rules.apply(policies);
      ethernet.govern(port, isUnlinked(name) ? governed.unlinked() : governed);
      clientsOf(name).forEach(client -> govern(client, rules));
    }
  }

  /**
   * Takes the link of a port down or up.
   *
   * @return whether it was the other before
   */
  boolean link(String name, boolean up) {
    boolean changed = up ? unlinked.remove(name) : unlinked.add(name);
    if (changed) {
      govern(name, rules(name));
    }
    return changed;
  }

  /** Whether the link of a port, or of the one that its client has come by, is off. */
  boolean isUnlinked(String name) {
    String declared = shared.get(name);
    return unlinked.contains(name) || (declared != null && unlinked.contains(declared));
  }

  /** Notes that a port is a client's of a port that many guests share. */
  void share(String client, String declared) {
    shared.put(client, declared);
  }

  /** Takes back what {@link #share} noted of a port that could not be attached. */
  void unshare(String client) {
    shared.remove(client);
  }

  /** The port that the configuration declares: of a client's port the shared one. */
  String declared(String port) {
    return shared.getOrDefault(port, port);
  }

  /** Takes a port's policy about where the guests behind it may go, and its group's name. */
  void restrict(String port, PortPolicy policy) {
    egress.set(port, policy);
    groups.put(port, policy.group());
  }

  /** The port group of a port, or of the one that its client has come by; empty for none. */
  String group(String port) {
    return groups.getOrDefault(declared(port), "");
  }

  /** The egress of single ports, for the network's gateway. */
  PortEgress egress() {
    return egress;
  }

  /** The egress of single ports, as another configuration has it. */
  PortEgress egressUnder(NetworkConfig next, Collection<GuestConfig> guests) {
    PortEgress other = new PortEgress(this::declared);
    next.ports().forEach(port -> other.set(port.name(), port.policy()));
    for (GuestConfig guest : guests) {
      for (GuestConfig.Nic nic : guest.nics()) {
        if (nic.network().equals(next.name())) {
          other.set(guest.name() + "." + nic.name(), nic.policy());
        }
      }
    }
    return other;
  }

  private List<String> clientsOf(String name) {
    return shared.entrySet().stream()
        .filter(client -> client.getValue().equals(name))
        .map(Map.Entry::getKey)
        .toList();
  }

  /** Whether a port is a certain one, or that of one of its clients. */
  boolean isOf(String name, String port) {
    return name.equals(port) || name.equals(shared.get(port));
  }

  /** The port of that name; null if none is attached. */
  @Nullable Port find(String name) {
    for (Port port : ethernet.ports()) {
      if (port.name().equals(name)) {
        return port;
      }
    }
    return null;
  }
}
