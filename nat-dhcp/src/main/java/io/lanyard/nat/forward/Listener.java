package io.lanyard.nat.forward;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Timers;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.ForwardConfig.ToAddress;
import io.lanyard.config.ForwardConfig.ToGuest;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.nat.forward.ForwardClients.Client;
import io.lanyard.nat.gateway.Egress;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The host's side of a port of a forward, and its counters.
 *
 * <p>Thread: the network's loop only.
 */
abstract sealed class Listener permits TcpListener, UdpListener {
  /** Hears whether the host's port could be opened. */
  interface Opening {
    /** The port is open. */
    void opened();

    /** The port could not be opened; nothing is left behind. */
    void failed(Throwable cause);
  }

  /** One port as declared; its target may be replaced, its key is the same for good. */
  private ForwardConfig forward;

  final ForwardClients clients;

  /** After how long without a packet a TCP connection makes place where a forward is full. */
  private static final long YIELD_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final GuestAddresses guests;
  private final FlowTable flows;
  private final Egress egress;
  private final int protocol;
  private final Map<Flow, Client> live = new HashMap<>();
  private long accepted;
  private long refused;
  private long bytesToGuest;
  private long bytesFromGuest;

  Listener(
      ForwardConfig forward, GuestAddresses guests, FlowTable flows, Egress egress, Timers timers) {
    this.forward = forward;
    this.egress = egress;
    this.guests = guests;
    this.flows = flows;
    protocol = forward.protocol().number();
    clients = new ForwardClients(forward.key(), protocol, YIELD_NANOS, timers);
  }

  /** Opens the host's port, by this call or by a later task. */
  abstract void open(Opening opening);

  /**
   * Closes the host's port. Connections that were accepted live on; a UDP client's flow does not.
   */
  abstract void close();

  /** The port that is open; the declared one while none is. */
  abstract int port();

  final ForwardConfig forward() {
    return forward;
  }

  /** Has new clients led elsewhere; the replacement has the same key. */
  final void replace(ForwardConfig replacement) {
    forward = replacement;
  }

  /** Ends the flows that came in by the forward. */
  final void endFlows() {
    List.copyOf(live.keySet()).forEach(flows::end);
  }

  /** The guest's address now; null when it has none. */
  final @Nullable Address guest() {
    ForwardConfig.Target to = forward.to();
    return to instanceof ToGuest guest ? guests.addressOf(guest.mac()) : ((ToAddress) to).address();
  }

  /** Whether the rules of the guest's port and of the network let a client come in. */
  final boolean admits(Address client, Neighbour guest) {
    Endpoint to = new Endpoint(guest.address(), forward.to().port());
    return egress.admitsClient(guest.charged().budget().name(), protocol, client, to);
  }

  final void refused() {
    refused++;
  }

  final long accepted() {
    return accepted;
  }

  final long refusals() {
    return refused;
  }

  /** Flows that came in by the forward and live. */
  final int flows() {
    return live.size();
  }

  /** The most flows of all clients together. */
  final int limit() {
    return flows.quota().perOwner(clients.owner(), protocol);
  }

  final int limitPerClient() {
    return flows.quota().perAccount(clients.owner(), protocol);
  }

  /** Follows a flow until its end, for the counters; it ends with the guest's port. */
  final void accepted(Flow flow, Endpoint from, Client client, Neighbour guest) {
    accepted++;
    flow.forward(forward.key(), from, () -> guest.charged().budget().flows());
    if (flow.live()) {
      live.put(flow, client);
      flow.onGone(this::gone);
    }
  }

  /** Hears how a newcomer fared, who may have got a flow or not. */
  final void served(Client client) {
    clients.release(client);
    clients.newcomer(client, flows);
  }

  private void gone(Flow flow) {
    Client client = live.remove(flow);
    if (client != null) {
      clients.release(client);
    }
    bytesToGuest += flow.bytesToGuest();
    bytesFromGuest += flow.bytesFromGuest();
  }

  /** Adds who holds the forward's places, and how many there are. */
  final void addTo(DumpNode.Builder node) {
    node.with("clients", clients.count())
        .with("limit", limit())
        .with("limitPerClient", limitPerClient())
        .withNonZero("full", clients.owner().refused())
        .withNonZero("madePlace", clients.owner().evicted());
  }

  /** The counters; whether the port is open is known to its owner. */
  final ForwardStatus status() {
    long to = bytesToGuest;
    long from = bytesFromGuest;
    for (Flow flow : live.keySet()) {
      to += flow.bytesToGuest();
      from += flow.bytesFromGuest();
    }
    return new ForwardStatus(
        forward, true, null, null, port(), accepted, refused, live.size(), to, from);
  }
}
