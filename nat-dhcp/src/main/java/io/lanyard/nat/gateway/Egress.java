package io.lanyard.nat.gateway;

import io.lanyard.base.Clock;
import io.lanyard.base.Counters;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.config.EgressConfig;
import io.lanyard.config.HostLoopback;
import io.lanyard.nat.egress.EgressPolicies;
import io.lanyard.nat.egress.EgressPolicy;
import io.lanyard.nat.egress.PortEgress;
import io.lanyard.nat.egress.Protection;
import io.lanyard.nat.egress.PublishedPorts;
import io.lanyard.nat.egress.ToldNames;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.Grant;
import io.lanyard.nat.station.NameMemory;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.tls.ClientHello;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Subnet;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The one decision where guests may go, for TCP, UDP and ping alike. Asked when a flow begins, and
 * about all flows when something has changed that it depends on.
 *
 * <p>Thread: the network's loop only.
 */
public final class Egress implements NamePolicy, Dumpable {
  private static final int SVCB = 64; // RFC 9460 section 14.1
  private static final int HTTPS = 65;
  private static final int ANY = 255; // RFC 1035 section 3.2.3

  private final GatewayAddresses addresses;
  private final Protection protection;
  private final EgressJudge judge;
  private final ToldNames told;
  private final SniEgress servers;
  private final IcmpErrors errors;
  private final Counters<GatewayCount> counters;
  private final EgressLog log;
  private PortEgress portRules = new PortEgress(UnaryOperator.identity());
  private final EgressPolicies policies;

  private final NewFlowRates rates;
  private final EgressTrials trials;

  /**
   * Makes the decision for a network.
   *
   * @param network the network's name, for the log
   * @param gateway the gateway, which tells guests and counts
   * @param config where guests may go
   * @param hostLoopback what of the host's loopback they reach
   * @param published what this daemon serves on the host's addresses
   * @param names the network's share of the heap for names
   */
  public Egress(
      String network,
      Gateway gateway,
      EgressConfig config,
      HostLoopback hostLoopback,
      PublishedPorts published,
      NameMemory.Share names) {
    addresses = gateway.addresses();
    errors = gateway.errors();
    counters = gateway.counters();
    Clock clock = gateway.timers().clock();
    log = new EgressLog(network, clock);
    protection = new Protection(published);
    judge = new EgressJudge(protection);
    policies = new EgressPolicies(config, hostLoopback, portRules);
    told = new ToldNames(clock, names);
    servers = new SniEgress(judge, told, counters, log);
    rates = new NewFlowRates(clock);
    trials = new EgressTrials(policies, judge, told, addresses, gateway.stations());
    gateway.stations().addListener(this::forget);
    gateway.takeQuestions(station -> policies.of(station.budget().name()).byName());
    gateway.tellNeverLeaving(log::neverLeaves);
  }

  private void forget(PortBudget gone) {
    told.forget(gone);
    policies.forget(gone.name());
    rates.forget(gone);
  }

  /**
   * Takes another configuration. It decides on flows that begin from now on; the caller ends those
   * that are there and {@link #admits(Flow)} no longer.
   *
   * @param config where guests may go
   * @param hostLoopback what of the host's loopback they reach
   * @return whether it is another one
   */
  public boolean configure(EgressConfig config, HostLoopback hostLoopback) {
    return policies.configure(config, hostLoopback);
  }

  /**
   * Takes the rules of ports and port groups.
   *
   * @param rules the rules, which may change from now on
   * @param changed told of a port whose rules have; it ends the flows of that port that are
   *     admitted no longer
   */
  public void portRules(PortEgress rules, Consumer<String> changed) {
    portRules = rules;
    policies.take(rules);
    rules.listen(port -> {
      policies.refresh();
      changed.accept(port);
    });
  }

  /**
   * Whether the prefixes of translators are those that name servers say.
   *
   * @return false where the configuration says them
   */
  public boolean discoversTranslators() {
    return policies.discovers();
  }

