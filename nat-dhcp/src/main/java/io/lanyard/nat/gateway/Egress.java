package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.config.EgressConfig;
import io.lanyard.config.EgressConfig.Rule;
import io.lanyard.config.EgressConfig.Verdict;
import io.lanyard.config.HostLoopback;
import io.lanyard.nat.egress.EgressRules;
import io.lanyard.nat.egress.NameRules;
import io.lanyard.nat.egress.NameServices;
import io.lanyard.nat.egress.PublishedPorts;
import io.lanyard.nat.egress.ServiceTable;
import io.lanyard.nat.egress.SpecialAddresses;
import io.lanyard.nat.egress.SubnetTable;
import io.lanyard.nat.egress.ToldNames;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.Grant;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.lang.System.Logger;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The one decision where guests may go, for TCP, UDP and ping alike. Asked when a flow begins, and
 * about all flows when something has changed that it depends on.
 *
 * <p>Thread: the network's loop only.
 */
public final class Egress implements NamePolicy, Dumpable {
  private static final Logger LOG = System.getLogger(Egress.class.getName());

  /** {@code 64:ff9b::/96}, behind which translators find IPv4. */
  private static final long TRANSLATED = 0x0064_ff9b_0000_0000L;

  /** {@code 2002::/16}. */
  private static final int SIX_TO_FOUR = 0x2002;

  private static final int SVCB = 64; // RFC 9460 section 14.1
  private static final int HTTPS = 65;

  private final String network;
  private final GatewayAddresses addresses;
  private final ToldNames told;
  private final PublishedPorts published;
  private final IcmpErrors errors;
  private final Counters<GatewayCount> counters;
  private final RateLimitedLog log;
  private Policy policy;
  private SubnetTable others4;
  private SubnetTable others6;
  private @Nullable SubnetTable own4;
  private @Nullable SubnetTable own6;

  /** The published ports that have decided, by protocol and port. */
  private final Set<Integer> reliedOn = ConcurrentHashMap.newKeySet();

  /** The configuration, compiled. */
  private static final class Policy {
    final EgressConfig config;
    final HostLoopback hostLoopback;
    final EgressRules rules;
    final NameRules names;
    final long[] ruleHits;
    private final ServiceTable loopback;

    Policy(EgressConfig config, HostLoopback hostLoopback) {
      this.config = config;
      this.hostLoopback = hostLoopback;
      rules = new EgressRules(config.rules());
      names = new NameRules(config.rules());
      ruleHits = new long[rules.size()];
      loopback = ServiceTable.of(hostLoopback.services());
    }

    boolean loopback(int protocol, int port) {
      return hostLoopback.services().isEmpty()
          || loopback.find(protocol, port) != ServiceTable.NONE;
    }

    /** Goes on with the counts of the rules that were there before. */
    void countOn(Policy before) {
      for (int i = 0; i < rules.size(); i++) {
        int same = before.config.rules().indexOf(rules.get(i));
        ruleHits[i] = same < 0 ? 0 : before.ruleHits[same];
      }
    }
  }

  /**
   * Makes the decision for a network.
   *
   * @param network the network's name, for the log
   * @param gateway the gateway, which tells guests and counts
   * @param config where guests may go
   * @param hostLoopback what of the host's loopback they reach
   * @param published what this daemon serves on the host's addresses
   */
  public Egress(
      String network,
      Gateway gateway,
      EgressConfig config,
      HostLoopback hostLoopback,
      PublishedPorts published) {
    this.network = network;
    this.published = published;
    addresses = gateway.addresses();
    errors = gateway.errors();
    counters = gateway.counters();
    log = new RateLimitedLog(LOG, gateway.timers().clock());
    policy = new Policy(config, hostLoopback);
    others4 = SubnetTable.of(List.of(), true);
    others6 = SubnetTable.of(List.of(), false);
    told = new ToldNames(gateway.timers().clock());
    gateway.stations().addListener(told::forget);
    gateway.takeQuestions(() -> !policy.names.isEmpty());
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
    if (config.equals(policy.config) && hostLoopback.equals(policy.hostLoopback)) {
      return false;
    }
    Policy next = new Policy(config, hostLoopback);
    next.countOn(policy);
    policy = next;
    return true;
  }

