package io.lanyard.nat.forward;

import io.lanyard.base.RateLimitedLog;
import io.lanyard.base.Shortage;
import io.lanyard.base.Timers;
import io.lanyard.nat.flow.FlowAccount;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.FlowOwner;
import io.lanyard.nat.flow.FlowQuota;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.net.Address;
import java.lang.System.Logger;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who holds a forward's places: an account for each address that has a flow, and none for others.
 * Of IPv6 the first 64 bits count, since a host makes up the rest.
 *
 * <p>Thread: the network's loop only.
 */
final class ForwardClients {
  private static final Logger LOG = System.getLogger(ForwardClients.class.getName());

  /** A client: its address, of IPv6 the network's part, and what it holds. */
  record Client(Address address, FlowAccount account) {}

  private final int protocol;
  private final FlowOwner owner;
  private final RateLimitedLog log;
  private final Shortage shortage;
  private final Map<Address, Client> clients = new HashMap<>();

  /** How often the forward was full when this was last looked at. */
  private long full;

  ForwardClients(String forward, int protocol, long yieldNanos, Timers timers) {
    this.protocol = protocol;
    log = new RateLimitedLog(LOG, timers.clock());
    shortage = new Shortage(timers.clock());
    owner = FlowOwner.ofForward(forward, yieldNanos);
  }

  FlowOwner owner() {
    return owner;
  }

  /** The client at an address; to be {@link #release}d when a flow of it was not to be had. */
  Client at(Address address) {
    Address key = address.isIpv4() ? address : new Address(address.high(), 0);
    return clients.computeIfAbsent(key, made -> new Client(made, new FlowAccount(owner)));
  }

  /** Forgets a client that has no flow, or no more. */
  void release(Client client) {
    if (client.account.flows(protocol) == 0) {
      clients.remove(client.address);
    }
  }

  int count() {
    return clients.size();
  }

  /**
   * Looks whether a newcomer has found the forward full, so that it was refused or another made
   * place. That is a problem while it lasts, and a line of the log at a limited rate.
   *
   * @param flows the network's flows, which may have no place for another of this client
   */
  void newcomer(Client client, FlowTable flows) {
    long now = owner.refused() + owner.evicted();
    if (now == full) {
      return;
    }
    full = now;
    int limit = flows.quota().perOwner(owner, protocol);
    int perClient = flows.quota().perAccount(owner, protocol);
    log.log(
        Logger.Level.WARNING,
        "forward-full",
        line ->
            line.with("forward", owner.name())
                .with("client", client.address)
                .with("limit", limit)
                .with("limit-per-client", perClient));
    // A flow also makes place where sockets are short, which is a problem of the network's.
    if (!flows.hasRoom(client.account, protocol) && shortage.refused()) {
      boolean _ = shortage.say(owner.name(), describe(client, limit, perClient));
    }
  }

  private String describe(Client client, int limit, int perClient) {
    boolean tcp = protocol == FlowKey.TCP;
    String what = tcp ? " connections" : " flows";
    String whose;
    int part;
    if (client.account.flows(protocol) >= perClient) {
      whose =
          "client " + client.address + " has all " + perClient + what + " that one client takes";
      part = FlowQuota.CLIENT_SHARE * parts(tcp);
    } else if (owner.flows(protocol) >= limit) {
      whose = "its clients have all " + limit + what + " that it takes";
      part = parts(tcp);
    } else {
      whose = "all forwards of the network together have the" + what + " that they take";
      part = FlowQuota.FORWARDS_SHARE;
    }
    return owner.name()
        + " is full, so that new"
        + what
        + " are refused or end idle ones: "
        + whose
        + "; raise nat: {quotas: {"
        + (tcp ? "tcp" : "udp")
        + ": ...}}, of which that is one part in "
        + part;
  }

  private static int parts(boolean tcp) {
    return tcp ? FlowQuota.TCP_FORWARD_SHARE : FlowQuota.UDP_FORWARD_SHARE;
  }

  /** Who has all places, and what to do about it; null where none was missed in the last minute. */
  @Nullable String shortage() {
    String present = shortage.problem();
    return present.isEmpty() ? null : present;
  }
}