  /**
   * Takes the prefixes by which translators of the host's network stand for IPv4 addresses, as name
   * servers say them. The caller ends the flows that {@link #admits(Flow)} no longer admits.
   *
   * @param prefixes the prefixes
   * @return whether they count, and are others than before
   */
  public boolean translators(List<Subnet> prefixes) {
    return policies.discovered(prefixes);
  }

  /**
   * The prefixes of translators beside those that all have.
   *
   * @return those that the configuration says, or that name servers say
   */
  public List<Subnet> translators() {
    return policies.translators().prefixes();
  }

  /**
   * The destinations that are denied unless a rule names them.
   *
   * @return the live object
   */
  public Protection protection() {
    return protection;
  }

  /**
   * Decides on a flow that a packet would begin, and tells the guest if it may not be.
   *
   * @param packet a packet that leads out
   * @param port the remote port; 0 for ICMP
   * @return why the flow may be, for the flow to keep; null if it may not
   */
  public @Nullable Grant admits(Packet packet, int port) {
    PortBudget by = packet.station.budget();
    if (!rates.admits(by, portRules.newFlows(by.name()))) {
      counters.count(GatewayCount.FLOW_RATE_LIMITED);
      return null; // As if it was lost: the guest tries again, and may find a place.
    }
    EgressPolicy under = policies.of(by.name());
    List<String> names = under.byName() ? told.names(by, packet.destination()) : List.of();
    EgressDecision decision =
        judge.judge(under, names, packet.protocol, packet.hostHigh, packet.hostLow, port);
    decision.count();
    if (decision.logged()) {
      log.decided(decision, packet, port, names);
    }
    EgressDecision passing = decision.passing();
    if (!decision.admitted()) {
      counters.count(passing != null ? GatewayCount.EGRESS_WOULD_DENY : GatewayCount.EGRESS_DENIED);
    }
    if (passing != null && passing.grant() != null) {
      return SniEgress.watched(under, packet.protocol, port, passing.grant());
    }
    errors.send(IcmpReason.PROHIBITED, packet);
    return null;
  }

  /**
   * Decides on a TCP flow by the name of the server in its first message. Where its rule requires
   * one, it has to be one for which the guest was told the address, and that the rules permit
   * there; where rules deny names wherever they lead, it must be none of those.
   *
   * @param flow the flow; keeps the name
   * @param by the port that the guest is behind
   * @param hello the first message of the guest
   * @return true if it may pass
   */
  public boolean admits(Flow flow, PortBudget by, ClientHello hello) {
    return servers.admits(flow, policies.of(by.name()), by, hello);
  }

  /**
   * Decides on a UDP flow that begins outside, to a port that a guest has opened: the one outside
   * has to be one that may come in, and the guest's answers lead there.
   *
   * @param guest the name of the port that the guest is behind
   * @param to the guest's end
   * @param remote the other end, on the host's side
   * @return why the flow may be, for the flow to keep; null if it may not
   */
  public @Nullable Grant admits(String guest, Endpoint to, Endpoint remote) {
    Address from = remote.address();
    if (!admitsClient(guest, FlowKey.UDP, from, to)) {
      return null;
    }
    EgressDecision decision =
        judge.judge(
            policies.of(guest), List.of(), FlowKey.UDP, from.high(), from.low(), remote.port());
    decision.count();
    EgressDecision passing = decision.passing();
    return passing == null ? null : passing.grant();
  }

  /**
   * Decides on a packet that a guest sends to the host's adapter, past the gateway.
   *
   * @param port the name of the port that it comes from
   * @param protocol the IP protocol number
   * @param high the upper long of its destination
   * @param low the lower long of its destination
   * @param service the destination's port
   * @return false if it is to be dropped, which is counted and logged
   */
  public boolean admitsToHost(String port, int protocol, long high, long low, int service) {
    EgressDecision decision = judge.judgeAtHost(policies.of(port), protocol, high, low, service);
    decision.count();
    if (!decision.admitted()) {
      deniedAtHost(port, EgressLog.text(protocol, new Address(high, low), service), decision.why());
    }
    return decision.admitted();
  }

