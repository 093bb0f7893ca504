package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.nat.egress.EgressLevel;
import io.lanyard.nat.egress.EgressPolicy;
import io.lanyard.nat.egress.ToldNames;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.Grant;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.tls.ClientHello;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides on TCP flows by the server that their TLS client names (SNI, RFC 6066 section 3). {@link
 * Egress} has admitted them, and nothing of them leaves before they have shown that name.
 *
 * <p>Thread: the network's loop only.
 */
final class SniEgress {
  private final EgressJudge judge;
  private final ToldNames told;
  private final Counters<GatewayCount> counters;
  private final EgressLog log;

  SniEgress(EgressJudge judge, ToldNames told, Counters<GatewayCount> counters, EgressLog log) {
    this.judge = judge;
    this.told = told;
    this.counters = counters;
    this.log = log;
  }

  /**
   * The grant of a flow, which is watched where rules deny servers by their names in TLS.
   *
   * @param under the policy of the port that the guest is behind
   * @param protocol the IP protocol number
   * @param port the destination's port
   * @param grant why the flow may be
   * @return the same, unless the flow is to be watched
   */
  static Grant watched(EgressPolicy under, int protocol, int port, Grant grant) {
    return protocol == FlowKey.TCP && !Grant.awaitsHello(grant) && under.denyingBySni(port) != null
        ? new Grant.Watched(grant, "")
        : grant;
  }

  /**
   * Decides on a flow by its first message: see {@link Egress#admits(Flow, PortBudget,
   * ClientHello)}.
   *
   * @param flow the flow; keeps the name
   * @param under the policy of the port that the guest is behind
   * @param by that port
   * @param hello the first message of the guest
   * @return true if it may pass
   */
  boolean admits(Flow flow, EgressPolicy under, PortBudget by, ClientHello hello) {
    if (flow.grant() instanceof Grant.Watched) {
      return admitsServer(flow, under, by, hello);
    }
    String why;
    String name = "";
    if (hello instanceof ClientHello.For(String given)) {
      name = given;
      EgressDecision decision = judge.judge(under, List.of(given), flow);
      EgressDecision passing = decision.passing();
      if (!told.names(by, flow.remote()).contains(given)) {
        why = "the guest was not told this address for the name";
      } else if (decision.admitted() && passing != null && passing.grant() != null) {
        flow.grant(passing.grant());
        return true;
      } else {
        why = decision.why();
      }
    } else {
      why =
          hello instanceof ClientHello.Refused(String wrong, boolean _)
              ? wrong
              : "it is not complete";
    }
    boolean dry = asksForTrial(flow, under);
    if (dry) {
      flow.grant(withoutSni(flow.grant()));
      // A trial opens nothing: a name that another level denies stays denied.
      if (under.denyingBySni(flow.remotePort()) != null && !admitsServer(flow, under, by, hello)) {
        return false;
      }
    }
    deniedByServer(flow, by, name, why, dry);
    return dry;
  }

  /** The grant of a flow that passes without the name which its rule asks for. */
  private static Grant withoutSni(Grant grant) {
    return grant instanceof Grant.ByName(String name, boolean _)
        ? new Grant.ByName(name, false)
        : grant;
  }

  /** Whether a flow may pass that rules look at to deny some servers' names. */
  private boolean admitsServer(Flow flow, EgressPolicy under, PortBudget by, ClientHello hello) {
    if (hello instanceof ClientHello.For(String server)) {
      EgressDecision decision = server(flow, under, server);
      decision.count();
      if (!decision.admitted()) {
        deniedByServer(flow, by, server, decision.why(), decision.dry());
      }
      flow.grant(new Grant.Watched(Grant.plain(flow.grant()), server));
      return decision.passing() != null;
    }
    if (hello instanceof ClientHello.Refused(String why, boolean nameless) && !nameless) {
      EgressLevel level = under.denyingBySni(flow.remotePort());
      boolean dry = level == null || level.config().dryRun();
      deniedByServer(flow, by, "", why, dry);
      return dry;
    }
    return true;
  }

  private EgressDecision server(Flow flow, EgressPolicy under, String server) {
    EgressDecision passing = judge.judge(under, Grant.names(flow.grant()), flow).passing();
    return passing == null
        ? EgressDecision.denied(null, "the rules permit the flow no longer")
        : judge.server(under, passing, server, flow.remotePort());
  }

  private void deniedByServer(Flow flow, PortBudget by, String asked, String why, boolean dry) {
    counters.count(dry ? GatewayCount.EGRESS_WOULD_DENY : GatewayCount.EGRESS_SNI_DENIED);
    log.deniedServer(flow, by.name(), asked, why, dry);
  }

  /** Whether the level whose rule requires the name of a flow's server is only tried. */
  private boolean asksForTrial(Flow flow, EgressPolicy under) {
    EgressDecision asking = judge.judge(under, Grant.names(flow.grant()), flow).passing();
    return asking != null && asking.level() != null && asking.level().config().dryRun();
  }

  /**
   * Whether a flow may go on by what it has shown, when the rules may have changed.
   *
   * @param flow the flow
   * @param under the policy of the port that the guest is behind
   * @param passing the decision by which it may be now
   * @return false if it has not shown what is required now, or has shown what is denied
   */
  boolean keeps(Flow flow, EgressPolicy under, EgressDecision passing) {
    return (!requiresSni(passing) || requiresSni(flow.grant()))
        && !hasShownDenied(flow, under, passing);
  }

  /** Whether a flow has shown the name of a server that is denied wherever it leads. */
  private boolean hasShownDenied(Flow flow, EgressPolicy under, EgressDecision passing) {
    return flow.grant() instanceof Grant.Watched(Grant _, String server)
        && !server.isEmpty()
        && under.denyingBySni(flow.remotePort()) != null
        && judge.server(under, passing, server, flow.remotePort()).passing() == null;
  }

  private static boolean requiresSni(EgressDecision passing) {
    return requiresSni(passing.grant())
        && (passing.level() == null || !passing.level().config().dryRun());
  }

  /** Whether a flow has shown the name of its server, or has to before a byte of it leaves. */
  private static boolean requiresSni(@Nullable Grant grant) {
    return grant instanceof Grant.ByName(String _, boolean sni) && sni;
  }
}
