package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.nat.egress.EgressPolicy;
import io.lanyard.nat.egress.EgressRule;
import io.lanyard.nat.egress.EgressRules;
import io.lanyard.nat.egress.EgressService;
import io.lanyard.nat.egress.PublishedPorts;
import io.lanyard.nat.egress.ServiceTable;
import io.lanyard.nat.egress.SubnetTable;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.lang.System.Logger;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The one decision where guests may go, for TCP, UDP and ping alike. Asked when a flow begins.
 *
 * <p>Thread: the network's loop only.
 */
public final class Egress implements Dumpable {
  private static final Logger LOG = System.getLogger(Egress.class.getName());

  /**
   * Link-local addresses, where clouds serve the host's identity, and the other addresses known for
   * that: of Alibaba, Azure, Oracle, AWS, Google.
   */
  private static final List<Subnet> METADATA =
      List.of(
          Subnet.parse("169.254.0.0/16"),
          Subnet.parse("fe80::/10"),
          Subnet.parse("100.100.100.200/32"),
          Subnet.parse("168.63.129.16/32"),
          Subnet.parse("192.0.0.192/32"),
          Subnet.parse("fd00:ec2::254/128"),
          Subnet.parse("fd20:ce::254/128"));

  private static final String ADMITTED = "";

  private final String network;
  private final EgressPolicy policy;
  private final EgressRules rules;
  private final ServiceTable loopback;
  private final long[] ruleHits;
  private final SubnetTable others4;
  private final SubnetTable metadata4;
  private final SubnetTable others6;
  private final SubnetTable metadata6;
  private final PublishedPorts published;
  private final IcmpErrors errors;
  private final Counters<GatewayCount> counters;
  private final RateLimitedLog log;
  private @Nullable SubnetTable own4;
  private @Nullable SubnetTable own6;

  /** The published ports that have decided, by protocol and port. */
  private final Set<Integer> reliedOn = ConcurrentHashMap.newKeySet();

  /**
   * Makes the decision for a network.
   *
   * @param network the network's name, for the log
   * @param gateway the gateway, which tells guests and counts
   * @param policy what the configuration says
   * @param published what this daemon serves on the host's addresses
   */
  public Egress(String network, Gateway gateway, EgressPolicy policy, PublishedPorts published) {
    this.network = network;
    this.policy = policy;
    this.published = published;
    errors = gateway.errors();
    counters = gateway.counters();
    log = new RateLimitedLog(LOG, gateway.timers().clock());
    rules = new EgressRules(policy.rules());
    loopback = ServiceTable.of(policy.loopback());
    ruleHits = new long[rules.size()];
    others4 = SubnetTable.of(policy.others(), true);
    others6 = SubnetTable.of(policy.others(), false);
    metadata4 = SubnetTable.of(METADATA, true);
    metadata6 = SubnetTable.of(METADATA, false);
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
   * Decides on a flow that a packet would begin, and tells the guest if it may not be.
   *
   * @param packet a packet that leads out
   * @param port the remote port; 0 for ICMP
   * @return true if the flow may be
   */
  public boolean admits(Packet packet, int port) {
    int protocol = protocol(packet.protocol);
    String why = judge(protocol, packet.hostHigh, packet.hostLow, port, 1);
    if (why.isEmpty()) {
      return true;
    }
    counters.count(GatewayCount.EGRESS_DENIED);
    log.log(
        Logger.Level.INFO,
        "egress-denied",
        line ->
            line.with("network", network)
                .with("port", packet.station.budget().name())
                .with("guest", packet.source())
                .with("destination", text(protocol, packet.destination(), port))
                .with("reason", why));
    errors.send(IcmpReason.PROHIBITED, packet);
    return false;
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
    return judge(protocol(protocol), high, low, port, 1).isEmpty();
  }

  /**
   * Whether a flow may go on.
   *
   * @param flow a flow that leads out
   * @return false if it would not be admitted now
   */
  public boolean admits(Flow flow) {
    Address remote = flow.remote();
    return judge(protocol(flow.protocol()), remote.high(), remote.low(), flow.remotePort(), 0)
        .isEmpty();
  }

  /**
   * Why a flow may not be; empty if it may.
   *
   * @param flows how many new flows that decides on, for the rule's count
   */
  private String judge(int protocol, long high, long low, int port, int flows) {
    if (Destinations.isLoopback(high, low)) {
      return loopback(protocol, port) ? ADMITTED : "the port is not in host-loopback";
    }
    String shield = shield(high, low);
    int index = rules.find(high, low, protocol, port, shield.isEmpty());
    if (index != EgressRules.NONE) {
      EgressRule rule = rules.get(index);
      ruleHits[index] += flows;
      return rule.allow() ? ADMITTED : "rule " + index + ", deny " + rule.text();
    }
    if (!policy.allow()) {
      return shield.isEmpty() ? "no rule allows it" : shield;
    }
    return shield.isEmpty() || isPublished(protocol, high, low, port) ? ADMITTED : shield;
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
   * @param protocol a constant of {@link EgressService}
   * @param port the port
   * @return true once for each time that flows have relied on it; any thread may ask
   */
  public boolean reliedOn(int protocol, int port) {
    return reliedOn.remove(service(protocol, port));
  }

  private boolean loopback(int protocol, int port) {
    return policy.loopback().isEmpty() || loopback.find(protocol, port) != ServiceTable.NONE;
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
    return (ipv4 ? metadata4 : metadata6).find(high, low) != SubnetTable.NONE
        ? "a link-local or metadata address"
        : "";
  }

  private static int protocol(int number) {
    return switch (number) {
      case FlowKey.TCP -> EgressService.TCP;
      case FlowKey.UDP -> EgressService.UDP;
      default -> EgressService.ICMP;
    };
  }

  private static String text(int protocol, Address destination, int port) {
    return switch (protocol) {
      case EgressService.TCP -> "tcp " + destination + " port " + port;
      case EgressService.UDP -> "udp " + destination + " port " + port;
      default -> "icmp " + destination;
    };
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node =
        DumpNode.of("egress")
            .with("default", policy.allow() ? "allow" : "deny")
            .with("hostAddresses", own4 == null || own6 == null ? -1 : own4.size() + own6.size());
    for (int i = 0; i < rules.size(); i++) {
      EgressRule rule = rules.get(i);
      node.child(
          DumpNode.of("rule " + i)
              .with(rule.allow() ? "allow" : "deny", rule.text())
              .with("flows", ruleHits[i])
              .build());
    }
    return node.build();
  }
}
