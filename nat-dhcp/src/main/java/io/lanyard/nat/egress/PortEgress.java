package io.lanyard.nat.egress;

import io.lanyard.config.EgressConfig;
import io.lanyard.config.EgressConfig.Direction;
import io.lanyard.config.PortPolicy;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
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
  private Consumer<String> listener = port -> {};

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
      listener.accept(port);
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

  /** Whether one of these ports is in a port group with such rules. */
  boolean has(Group group) {
    return ports.values().stream()
        .anyMatch(policy ->
            policy.group().equals(group.name()) && policy.groupEgress().equals(group.egress()));
  }

  /**
   * Whether the rules of one port are those of another.
   *
   * @param port the name of a port, or of a client's
   * @param its the name of the port that may have its rules
   * @return true of the port itself, and of the ports of its clients
   */
  public boolean isUnder(String port, String its) {
    return declared.apply(port).equals(its);
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
   * @param changed told after the rules of a port have become others, with its name; one that was
   *     told before hears no more
   */
  public void listen(Consumer<String> changed) {
    listener = changed;
  }
}