  /**
   * Counts and logs a packet that a guest has sent to the host's adapter for somebody beyond it.
   *
   * @param port the name of the port that it comes from
   * @param high the upper long of its destination
   * @param low the lower long of its destination
   */
  public void strayed(String port, long high, long low) {
    deniedAtHost(
        port, new Address(high, low).toString(), "the host's adapter does not lead further");
  }

  private void deniedAtHost(String port, String destination, String why) {
    counters.count(GatewayCount.EGRESS_DENIED);
    log.deniedAtHost(port, destination, why);
  }

  /**
   * Decides on a flow that comes in.
   *
   * @param guest the name of the port that the guest is behind; where that is not known yet the
   *     network's rules decide, and the caller asks about the flow again when it is
   * @param protocol the IP protocol number
   * @param client the client's address, as the host sees it
   * @param to the guest's end
   * @return false if it may not be, which is counted
   */
  public boolean admitsClient(String guest, int protocol, Address client, Endpoint to) {
    EgressDecision decision = judge.judgeInward(policies.of(guest), protocol, client, to.port());
    decision.count();
    if (decision.logged()) {
      log.decided(decision, guest, protocol, client, to);
    }
    if (!decision.admitted()) {
      counters.count(decision.dry() ? GatewayCount.EGRESS_WOULD_DENY : GatewayCount.EGRESS_DENIED);
    }
    return decision.passing() != null;
  }

  /**
   * Counts and logs a flow that comes in and is to end, because its guest turns out to be behind a
   * port whose rules do not let it in.
   *
   * @param flow the flow
   */
  public void refused(Flow flow) {
    Address client = flow.client();
    if (client != null) {
      Endpoint to = new Endpoint(flow.guest(), flow.guestPort());
      admitsClient(flow.port(), flow.protocol(), client, to);
    }
  }

  /**
   * Whether a port has the rules of another.
   *
   * @param port the port
   * @param its the name of the port that may have its rules
   * @return true of the port of that name, and of those of its clients
   */
  public boolean isUnder(PortBudget port, String its) {
    return portRules.isUnder(port.name(), its);
  }

  /**
   * Whether the port that a guest is behind matters to flows that come in, so that they are judged
   * again when it is known.
   *
   * @return false if no port has rules about them
   */
  public boolean judgesInwardByPort() {
    return portRules.judgesInward();
  }

  /**
   * Whether a flow may go on.
   *
   * @param flow a flow of the network
   * @return false if it would not be admitted now
   */
  public boolean admits(Flow flow) {
    EgressPolicy under = policies.of(flow.port());
    List<String> names = names(flow, under);
    boolean may = admits(flow, under, names);
    if (may && Grant.names(flow.grant()).isEmpty() && !names.isEmpty()) {
      EgressDecision passing = judge.judge(under, names, flow).passing();
      if (passing != null && passing.grant() instanceof Grant.ByName named) {
        // From now on it outlives the answer, as if the rule had been there when it began. The name
        // of its server it has not shown.
        Grant plain = new Grant.ByName(named.name(), false);
        flow.grant(Grant.because(plain, flow.grant()));
      }
    }
    return may;
  }

  /**
   * The names by which a flow is judged: the one that has permitted it, however long ago that was
   * told; of a flow that no name has permitted, those that its port was told for its address.
   */
  private List<String> names(Flow flow, EgressPolicy under) {
    List<String> its = Grant.names(flow.grant());
    return its.isEmpty() && under.byName()
        ? told.namesOfFlow(flow.port(), flow.remote(), flow.createdNanos())
        : its;
  }

