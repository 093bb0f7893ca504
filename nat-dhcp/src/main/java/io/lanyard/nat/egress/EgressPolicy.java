package io.lanyard.nat.egress;

import io.lanyard.config.HostLoopback;
import java.util.List;

/**
 * All that decides where the guests behind one port may go: the port's own rules, if it has any,
 * then the network's.
 *
 * <p>Thread: the network's loop only.
 */
public final class EgressPolicy {
  private final List<EgressLevel> levels;
  private final List<EgressLevel> inward;
  private final HostLoopback hostLoopback;
  private final ServiceTable loopback;
  private final boolean byName;

  private EgressPolicy(
      List<EgressLevel> levels,
      List<EgressLevel> inward,
      HostLoopback hostLoopback,
      ServiceTable loopback) {
    this.levels = levels;
    this.inward = inward;
    this.hostLoopback = hostLoopback;
    this.loopback = loopback;
    byName = levels.stream().anyMatch(level -> !level.names().isEmpty());
  }

  /**
   * The policy of ports without rules of their own.
   *
   * @param network the network's rules, which have a default
   * @param hostLoopback what of the host's loopback guests reach
   * @return the policy
   */
  public static EgressPolicy of(EgressLevel network, HostLoopback hostLoopback) {
    return new EgressPolicy(
        List.of(network), List.of(network), hostLoopback, ServiceTable.of(hostLoopback.services()));
  }

  /**
   * The policy of a port with rules of its own.
   *
   * @param port its rules; where they have a default, the network's are not asked
   * @return the policy
   */
  public EgressPolicy behind(EgressLevel port) {
    List<EgressLevel> both = List.of(port, inward.getLast());
    return new EgressPolicy(
        port.otherwise() != null ? List.of(port) : both, both, hostLoopback, loopback);
  }

  /**
   * The levels in the order in which they are asked.
   *
   * @return at least one; the last has a default
   */
  public List<EgressLevel> levels() {
    return levels;
  }

  /**
   * The levels that are asked about flows that come in: a default says nothing about those, so the
   * network's rules count whatever the port's default is.
   *
   * @return at least one
   */
  public List<EgressLevel> inward() {
    return inward;
  }

  /**
   * Whether a rule is about names: then addresses are to be learned from the gateway.
   *
   * @return false if none is
   */
  public boolean byName() {
    return byName;
  }

  /**
   * The services of the host's loopback that guests reach.
   *
   * @return the setting
   */
  public HostLoopback hostLoopback() {
    return hostLoopback;
  }

  /**
   * Whether guests reach a service on the host's loopback, where they reach any. Of a name server
   * there, rules about names know nothing: then its port has to be said.
   *
   * @param protocol the IP protocol number
   * @param port the port; 0 for ICMP
   * @return false if it is not among those that are said
   */
  public boolean opensLoopback(int protocol, int port) {
    return hostLoopback.services().isEmpty()
        ? !byName || !NameServices.isOne(protocol, port)
        : loopback.find(protocol, port) != ServiceTable.NONE;
  }
}
