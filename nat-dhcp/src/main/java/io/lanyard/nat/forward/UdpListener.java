package io.lanyard.nat.forward;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.config.ForwardConfig;
import io.lanyard.linux.DatagramEnds;
import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.InetDatagram;
import io.lanyard.linux.SocketError;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.nat.forward.ForwardClients.Client;
import io.lanyard.nat.gateway.Egress;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.udp.HostReader;
import io.lanyard.nat.udp.HostSocket;
import io.lanyard.nat.udp.UdpNat;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Icmpv6;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** The host's side of a UDP forward. */
final class UdpListener extends Listener implements HostReader.Receiver {
  /** The dynamic ports (RFC 6335 section 6): the gateway has no service there. */
  private static final int FIRST_PORT = 49152;

  private static final int PORTS = 16384;

  /** How many ports are tried for a new client before it is refused. */
  private static final int TRIES = 64;

  private final GuestLink link;
  private final FlowTable flows;
  private final UdpNat nat;
  private final HostReader reader;
  private final DescriptorBudget.Holder descriptors;
  private final FlowKey key = new FlowKey(FlowKey.UDP);

  /** The one that has been silent for longest is the first. */
  private final SequencedMap<DatagramEnds, ClientFlow> byEnds =
      new LinkedHashMap<>(16, 0.75f, true);

  private @Nullable HostSocket socket;

  /** The guest that the last new client was led to; null before the first one. */
  private @Nullable Neighbour guest;

  private int publishedPort;
  private int nextPort;

  UdpListener(
      ForwardConfig forward,
      GuestAddresses guests,
      GuestLink link,
      FlowTable flows,
      Egress egress,
      UdpNat nat,
      HostReader reader,
      DescriptorBudget.Holder descriptors) {
    super(forward, guests, flows, egress, link.timers());
    this.link = link;
    this.flows = flows;
    this.nat = nat;
    this.reader = reader;
    this.descriptors = descriptors;
    // From now on, whether the port can be had yet or not.
    nat.reserved().reserve(forward.listen().port());
  }

  @Override
  void open(Opening opening) {
    try {
      bind(forward().listen());
    } catch (IOException e) {
      opening.failed(e);
      return;
    }
    opening.opened();
  }

  private void bind(Endpoint listen) throws IOException {
    if (!descriptors.take()) {
      throw new ErrnoException("open a datagram socket", Errno.EMFILE);
    }
    try {
      InetDatagram opened = InetDatagram.listen(listen.address(), listen.port());
      socket = HostSocket.watch(link, opened, reader, this, descriptors);
      publishedPort = port();
      nat.published().add(FlowKey.UDP, listen.address(), publishedPort);
    } finally {
      if (socket == null) {
        descriptors.giveBack();
      }
    }
  }

  @Override
  void close() {
    nat.reserved().release(forward().listen().port());
    nat.flush();
    HostSocket open = socket;
    socket = null;
    if (open != null) {
      nat.published().remove(FlowKey.UDP, forward().listen().address(), publishedPort);
      open.close();
    }
    for (ClientFlow flow : new ArrayList<>(byEnds.values())) {
      flows.remove(flow);
    }
    byEnds.clear();
  }

  @Override
  int port() {
    HostSocket open = socket;
    return open == null ? forward().listen().port() : open.socket().localPort();
  }

  @Override
  public Turn turn() {
    Neighbour led = guest;
    return led == null ? link.unlocatedTurn() : led.turn();
  }

  @Override
  public void datagrams(ByteBuf frame, int size, DatagramEnds ends) {
    ClientFlow flow = byEnds.get(ends);
    if (flow == null) {
      flow = open(ends.copy());
      if (flow == null) {
        refused();
        return;
      }
    }
    nat.deliver(flow, frame, size);
  }

  private @Nullable ClientFlow open(DatagramEnds ends) {
    Address address = guest();
    if (address == null) {
      return null;
    }
    Neighbour led = link.neighbour(address);
    if (!admits(ends.remote().address(), led)) {
      return null;
    }
    Client held = clients.at(ends.remote().address());
    ClientFlow flow = open(ends, led, held);
    served(held);
    return flow;
  }

  private @Nullable ClientFlow open(DatagramEnds ends, Neighbour led, Client held) {
    Address address = led.address();
    guest = led;
    Address gateway = link.addressTowards(address);
    for (int i = 0; i < TRIES; i++) {
      int gatewayPort = FIRST_PORT + nextPort;
      nextPort = (nextPort + 1) % PORTS;
      if (flows.get(key.guest(address, forward().to().port()).remote(gateway, gatewayPort))
          == null) {
        Endpoint seen = new Endpoint(gateway, gatewayPort);
        ClientFlow flow = new ClientFlow(this, led, forward().to().port(), seen, ends);
        flow.idleTimeout(nat.timeoutNanos());
        makePlace(held);
        if (!flows.add(flow, held.account())) {
          return null;
        }
        byEnds.put(ends, flow);
        accepted(flow, ends.remote(), held, led);
        return flow;
      }
    }
    return null;
  }

  /**
   * Ends the flow that has been silent for longest, if the forward is full and the client is not.
   */
  private void makePlace(Client newcomer) {
    Map.Entry<DatagramEnds, ClientFlow> eldest = byEnds.firstEntry();
    if (eldest != null
        && clients.owner().flows(FlowKey.UDP) >= limit()
        && newcomer.account().flows(FlowKey.UDP) < limitPerClient()) {
      flows.giveWay(eldest.getValue());
    }
  }

  @Nullable HostSocket socket() {
    return socket;
  }

  void forget(ClientFlow flow) {
    byEnds.remove(flow.hostEnds());
  }

  /** The client is gone: its flow ends, so that the guest's next answer is told. */
  @Override
  public void error(SocketError error, ByteBuf head) {
    Flow flow = byEnds.get(error.ends());
    if (flow != null && error.fromIcmp() && isUnreachable(error)) {
      flows.remove(flow);
      byEnds.remove(error.ends());
    }
  }

  /** Whether the client is not there: neither a large datagram nor a long way says so. */
  static boolean isUnreachable(SocketError error) {
    boolean ipv6 = !error.ends().remote().address().isIpv4();
    return error.number() != Errno.EMSGSIZE
        && error.type() == (ipv6 ? Icmpv6.UNREACHABLE : Icmp.UNREACHABLE);
  }
}