  /**
   * Takes the host's own addresses. Until then nothing leads out.
   *
   * @param own the addresses, as subnets
   */
  public void hostAddresses(List<Subnet> own) {
    own4 = SubnetTable.of(own, true);
    own6 = SubnetTable.of(own, false);
  }

  /**
   * Takes the subnets of other networks.
   *
   * @param others the subnets
   */
  public void otherNetworks(List<Subnet> others) {
    others4 = SubnetTable.of(others, true);
    others6 = SubnetTable.of(others, false);
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
    List<String> names = policy.names.isEmpty() ? List.of() : told.names(by, packet.destination());
    Decision decision =
        judge(policy, names, packet.protocol, packet.hostHigh, packet.hostLow, port);
    count(decision);
    if (decision.admitted()) {
      return decision.grant();
    }
    boolean dry = decision.dry();
    counters.count(dry ? GatewayCount.EGRESS_WOULD_DENY : GatewayCount.EGRESS_DENIED);
    log.log(
        Logger.Level.INFO,
        dry ? "egress-would-deny" : "egress-denied",
        by.name(),
        line ->
            line.with("network", network)
                .with("port", by.name())
                .with("guest", packet.source())
                .with("destination", text(packet.protocol, packet.destination(), port))
                .with("names", String.join(",", names))
                .with("reason", decision.why()));
    if (dry) {
      return Grant.BY_ADDRESS;
    }
    errors.send(IcmpReason.PROHIBITED, packet);
    return null;
  }

  /**
   * Decides on a flow that begins outside: the guest's answers would lead there.
   *
   * @param protocol the IP protocol number
   * @param high the upper long of the remote address, on the host's side
   * @param low its lower long
   * @param port the remote port
   * @return true if the flow may be
   */
  public boolean admits(int protocol, long high, long low, int port) {
    Decision decision = judge(policy, List.of(), protocol, high, low, port);
    count(decision);
    return decision.admitted() || decision.dry();
  }

  /**
   * Whether a flow may go on.
   *
   * @param flow a flow of the network
   * @return false if it would not be admitted now
   */
  public boolean admits(Flow flow) {
    return admits(flow, policy);
  }

  /**
   * Whether flows could go on under another configuration.
   *
   * @param config where guests may go
   * @param hostLoopback what of the host's loopback they reach
   * @return a question to ask about each flow
   */
  public Predicate<Flow> admitsUnder(EgressConfig config, HostLoopback hostLoopback) {
    Policy other = new Policy(config, hostLoopback);
    return flow -> admits(flow, other);
  }

  private boolean admits(Flow flow, Policy under) {
    if (flow.grant() instanceof Grant.Service) {
      return true;
    }
    Address remote = flow.remote();
    if (addresses.isOfSubnets(remote) || addresses.isGateway(remote.high(), remote.low())) {
      // Of the subnet a flow's remote end is the gateway, for its services and the clients of
      // forwards, or the host, whose loopback it stands for.
      return !addresses.isHost(remote)
          || (under.hostLoopback.enabled() && under.loopback(flow.protocol(), flow.remotePort()));
    }
    List<String> names =
        flow.grant() instanceof Grant.ByName(String name) ? List.of(name) : List.of();
    Decision decision =
        judge(under, names, flow.protocol(), remote.high(), remote.low(), flow.remotePort());
    return decision.admitted() || decision.dry();
  }

  /**
   * The decision about a flow.
   *
   * @param grant why it may be; null if it may not
   * @param why why it may not, in words
   * @param rule the rule that has decided, or {@link EgressRules#NONE}
   * @param dry whether it is let pass all the same, since the rules are only tried
   */
  private record Decision(@Nullable Grant grant, String why, int rule, boolean dry) {
    static final Decision BY_DEFAULT = new Decision(Grant.BY_ADDRESS, "", EgressRules.NONE, false);

