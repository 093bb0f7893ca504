package io.lanyard.nat;

import io.lanyard.base.Counters;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.Timers;
import io.lanyard.config.ForwardConfig;
import io.lanyard.nat.egress.HostAddressWatch;
import io.lanyard.nat.egress.PublishedPorts;
import io.lanyard.nat.flow.FlowEnd;
import io.lanyard.nat.flow.FlowOwner;
import io.lanyard.nat.flow.FlowRecord;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.nat.forward.Forwards;
import io.lanyard.nat.forward.GuestAddresses;
import io.lanyard.nat.gateway.DatagramService;
import io.lanyard.nat.gateway.Destinations;
import io.lanyard.nat.gateway.Egress;
import io.lanyard.nat.gateway.Gateway;
import io.lanyard.nat.gateway.IcmpErrors;
import io.lanyard.nat.icmp.PingNat;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.tcp.StreamService;
import io.lanyard.nat.tcp.TcpEngine;
import io.lanyard.nat.udp.HostReader;
import io.lanyard.nat.udp.UdpNat;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.Switch;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The gateway of one network with all that belongs to it: flow table, TCP, UDP and ICMP, forwards.
 * A network's gateway with its engines and forwards; one per network that has a gateway.
 *
 * <p>Thread: the network's loop only, for every method and for the constructor.
 */
public final class NatNetwork implements Dumpable, AutoCloseable {
  private final NatOptions options;
  private final DescriptorBudget.Share descriptors;
  private final FlowTable flows;
  private final Egress egress;
  private final @Nullable HostAddressWatch hostAddresses;
  private final Gateway gateway;
  private final TcpEngine tcp;
  private final UdpNat udp;
  private final PingNat pings;
  private final HostReader reader;
  private final Forwards forwards;
  private final PublishedPorts.Listener unpublished = this::unpublished;
  private boolean closed;

  /**
   * Makes a gateway, plugs it in and opens its forwards.
   *
   * @param loop the network's loop, an epoll loop
   * @param network the network's switch
   * @param timers the network's timers
   * @param allocator where frames come from: direct, pooled buffers
   * @param options what the gateway is to be like
   * @param guests finds guests that have their addresses by a lease, for forwards
   */
  public NatNetwork(
      EventLoop loop,
      Switch network,
      Timers timers,
      ByteBufAllocator allocator,
      NatOptions options,
      GuestAddresses guests) {
    this.options = options;
    descriptors = options.host().descriptors().share(options.name());
    flows = new FlowTable(options.name(), timers, options.quota(), new SecureRandom().nextLong());
    gateway =
        new Gateway(
            loop,
            timers,
            allocator,
            network,
            "gateway",
            options.addresses(),
            options.mtu(),
            descriptors);
    Destinations destinations = new Destinations(options.addresses());
    IcmpErrors errors = gateway.errors();
    reader = new HostReader(allocator, options.mtu());
    egress = new Egress(options.name(), gateway, options.egress(), options.host().published());
    hostAddresses =
        options.translate() ? new HostAddressWatch(loop, timers, this::hostAddresses) : null;
    tcp = TcpEngine.create(gateway, new TcpGateway(errors, flows, egress), options.tcp());
    udp =
        new UdpNat(
            gateway,
            flows,
            errors,
            destinations,
            reader,
            options.udp(),
            options.host().ports(),
            egress,
            options.host().published());
    pings = new PingNat(gateway, flows, errors, destinations, reader, egress);
    gateway.engines(tcp, udp, pings, options.translate());
    forwards =
        new Forwards(
            gateway, flows, tcp, udp, reader, guests, descriptors);
    gateway.stations().addListener(this::endFlows);
    options.host().published().addListener(unpublished);
    gateway.attach();
    for (ForwardConfig forward : options.forwards()) {
      forwards.add(forward);
    }
  }

  /**
   * Offers a UDP service on the gateway's address.
   *
   * @param port the port
   * @param service takes the datagrams
   */
  public void serve(int port, DatagramService service) {
    gateway.serve(port, service);
  }

  /**
   * Offers a TCP service on the gateway's address.
   *
   * @param port the port
   * @param service takes the connections
   */
  public void serve(int port, StreamService service) {
    tcp.serve(new Endpoint(options.addresses().gateway(), port), service);
  }

  /**
   * The network's options.
   *
   * @return the options it was made with
   */
  public NatOptions options() {
    return options;
  }

  /**
   * The gateway as a host.
   *
   * @return the gateway
   */
  public Gateway gateway() {
    return gateway;
  }

  /**
   * The flow table.
   *
   * @return the live object
   */
  public FlowTable flows() {
    return flows;
  }

  /**
   * Lists the flows.
   *
   * @return a snapshot
   */
  public List<FlowRecord> listFlows() {
    return flows.list();
  }

