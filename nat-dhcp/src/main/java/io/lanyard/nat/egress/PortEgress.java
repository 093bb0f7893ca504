package io.lanyard.nat.egress;

import io.lanyard.config.EgressConfig;
import io.lanyard.config.EgressConfig.Direction;
import io.lanyard.config.PortPolicy;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The egress that single ports of a network have: rules before those of the network, and how many
 * flows may begin.
 *
 * <p>Thread: the network's loop only.
 */
public final class PortEgress {
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
    EgressConfig before = ports.getOrDefault(port, PortPolicy.DEFAULT).egress();
    if (policy.egress().equals(EgressConfig.INHERITED) && policy.limits().newFlows() == null) {
      ports.remove(port);
    } else {
      ports.put(port, policy);
    }
    if (!policy.egress().equals(before)) {
      listener.run();
    }
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
   * The rules of a port.
   *
   * @param port the port's name
   * @return {@link EgressConfig#INHERITED} for a port without any
   */
  public EgressConfig of(String port) {
    return policy(port).egress();
  }

  /**
   * Whether a port has rules about flows that come in.
   *
   * @return false if none has
   */
  public boolean judgesInward() {
    return ports.values().stream()
        .flatMap(policy -> policy.egress().rules().stream())
        .anyMatch(rule -> rule.direction() == Direction.IN);
  }

  /**
   * How many flows guests behind a port may begin in a second.
   *
   * @param port the port's name
   * @return null for any number
   */
  public @Nullable Integer newFlows(String port) {
    return policy(port).limits().newFlows();
  }

  private PortPolicy policy(String port) {
    return ports.isEmpty()
        ? PortPolicy.DEFAULT
        : ports.getOrDefault(declared.apply(port), PortPolicy.DEFAULT);
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
