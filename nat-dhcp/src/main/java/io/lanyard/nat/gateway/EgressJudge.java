package io.lanyard.nat.gateway;

import io.lanyard.config.EgressConfig.Verdict;
import io.lanyard.nat.egress.EgressLevel;
import io.lanyard.nat.egress.EgressPolicy;
import io.lanyard.nat.egress.EgressRules;
import io.lanyard.nat.egress.NameServices;
import io.lanyard.nat.egress.Protection;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.Grant;
import io.lanyard.net.Address;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides about a flow by the levels of a policy and by what is protected.
 *
 * <p>Thread: the network's loop only.
 */
final class EgressJudge {
  private final Protection protection;

  /**
   * Makes a judge.
   *
   * @param protection what is protected
   */
  EgressJudge(Protection protection) {
    this.protection = protection;
  }

  /**
   * Decides.
   *
   * @param under the policy of the port that the guest is behind
   * @param names the names for which the guest was told the address
   * @param protocol the IP protocol number
   * @param high the upper long of the destination, on the host's side
   * @param low its lower long
   * @param port the destination's port; 0 for ICMP
   * @return the decision
   */
  EgressDecision judge(
      EgressPolicy under, List<String> names, int protocol, long high, long low, int port) {
    if (Destinations.isLoopback(high, low)) {
      return under.opensLoopback(protocol, port)
          ? EgressDecision.allowed(null, "host-loopback")
          : EgressDecision.denied(null, "the port is not in host-loopback");
    }
    boolean resolves = under.byName() && NameServices.isOne(protocol, port);
    EgressDecision embedded = judgeEmbedded(under, resolves, protocol, high, low, port);
    return embedded != null && embedded.passing() == null
        ? embedded
        : EgressDecision.after(
            embedded, judgeItself(under, names, resolves, protocol, high, low, port));
  }

  /**
   * Decides about a flow that is there, as if it began now.
   *
   * @param under the policy of the port that the guest is behind
   * @param names the names that count for it
   * @param flow the flow
   * @return the decision
   */
  EgressDecision judge(EgressPolicy under, List<String> names, Flow flow) {
    Address remote = flow.remote();
    return judge(under, names, flow.protocol(), remote.high(), remote.low(), flow.remotePort());
  }

  private EgressDecision judgeItself(
      EgressPolicy under,
      List<String> names,
      boolean resolves,
      int protocol,
      long high,
      long low,
      int port) {
    String shield = protection.reason(high, low);
    String withheld = "";
    EgressLevel last = under.levels().getLast();
    EgressDecision tried = null;
    for (EgressLevel level : under.levels()) {
      int index = level.rules().find(high, low, protocol, port, !shield.isEmpty(), resolves);
      Grant grant = Grant.BY_ADDRESS;
      for (String name : names) {
        int own = level.names().find(name, protocol, port, resolves);
        if (own == EgressRules.NONE) {
          continue;
        }
        boolean permits = level.verdict(own) == Verdict.ALLOW;
        if (permits && (!shield.isEmpty() || under.translators().isPrivate(high, low))) {
          // The owner of the name could lead guests anywhere.
          withheld =
              level.label(own)
                  + " permits "
                  + name
                  + ", but not at "
                  + (shield.isEmpty() ? "a private address" : shield);
        } else if (EgressRules.earlier(own, index) == own) {
          index = own;
          grant = new Grant.ByName(name, level.requiresSni(own));
        }
      }
      if (index != EgressRules.NONE) {
        EgressDecision decision = EgressDecision.byRule(level, index, grant);
        if (!decision.dry() || level == last) {
          return EgressDecision.after(tried, decision);
        }
        tried = tried == null ? decision : tried;
      }
    }
    return EgressDecision.after(
        tried, otherwise(last, resolves, shield, withheld, protocol, high, low, port));
  }

  /**
   * Decides about a flow that comes in.
   *
   * @param under the policy of the port that the guest is behind
   * @param protocol the IP protocol number
   * @param client the client's address, as the host sees it
   * @param port the guest's port
   * @return the decision
   */
  EgressDecision judgeInward(EgressPolicy under, int protocol, Address client, int port) {
    EgressDecision tried = null;
    for (EgressLevel level : under.inward()) {
      int rule = level.inward().find(client.high(), client.low(), protocol, port, false, false);
      if (rule != EgressRules.NONE) {
        EgressDecision decision = EgressDecision.byRule(level, rule, Grant.BY_ADDRESS);
        if (!decision.dry()) {
          return EgressDecision.after(tried, decision);
        }
        tried = tried == null ? decision : tried;
      }
    }
    return EgressDecision.after(tried, EgressDecision.comesIn());
  }