  /**
   * Ends flows: both sides are told, by resets where the protocol has some.
   *
   * @param which asked about each flow; {@link FlowRecord#id} is for one of them
   * @return how many there were
   */
  public int endFlows(Predicate<FlowRecord> which) {
    int ended = flows.endRecords(which);
    gateway.flush();
    return ended;
  }

  /**
   * The forwards, to list, add, replace and remove.
   *
   * @return the live object
   */
  public Forwards forwards() {
    return forwards;
  }

  /**
   * The TCP engine.
   *
   * @return the live object
   */
  public TcpEngine tcp() {
    return tcp;
  }

  /**
   * The counters of the NAT of ICMP echo.
   *
   * @return the live object
   */
  public Counters<?> pingCounters() {
    return pings.counters();
  }

  /**
   * The network's share of the process's descriptors.
   *
   * @return the live object
   */
  public DescriptorBudget.Share descriptors() {
    return descriptors;
  }

  /**
   * The UDP NAT.
   *
   * @return the live object
   */
  public UdpNat udp() {
    return udp;
  }

  /**
   * The resources that are short at present, and the ports and forwards that have them.
   *
   * @return a text for each, with what to do about it
   */
  public List<String> problems() {
    List<String> all = new ArrayList<>(flows.problems());
    all.addAll(gateway.stations().problems());
    if (!gateway.problem().isEmpty()) {
      all.add(gateway.problem());
    }
    if (!descriptors.problem().isEmpty()) {
      all.add(descriptors.problem());
    }
    if (hostAddresses != null && !hostAddresses.problem().isEmpty()) {
      all.add("egress: " + hostAddresses.problem());
    }
    for (PortBudget budget : gateway.stations().budgets()) {
      if (!budget.problem().isEmpty()) {
        all.add("port " + budget.name() + ": " + budget.problem());
      }
    }
    for (FlowOwner owner : tcp.lackMemory()) {
      all.add(
          "tcp memory: "
              + (owner.isForward() ? "forward " : "port ")
              + owner.name()
              + " holds "
              + (owner.memory().bytes() >> 20)
              + " MiB of the network's "
              + (tcp.memoryBytes() >> 20)
              + " MiB; its connections are slow until they are read, or end");
    }
    return all;
  }

  /**
   * Ends all that a guest holds: its lease has gone to somebody else. It is told by resets as long
   * as the address leads to it; the new holder is not.
   *
   * @param address the guest's address
   * @param former the MAC address of the guest, in the low 48 bits
   */
  public void endGuest(Address address, long former) {
    Neighbour neighbour = gateway.stations().neighbours().get(address);
    boolean there = neighbour != null && neighbour.mac() == former;
    flows.endGuest(address, there ? FlowEnd.CLOSED : FlowEnd.GONE);
    if (neighbour != null) {
      gateway.stations().neighbours().forget(neighbour);
    }
    gateway.flush();
  }

  /** Closes forwards, flows and sockets, and detaches the gateway. A second call does nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    options.host().published().removeListener(unpublished);
    if (hostAddresses != null) {
      hostAddresses.close();
    }
    forwards.close();
    tcp.close();
    gateway.flush();
    flows.close();
    udp.close();
    gateway.close();
    reader.close();
    descriptors.close();
  }

  /** The host's addresses have changed: what became forbidden ends. */
  private void hostAddresses(List<Subnet> own) {
    egress.hostAddresses(own);
    judgeAgain();
  }

  /** A port is published no more, perhaps by another network: what it has permitted ends. */
  private void unpublished(int protocol, int port) {
    if (egress.reliedOn(protocol, port)) {
      gateway
          .loop()
          .execute(() -> {
            if (!closed) {
              judgeAgain();
            }
          });
    }
  }

  private void judgeAgain() {
    Subnet subnet = options.addresses().subnet();
    // Flows within the subnet are those of forwards, and of the host's loopback.
    flows.endIf(flow -> !subnet.contains(flow.remote()) && !egress.admits(flow));
    gateway.flush();
  }

  /** Ends the flows of a port that is gone. */
  private void endFlows(PortBudget gone) {
    flows.endOwner(gone.flows());
    gateway.flush();
  }

  @Override
  public DumpNode dump() {
    return DumpNode.of("nat")
        .child(gateway.dump())
        .child(
            DumpNode.of("flows")
                .with("flows", flows.size())
                .withNonZero("added", flows.added())
                .withNonZero("refused", flows.refused())
                .withNonZero("evicted", flows.evicted())
                .withNonZero("idled", flows.idled())
                .build())
        .child(
            tcp.counters()
                .addTo(
                    DumpNode.of("tcp")
                        .with("connections", tcp.connections())
                        .with("poolBytes", tcp.memoryPool().used())
                        .with("poolLimit", tcp.memoryPool().limit()))
                .build())
        .child(egress.dump())
        .child(udp.dump())
        .child(pings.dump())
        .child(forwards.dump())
        .build();
  }
}
