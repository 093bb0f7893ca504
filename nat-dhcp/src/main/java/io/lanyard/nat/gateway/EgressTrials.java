package io.lanyard.nat.gateway;

import io.lanyard.nat.egress.EgressPolicies;
import io.lanyard.nat.egress.EgressPolicy;
import io.lanyard.nat.egress.NameServices;
import io.lanyard.nat.egress.ToldNames;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.Grant;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Stations;
import io.lanyard.net.Address;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tries flows and questions by the rules that {@link Egress} decides by, for people who ask what a
 * guest may reach. Nothing is counted, logged or told to the guest.
 *
 * <p>Thread: the network's loop only.
 */
public final class EgressTrials {
  private final EgressPolicies policies;
  private final EgressJudge judge;
  private final ToldNames told;
  private final GatewayAddresses addresses;
  private final Destinations destinations;
  private final Stations stations;

  /** Makes the trials of a network, which read the live objects of its egress. */
  EgressTrials(
      EgressPolicies policies,
      EgressJudge judge,
      ToldNames told,
      GatewayAddresses addresses,
      Stations stations) {
    this.policies = policies;
    this.judge = judge;
    this.told = told;
    this.addresses = addresses;
    destinations = new Destinations(addresses);
    this.stations = stations;
  }

  /**
   * Tries a flow: the decision that its first packet would get.
   *
   * @param port the name of the port that the guest is behind
   * @param names further names for which the guest would be told the address
   * @param destination the destination, as the guest gives it
   * @param protocol the IP protocol number
   * @param service the destination's port; 0 for ICMP
   * @return what would happen, and why
   */
  public EgressTrial flow(
      String port, List<String> names, Address destination, int protocol, int service) {
    if (!addresses.hasFamilyOf(destination)) {
      return EgressTrial.denied("the network has no IPv" + (destination.isIpv4() ? 4 : 6));
    }
    EgressPolicy under = policies.of(port);
    Address leads = destination;
    switch (destinations.kind(destination.high(), destination.low())) {
      case GATEWAY -> {
        return EgressTrial.allowed("the gateway's own address, which no rule is about");
      }
      case ON_LINK, BROADCAST -> {
        EgressTrial trial = atHost(port, protocol, destination, service);
        return trial.reason().isEmpty()
            ? EgressTrial.allowed("an address of the network itself, which no rule is about")
            : trial;
      }
      case PROHIBITED -> {
        return EgressTrial.denied(Destinations.PROHIBITED);
      }
      case MARTIAN -> {
        return EgressTrial.denied(Destinations.MARTIAN);
      }
      case LOOPBACK -> leads = Destinations.loopback(destination.high(), destination.low());
      case OUT -> {
        if (protocol != FlowKey.ICMP && service == NameServices.DNS && under.byName()) {
          return EgressTrial.allowed("the gateway answers questions for names in its place");
        }
      }
    }
    List<String> all = new ArrayList<>(names);
    PortBudget budget = under.byName() ? budget(port) : null;
    if (budget != null) {
      all.addAll(told.names(budget, destination));
    }
    EgressDecision decision = judge.judge(under, all, protocol, leads.high(), leads.low(), service);
    EgressTrial trial = EgressTrial.of(decision);
    Grant grant = decision.grant();
    return grant != null
            && SniEgress.watched(under, protocol, service, grant) instanceof Grant.Watched
            && under.deniesBySniBefore(decision.level(), decision.rule(), service)
        ? trial.but("TLS for a name that the rules deny is reset")
        : trial;
  }

  /**
   * Tries a packet to the host's adapter, likewise.
   *
   * @param port the name of the port that the guest is behind
   * @param protocol the IP protocol number
   * @param destination the destination
   * @param service the destination's port; 0 for ICMP
   * @return what would happen, and why; without a reason where no rule is about it
   */
  public EgressTrial atHost(String port, int protocol, Address destination, int service) {
    return EgressTrial.of(
        judge.judgeAtHost(
            policies.of(port), protocol, destination.high(), destination.low(), service));
  }

  /**
   * Tries a flow that comes in, likewise.
   *
   * @param port the name of the port that the guest is behind
   * @param protocol the IP protocol number
   * @param client the client's address
   * @param service the guest's port
   * @return what would happen, and why
   */
  public EgressTrial client(String port, int protocol, Address client, int service) {
    return EgressTrial.of(judge.judgeInward(policies.of(port), protocol, client, service));
  }

  /**
   * The addresses that a guest was told for a name and may still use.
   *
   * @param port the name of the port that the guest is behind
   * @param name the name in lower case, without a dot at its end
   * @return the addresses; none where nothing depends on them
   */
  public List<Address> toldAddresses(String port, String name) {
    PortBudget budget = budget(port);
    return budget == null ? List.of() : told.addresses(budget, name);
  }

  private @Nullable PortBudget budget(String port) {
    for (PortBudget budget : stations.budgets()) {
      if (budget.name().equals(port)) {
        return budget;
      }
    }
    return null;
  }

  /**
   * Tries a question for a name.
   *
   * @param port the name of the port that the guest is behind
   * @param name the name in lower case, without a dot at its end
   * @return what would happen, and why
   */
  public EgressTrial question(String port, String name) {
    return EgressTrial.of(judge.question(policies.of(port), name));
  }
}