    boolean admitted() {
      return grant != null;
    }

    /** A refusal that only a rule about the address itself overrides. */
    static Decision shielded(String why) {
      return new Decision(null, why, EgressRules.NONE, false);
    }
  }

  private void count(Decision decision) {
    if (decision.rule() != EgressRules.NONE) {
      policy.ruleHits[decision.rule()]++;
    }
  }

  /**
   * Decides.
   *
   * @param names the names for which the guest was told the address
   */
  private Decision judge(
      Policy under, List<String> names, int protocol, long high, long low, int port) {
    if (Destinations.isLoopback(high, low)) {
      return under.loopback(protocol, port)
          ? Decision.BY_DEFAULT
          : Decision.shielded("the port is not in host-loopback");
    }
    String embedded = judgeEmbedded(under, protocol, high, low, port);
    if (!embedded.isEmpty()) {
      return Decision.shielded(embedded);
    }
    String shield = shield(high, low);
    // Under rules about names the other ways to learn an address are closed.
    boolean resolves = !under.names.isEmpty() && NameServices.isOne(protocol, port);
    int index = under.rules.find(high, low, protocol, port, !shield.isEmpty(), resolves);
    Grant grant = Grant.BY_ADDRESS;
    String withheld = "";
    for (String name : names) {
      int own = under.names.find(name, protocol, port, resolves);
      if (own == EgressRules.NONE) {
        continue;
      }
      boolean permits = under.rules.get(own).verdict() == Verdict.ALLOW;
      if (permits && (!shield.isEmpty() || SpecialAddresses.PRIVATE.contains(high, low))) {
        // The owner of the name could lead guests anywhere.
        withheld = "rule " + own + " permits " + name + ", but not at " + place(shield);
      } else if (EgressRules.earlier(own, index) == own) {
        index = own;
        grant = new Grant.ByName(name);
      }
    }
    if (index != EgressRules.NONE) {
      Rule rule = under.rules.get(index);
      return rule.verdict() == Verdict.ALLOW
          ? new Decision(grant, "", index, false)
          : new Decision(
              null, "rule " + index + ", deny " + rule.target(), index, under.config.dryRun());
    }
    if (!shield.isEmpty()) {
      return under.config.otherwise() == Verdict.ALLOW && isPublished(protocol, high, low, port)
          ? Decision.BY_DEFAULT
          : Decision.shielded(withheld.isEmpty() ? shield : withheld);
    }
    if (under.config.otherwise() == Verdict.ALLOW && !resolves) {
      return Decision.BY_DEFAULT;
    }
    String why =
        !withheld.isEmpty()
            ? withheld
            : resolves ? "names are asked of the gateway" : "no rule allows it";
    return new Decision(null, why, EgressRules.NONE, under.config.dryRun());
  }

  private static String place(String shield) {
    return shield.isEmpty() ? "a private address" : shield;
  }

  /**
   * Why a flow may not be to the IPv4 address that an IPv6 address stands for, empty if it may,
   * where the host's network translates it (RFC 6052 section 2.1, RFC 3056 section 2): what IPv4
   * rules forbid is not reached by IPv6.
   */
  private String judgeEmbedded(Policy under, int protocol, long high, long low, int port) {
    long ipv4;
    if (high == TRANSLATED && low >>> 32 == 0) {
      ipv4 = Address.ipv4Low((int) low);
    } else if (high >>> 48 == SIX_TO_FOUR) {
      ipv4 = Address.ipv4Low((int) (high >>> 16));
    } else {
      return "";
    }
    String shield =
        Destinations.isLoopback(0, ipv4) ? "an address of the host itself" : shield(0, ipv4);
    boolean resolves = !under.names.isEmpty() && NameServices.isOne(protocol, port);
    int index = under.rules.find(0, ipv4, protocol, port, !shield.isEmpty(), resolves);
    if (index == EgressRules.NONE) {
      return shield;
    }
    Rule rule = under.rules.get(index);
    return rule.verdict() == Verdict.ALLOW ? "" : "rule " + index + ", deny " + rule.target();
  }

