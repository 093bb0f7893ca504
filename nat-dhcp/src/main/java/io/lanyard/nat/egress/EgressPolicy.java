package io.lanyard.nat.egress;

import io.lanyard.config.EgressConfig;
import io.lanyard.config.HostLoopback;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that decides where the guests behind one port may go: the rules of the port or the guest,
 * then those of its port group, as far as there are any, then the network's.
 *
 * <p>Thread: the network's loop only.
 */
public final class EgressPolicy {
  private final List<EgressLevel> levels;
  private final List<EgressLevel> inward;
  private final HostLoopback hostLoopback;
  private final ServiceTable loopback;
  private final Translators translators;
  private final boolean byName;
  private final boolean limitsQuestions;

  private EgressPolicy(
      List<EgressLevel> levels,
      List<EgressLevel> inward,
      HostLoopback hostLoopback,
      ServiceTable loopback,
      Translators translators) {
    this.levels = levels;
    this.inward = inward;
    this.hostLoopback = hostLoopback;
    this.loopback = loopback;
    this.translators = translators;
    byName = levels.stream().anyMatch(level -> !level.names().isEmpty());
    limitsQuestions = levels.stream().anyMatch(EgressPolicy::limitsQuestions);
  }

  private static boolean limitsQuestions(EgressLevel level) {
    boolean limits = !level.names().isEmpty() || level.otherwise() == EgressConfig.Verdict.DENY;
    return limits && !level.config().dryRun();
  }

  /**
   * The policy of ports without rules of their own.
   *
   * @param network the network's rules, which have a default
   * @param hostLoopback what of the host's loopback guests reach
   * @param translators the translators of the host's network
   * @return the policy
   */
  public static EgressPolicy of(
      EgressLevel network, HostLoopback hostLoopback, Translators translators) {
    return new EgressPolicy(
        List.of(network),
        List.of(network),
        hostLoopback,
        ServiceTable.of(hostLoopback.services()),
        translators);
  }

  /**
   * The policy of a port that has further rules, which are asked before these.
   *
   * @param nearer the rules; where they have a default, these are not asked
   * @return the policy
   */
  public EgressPolicy behind(EgressLevel nearer) {
    return new EgressPolicy(
        nearer.otherwise() != null ? List.of(nearer) : before(nearer, levels),
        before(nearer, inward),
        hostLoopback,
        loopback,
        translators);
  }

  private static List<EgressLevel> before(EgressLevel nearer, List<EgressLevel> others) {
    List<EgressLevel> all = new ArrayList<>(List.of(nearer));
    all.addAll(others);
    return List.copyOf(all);
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
   * rules of the port group and the network count whatever the port's default is.
   *
   * @return at least one
   */
  public List<EgressLevel> inward() {
    return inward;
  }

  /**
   * The translators of the host's network, by which IPv6 addresses stand for IPv4 ones.
   *
   * @return those of the network
   */
  public Translators translators() {
    return translators;
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
   * Whether the ways to ask for names that do not lead through the gateway are closed: where a rule
   * is about names, and where the default denies, as a question carries data out.
   *
   * @return false if guests may ask anybody
   */
  public boolean closesNameServices() {
    EgressConfig last = levels.getLast().config();
    return byName || (last.otherwise() == EgressConfig.Verdict.DENY && !last.dryRun());
  }

  /**
   * Whether rules that are in force say which names guests may ask for: one is about a name, or the
   * default denies. Then a question carries out no more than it needs.
   *
   * @return false where any question may be asked, or where such rules are only tried
   */
  public boolean limitsQuestions() {
    return limitsQuestions;
  }

  /**
   * The first level that denies names by what TLS clients show on a port.
   *
   * @param port a TCP port
   * @return null if none does
   */
  public @Nullable EgressLevel denyingBySni(int port) {
    for (EgressLevel level : levels) {
      if (level.deniesBySni(port)) {
        return level;
      }
    }
    return null;
  }

  /**
   * Whether a rule that denies names by what TLS clients show comes before the one that admits a
   * flow: behind that one it is not asked.
   *
   * @param admitting the level that admits; null if no rule does
   * @param rule its rule; {@link EgressRules#NONE} for its default
   * @param port a TCP port
   * @return true if one comes before
   */
  public boolean deniesBySniBefore(@Nullable EgressLevel admitting, int rule, int port) {
    for (EgressLevel level : levels) {
      if (level == admitting) {
        return level.deniesBySniBefore(rule, port);
      }
      if (level.deniesBySni(port)) {
        return true;
      }
    }
    return false;
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
