package io.lanyard.nat.forward;

import io.lanyard.base.RateLimitedLog;
import io.lanyard.base.Timers;
import io.lanyard.nat.flow.FlowAccount;
import io.lanyard.nat.flow.FlowOwner;
import io.lanyard.net.Address;
import java.lang.System.Logger;
import java.util.HashMap;
import java.util.Map;

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
  private final Map<Address, Client> clients = new HashMap<>();

  /** How often the forward was full when this was last looked at. */
  private long full;

  ForwardClients(String forward, int protocol, long yieldNanos, Timers timers) {
    this.protocol = protocol;
    log = new RateLimitedLog(LOG, timers.clock());
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
   * place, and says so at a limited rate.
   */
  void newcomer(Address address, int limit, int perClient) {
    long now = owner.refused() + owner.evicted();
    if (now != full) {
      full = now;
      log.log(
          Logger.Level.WARNING,
          "forward-full",
          line ->
              line.with("forward", owner.name())
                  .with("client", address)
                  .with("limit", limit)
                  .with("limit-per-client", perClient));
    }
  }
}