  /**
   * Whether a packet may go by a flow that is there. A guest whose port has no guard may give its
   * packets the source of another's: they are none of that one's, and go where the rules of the
   * port that they come in by let them.
   *
   * @param packet a packet with the addresses and ports of the flow
   * @param flow the flow
   * @return false if it is to be dropped, which is counted
   */
  public boolean admits(Packet packet, Flow flow) {
    Station station = packet.station;
    if (flow.account() == station.flows()) {
      return true;
    }
    PortBudget by = station.budget();
    if (by.name().equals(flow.port())) {
      return true;
    }
    EgressPolicy under = policies.of(by.name());
    List<String> names = under.byName() ? told.names(by, flow.remote()) : List.of();
    boolean may = admits(flow, under, names);
    if (!may) {
      counters.count(GatewayCount.EGRESS_DENIED);
    }
    return may;
  }

  /**
   * Whether flows could go on under another configuration.
   *
   * @param config where guests may go
   * @param hostLoopback what of the host's loopback they reach
   * @param ports the rules of ports and groups, as they would be
   * @return a question to ask about each flow
   */
  public Predicate<Flow> admitsUnder(
      EgressConfig config, HostLoopback hostLoopback, PortEgress ports) {
    EgressPolicies others = new EgressPolicies(config, hostLoopback, ports);
    others.discovered(policies.translators().found());
    return flow -> {
      EgressPolicy under = others.of(flow.port());
      return admits(flow, under, names(flow, under));
    };
  }

  private boolean admits(Flow flow, EgressPolicy under, List<String> names) {
    if (flow.grant() instanceof Grant.Service) {
      return true;
    }
    Address client = flow.client();
    if (client != null
        && judge.judgeInward(under, flow.protocol(), client, flow.guestPort()).passing() == null) {
      return false;
    }
    Address remote = flow.remote();
    if (addresses.isOfSubnets(remote) || addresses.isGateway(remote.high(), remote.low())) {
      // Of the subnet a flow's remote end is the gateway, for its services and the clients of
      // forwards, or the host, whose loopback it stands for.
      return !addresses.isHost(remote)
          || (under.hostLoopback().enabled()
              && under.opensLoopback(flow.protocol(), flow.remotePort()));
    }
    EgressDecision passing = judge.judge(under, names, flow).passing();
    if (passing != null && passing.grant() instanceof Grant.Published) {
      flow.relyOnPublished();
    }
    return passing != null && servers.keeps(flow, under, passing);
  }

  /**
   * Tries flows and questions, without counting or telling anything.
   *
   * @return the one object of this network
   */
  public EgressTrials trials() {
    return trials;
  }

  @Override
  public Question question(PortBudget port, String name, int type) {
    EgressPolicy under = policies.of(port.name());
    EgressDecision decision = judge.question(under, name);
    if (decision.admitted()) {
      return under.byName() ? withoutServices(type) : Question.ASKED;
    }
    boolean dry = decision.dry();
    if (!decision.logged()) {
      return dry ? Question.ASKED : Question.REFUSED;
    }
    log.refusedName(decision, port.name(), name);
    return dry ? Question.ASKED : Question.REFUSED;
  }

  /**
   * The decision about a permitted question under rules about names. Services' records would have
   * the guest speak with addresses and keys that no answer has named, and all types have those too.
   */
  private static Question withoutServices(int type) {
    return switch (type) {
      case SVCB, HTTPS -> Question.SUPPRESSED;
      case ANY -> Question.MINIMAL;
      default -> Question.ASKED;
    };
  }

  @Override
  public boolean asksPlainly(PortBudget port) {
    return policies.of(port.name()).limitsQuestions();
  }

  @Override
  public boolean isPrivate(Address address) {
    return policies.translators().isPrivate(address.high(), address.low());
  }

  @Override
  public void told(PortBudget port, String name, Address address, long seconds) {
    told.add(port, name, address, seconds, policies.of(port.name()).byName());
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node =
        DumpNode.of("egress")
            .withNonZero("toldNames", told.size())
            .withNonZero("toldNamesBytes", told.bytes())
            .withNonZero("toldNamesEvicted", told.evicted())
            .with("hostAddresses", protection.size());
    if (!translators().isEmpty()) {
      node.with("nat64Prefixes", translators().stream().map(Subnet::toString).toList());
    }
    policies.addTo(node);
    return node.build();
  }
}
