package io.lanyard.nat.egress;

import io.lanyard.config.EgressConfig;
import io.lanyard.config.EgressConfig.Direction;
import io.lanyard.config.PortPolicy;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The egress that single ports of a network have, themselves or by their port groups: rules before
 * those of the network, and how many flows may begin.
 *
 * <p>Thread: the network's loop only.
 */
public final class PortEgress {
  /**
   * A port group, as a port has it.
   *
   * @param name the group's name
   * @param egress its rules
   */
  record Group(String name, EgressConfig egress) {
    static Group of(PortPolicy policy) {
      return new Group(policy.group(), policy.groupEgress());
    }
  }

  private final Map<String, PortPolicy> ports = new HashMap<>();
  private final UnaryOperator<String> declared;
  private Runnable listener = () -> {};

  /**
   * Makes a table without rules.
   *
   * @param declared the name of the port whose rules another one has: of a client's, the one that
   *     many guests share; of every other its own
   */
  public PortEgress(UnaryOperator<String> declared) {
    this.declared = declared;
  }

  /**
   * Gives a port another policy.
   *
   * @param port the port's name
   * @param policy its policy
   */
  public void set(String port, PortPolicy policy) {
    PortPolicy before = ports.getOrDefault(port, PortPolicy.DEFAULT);
    if (!hasRules(policy) && policy.limits().newFlows() == null) {
      ports.remove(port);
    } else {
      ports.put(port, policy);
    }
    if (!policy.egress().equals(before.egress())
        || !policy.groupEgress().equals(before.groupEgress())
        || (hasRules(policy) && !policy.group().equals(before.group()))) {
      listener.run();
    }
  }

  private static boolean hasRules(PortPolicy policy) {
    return !policy.egress().equals(EgressConfig.INHERITED)
        || !policy.groupEgress().equals(EgressConfig.INHERITED);
  }

  /**
   * Forgets a port that is gone, with its flows.
   *
   * @param port the port's name
   */
  public void forget(String port) {
    ports.remove(port);
  }

  /**
   * The policy of a port, as far as it is about egress.
   *
   * @param port the port's name
   * @return {@link PortPolicy#DEFAULT} for a port without rules and limits
   */
  public PortPolicy of(String port) {
    return ports.isEmpty()
        ? PortPolicy.DEFAULT
        : ports.getOrDefault(declared.apply(port), PortPolicy.DEFAULT);
  }

  /** The port groups of all these ports, with their rules. */
  Set<Group> groups() {
    Set<Group> all = new HashSet<>();
    ports.values().forEach(policy -> all.add(Group.of(policy)));
    return all;
  }

  /**
   * Whether a port or a port group has rules about flows that come in.
   *
   * @return false if none has
   */
  public boolean judgesInward() {
    return ports.values().stream()
        .flatMap(policy -> Stream.of(policy.egress(), policy.groupEgress()))
        .flatMap(egress -> egress.rules().stream())
        .anyMatch(rule -> rule.direction() == Direction.IN);
  }

  /**
   * How many flows guests behind a port may begin in a second.
   *
   * @param port the port's name
   * @return null for any number
   */
  public @Nullable Integer newFlows(String port) {
    return of(port).limits().newFlows();
  }

  /**
   * Tells of changes.
   *
   * @param changed told after the rules of a port have become others; one that was told before
   *     hears no more
   */
  public void listen(Runnable changed) {
    listener = changed;
  }
}