  /**
   * Decides about a flow that may be, by the server that its TLS client names, wherever it leads.
   *
   * @param under the policy of the port that the guest is behind
   * @param passing the decision by which the flow may be; the rules after its own do not count
   * @param server the server's name in lower case
   * @param port the destination's TCP port
   * @return the decision
   */
  EgressDecision server(EgressPolicy under, EgressDecision passing, String server, int port) {
    EgressDecision tried = null;
    for (EgressLevel level : under.levels()) {
      int rule = level.names().find(server, FlowKey.TCP, port, false);
      if (passing.level() == level && EgressRules.earlier(passing.rule(), rule) == passing.rule()) {
        break;
      }
      if (rule != EgressRules.NONE) {
        EgressDecision decision = EgressDecision.byRule(level, rule, Grant.BY_ADDRESS);
        if (!decision.dry()) {
          return EgressDecision.after(tried, decision);
        }
        tried = tried == null ? decision : tried;
      }
    }
    return EgressDecision.after(
        tried, EgressDecision.allowed(null, "no rule denies the server's name"));
  }

  /**
   * Decides about a packet to the host's own addresses on the network, or to a group that the host
   * may be in, which does not come to the gateway. No rule is about the network itself; but names
   * are not asked of the host where they are asked of the gateway alone, unless a rule names the
   * host's address and the service.
   *
   * @param under the policy of the port that the packet comes from
   * @param protocol the IP protocol number
   * @param high the upper long of the destination
   * @param low its lower long
   * @param port the destination's port
   * @return the decision; without words where no rule is about the packet
   */
  EgressDecision judgeAtHost(EgressPolicy under, int protocol, long high, long low, int port) {
    if (!under.closesNameServices() || !NameServices.isOne(protocol, port)) {
      return EgressDecision.allowed(null, "");
    }
    for (EgressLevel level : under.levels()) {
      int index = level.rules().find(high, low, protocol, port, true, true);
      if (index != EgressRules.NONE) {
        EgressDecision decision = EgressDecision.byRule(level, index, Grant.BY_ADDRESS);
        if (!decision.dry()) {
          return decision;
        }
      }
    }
    return EgressDecision.denied(null, "names are asked of the gateway, and not of the host");
  }

  /** The decision where no rule matches. */
  private EgressDecision otherwise(
      EgressLevel last,
      boolean resolves,
      String shield,
      String withheld,
      int protocol,
      long high,
      long low,
      int port) {
    boolean open = last.otherwise() == Verdict.ALLOW;
    if (!shield.isEmpty()) {
      return open && !resolves && protection.isPublished(protocol, high, low, port)
          ? EgressDecision.published()
          : EgressDecision.denied(null, withheld.isEmpty() ? shield : withheld);
    }
    if (open && !resolves) {
      return EgressDecision.allowed(last, last.describeDefault());
    }
    String why =
        !withheld.isEmpty()
            ? withheld
            : resolves ? "names are asked of the gateway" : last.describeDenial();
    return EgressDecision.denied(last, why);
  }

  /**
   * Decides whether a name may be asked for.
   *
   * @param under the policy of the port that the guest is behind
   * @param name the name in lower case, without a dot at its end
   * @return the decision
   */
  EgressDecision question(EgressPolicy under, String name) {
    EgressLevel last = under.levels().getLast();
    EgressDecision tried = null;
    for (EgressLevel level : under.levels()) {
      int rule = level.names().findAsked(name);
      if (rule != EgressRules.NONE) {
        EgressDecision decision = EgressDecision.byRule(level, rule, Grant.BY_ADDRESS);
        if (!decision.dry() || level == last) {
          return EgressDecision.after(tried, decision);
        }
        tried = tried == null ? decision : tried;
      }
    }
    return EgressDecision.after(
        tried,
        last.otherwise() == Verdict.ALLOW
            ? EgressDecision.allowed(last, last.describeDefault())
            : EgressDecision.denied(last, last.describeDenial()));
  }

  /**
   * The denial of a flow to an IPv4 address that an IPv6 address may stand for, null if there is
   * none, where the host's network translates it (RFC 6052, RFC 3056 section 2): what IPv4 rules
   * forbid is not reached by IPv6.
   */
  private @Nullable EgressDecision judgeEmbedded(
      EgressPolicy under, boolean resolves, int protocol, long high, long low, int port) {
    EgressDecision tried = null;
    for (long ipv4 : under.translators().standsFor(high, low)) {
      EgressDecision decision = judgeEmbedded(under, resolves, protocol, ipv4, port);
      if (decision != null && decision.passing() == null) {
        return decision;
      }
      tried = tried == null ? decision : tried;
    }
    return tried;
  }

  private @Nullable EgressDecision judgeEmbedded(
      EgressPolicy under, boolean resolves, int protocol, long ipv4, int port) {
    String never = Destinations.neverOut((int) ipv4);
    if (!never.isEmpty()) {
      return EgressDecision.denied(null, never);
    }
    String shield = protection.reason(0, ipv4);
    EgressDecision tried = null;
    for (EgressLevel level : under.levels()) {
      int index = level.rules().find(0, ipv4, protocol, port, !shield.isEmpty(), resolves);
      if (index != EgressRules.NONE) {
        EgressDecision decision = EgressDecision.byRule(level, index, Grant.BY_ADDRESS);
        if (decision.admitted()) {
          return tried;
        }
        if (!decision.dry()) {
          return decision;
        }
        tried = tried == null ? decision : tried;
      }
    }
    return shield.isEmpty() ? tried : EgressDecision.denied(null, shield);
  }
}
