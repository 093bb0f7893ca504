package io.lanyard.nat;

import io.lanyard.base.Timers;
import io.lanyard.nat.egress.HostAddressWatch;
import io.lanyard.nat.egress.PublishedPorts;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.nat.gateway.Egress;
import io.lanyard.nat.gateway.Gateway;
import io.lanyard.nat.gateway.GatewayAddresses;
import io.lanyard.nat.gateway.TranslatorSearch;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a network's egress up to date with what it depends on beside its configuration: the host's
 * own addresses, the subnets of other networks, what the daemon publishes, and the translators of
 * the host's network. What becomes forbidden ends, and what is bound to an address that the host
 * has lost.
 *
 * <p>Thread: the network's loop only.
 */
final class EgressUpkeep implements TranslatorSearch, AutoCloseable {
  private final Gateway gateway;
  private final FlowTable flows;
  private final Egress egress;
  private final HostResources host;
  private final @Nullable HostAddressWatch hostAddresses;
  private final PublishedPorts.Listener unpublished = this::unpublished;
  private final Runnable subnetsChanged = this::subnetsChanged;
  private final LostAddresses lost;
  private final OutboundCheck outbound;
  private final boolean leadsOut;
  private Set<Subnet> ipv6 = Set.of();
  private Runnable moved = () -> {};
  private boolean closed;

  /**
   * Begins.
   *
   * @param outbound hears of the host's addresses
   * @param leadsOut whether guests reach the world; those of a network that leads nowhere need no
   *     addresses of the host
   */
  EgressUpkeep(
      Gateway gateway,
      FlowTable flows,
      Egress egress,
      HostResources host,
      Timers timers,
      OutboundCheck outbound,
      boolean leadsOut) {
    this.gateway = gateway;
    this.flows = flows;
    this.egress = egress;
    this.host = host;
    this.outbound = outbound;
    this.leadsOut = leadsOut;
    lost = new LostAddresses(timers, this::leadsNowhere);
    egress.protection().otherNetworks(otherSubnets());
    hostAddresses =
        leadsOut ? new HostAddressWatch(gateway.loop(), timers, this::hostAddresses) : null;
    gateway.judgeLocated(this::located);
    host.published().addListener(unpublished);
    host.subnets().addListener(subnetsChanged);
  }

  /** Why nothing leads out; empty while something does. */
  String problem() {
    return hostAddresses == null ? "" : hostAddresses.problem();
  }

  /** Ends the flows that egress does not admit now. */
  void judgeAgain() {
    flows.endIf(flow -> !egress.admits(flow));
    gateway.flush();
  }

  /**
   * Ends the flows of one port that egress does not admit now. Those of others are not looked at: a
   * change of a port group comes as a change of each of its ports.
   *
   * @param port the name of a port; those of its clients have its rules
   */
  void judgeAgain(String port) {
    for (PortBudget budget : gateway.stations().budgets()) {
      if (egress.isUnder(budget, port)) {
        flows.endIf(budget.flows(), budget.addresses(), flow -> !egress.admits(flow));
      }
    }
    gateway.flush();
  }

  /** Ends the flows that may not come in to a guest of the port which it turns out to be behind. */
  private boolean located(Neighbour guest) {
    if (!egress.judgesInwardByPort()) {
      return true;
    }
    boolean all = true;
    for (Flow flow : flows.ofGuest(guest.address())) {
      if (flow.client() != null && !egress.admits(flow)) {
        egress.refused(flow);
        flows.end(flow);
        all = false;
      }
    }
    return all;
  }

  /** Guests of the network itself are on its link, and never beyond the gateway. */
  private List<Subnet> otherSubnets() {
    GatewayAddresses own = gateway.addresses();
    return host.subnets().all().stream()
        .filter(subnet -> !own.isOfSubnets(subnet.network()))
        .toList();
  }

  private void hostAddresses(List<Subnet> own) {
    egress.protection().hostAddresses(own);
    judgeAgain();
    lost.present(own);
    outbound.hostAddresses(own);
    Set<Subnet> present = inTheWorld(own);
    if (!present.equals(ipv6)) {
      ipv6 = present;
      moved.run();
    }
  }

  /** The IPv6 addresses that say on which network the host is; those of every link do not. */
  private static Set<Subnet> inTheWorld(List<Subnet> own) {
    return own.stream()
        .filter(subnet -> !subnet.network().isIpv4() && !subnet.network().isLinkLocal())
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public boolean isWanted() {
    return !closed
        && leadsOut
        && gateway.addresses().ipv6() != null
        && egress.discoversTranslators();
  }

  @Override
  public boolean hasRoute() {
    return host.hasIpv6Route();
  }

  @Override
  public boolean found(List<Subnet> prefixes) {
    boolean others = !closed && egress.translators(prefixes);
    if (others) {
      judgeAgain();
    }
    return others;
  }

  @Override
  public void listen(Runnable changed) {
    moved = changed;
  }

  /** Ends the flows that are bound to an address which the host has lost. */
  private void leadsNowhere(Predicate<Address> gone) {
    flows.endIf(flow -> {
      Address bound = flow.hostAddress();
      return bound != null && gone.test(bound);
    });
    gateway.flush();
  }

  /** A port is published no more, perhaps by another network: what it has permitted ends. */
  private void unpublished(int protocol, int port, Predicate<Address> on) {
    if (egress.protection().reliedOn(protocol, port)) {
      onLoop(() -> {
        flows.endReliant(protocol, port, flow -> on.test(flow.remote()) && !egress.admits(flow));
        gateway.flush();
      });
    }
  }

  /** A network was added or removed, perhaps by another thread. */
  private void subnetsChanged() {
    onLoop(() -> {
      egress.protection().otherNetworks(otherSubnets());
      judgeAgain();
    });
  }

  private void onLoop(Runnable task) {
    try {
      gateway
          .loop()
          .execute(() -> {
            if (!closed) {
              task.run();
            }
          });
    } catch (RejectedExecutionException e) {
      // The loop has ended, and the network with it.
    }
  }

  @Override
  public void close() {
    closed = true;
    lost.close();
    host.published().removeListener(unpublished);
    host.subnets().removeListener(subnetsChanged);
    if (hostAddresses != null) {
      hostAddresses.close();
    }
  }
}