  /** Whether what is published decides; then the flow lasts no longer than that. */
  private boolean isPublished(int protocol, long high, long low, int port) {
    if (!published.contains(protocol, high, low, port)) {
      return false;
    }
    reliedOn.add(service(protocol, port));
    return published.contains(protocol, high, low, port); // it may have ended before the note
  }

  private static int service(int protocol, int port) {
    return protocol << 16 | port;
  }

  /**
   * Whether a flow was admitted because a port was published, and is to be looked at again now that
   * it is published no more.
   *
   * @param protocol the IP protocol number
   * @param port the port
   * @return true once for each time that flows have relied on it; any thread may ask
   */
  public boolean reliedOn(int protocol, int port) {
    return reliedOn.remove(service(protocol, port));
  }

  /** Why a destination needs a rule of its own; empty if it needs none. */
  private String shield(long high, long low) {
    boolean ipv4 = Address.isIpv4(high, low);
    SubnetTable own = ipv4 ? own4 : own6;
    if (own == null) {
      return "the host's own addresses are not known yet";
    }
    if (own.find(high, low) != SubnetTable.NONE) {
      return "an address of the host itself";
    }
    if ((ipv4 ? others4 : others6).find(high, low) != SubnetTable.NONE) {
      return "another network";
    }
    return SpecialAddresses.METADATA.contains(high, low) ? "a link-local or metadata address" : "";
  }

  @Override
  public Question question(PortBudget port, String name, int type) {
    int index = policy.names.findAsked(name);
    Verdict verdict =
        index == EgressRules.NONE ? policy.config.otherwise() : policy.rules.get(index).verdict();
    if (verdict == Verdict.DENY) {
      String why =
          index == EgressRules.NONE
              ? "no rule allows it"
              : "rule " + index + ", deny " + policy.rules.get(index).target();
      boolean dry = policy.config.dryRun();
      log.log(
          Logger.Level.INFO,
          dry ? "name-would-be-refused" : "name-refused",
          port.name(),
          line ->
              line.with("network", network)
                  .with("port", port.name())
                  .with("name", name)
                  .with("reason", why));
      return dry ? Question.ASKED : Question.REFUSED;
    }
    // They would have the guest speak with addresses and keys that no answer of ours has named.
    return (type == SVCB || type == HTTPS) && !policy.names.isEmpty()
        ? Question.SUPPRESSED
        : Question.ASKED;
  }

  @Override
  public void told(PortBudget port, String name, Address address, long seconds) {
    if (!policy.names.isEmpty()) {
      told.add(port, name, address, seconds);
    }
  }

  private static String text(int protocol, Address destination, int port) {
    return switch (protocol) {
      case FlowKey.TCP -> "tcp " + destination + " port " + port;
      case FlowKey.UDP -> "udp " + destination + " port " + port;
      default -> "icmp " + destination;
    };
  }

  @Override
  public DumpNode dump() {
    EgressConfig config = policy.config;
    DumpNode.Builder node =
        DumpNode.of("egress")
            .with("default", config.otherwise() == Verdict.ALLOW ? "allow" : "deny")
            .withNonZero("toldNames", told.size())
            .withNonZero("toldNamesEvicted", told.evicted())
            .with("hostAddresses", own4 == null || own6 == null ? -1 : own4.size() + own6.size());
    for (int i = 0; i < config.rules().size(); i++) {
      Rule rule = config.rules().get(i);
      node.child(
          DumpNode.of("rule " + i)
              .with(rule.verdict() == Verdict.ALLOW ? "allow" : "deny", rule.target().toString())
              .with("flows", policy.ruleHits[i])
              .build());
    }
    return node.build();
  }
}
