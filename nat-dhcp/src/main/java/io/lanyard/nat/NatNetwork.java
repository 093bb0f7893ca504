package io.lanyard.nat;

import io.lanyard.base.Counters;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.Timers;
import io.lanyard.config.DhcpConfig;
import io.lanyard.config.Dhcpv6Mode;
import io.lanyard.config.DnsConfig;
import io.lanyard.config.EgressConfig;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.NatConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.NetworkMode;
import io.lanyard.nat.egress.PortEgress;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowEnd;
import io.lanyard.nat.flow.FlowMemory;
import io.lanyard.nat.flow.FlowOwner;
import io.lanyard.nat.flow.FlowQuota;
import io.lanyard.nat.flow.FlowRecord;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.nat.forward.Forwards;
import io.lanyard.nat.forward.GuestAddresses;
import io.lanyard.nat.gateway.Advertised;
import io.lanyard.nat.gateway.DatagramService;
import io.lanyard.nat.gateway.Destinations;
import io.lanyard.nat.gateway.Egress;
import io.lanyard.nat.gateway.Gateway;
import io.lanyard.nat.gateway.GatewayAddresses;
import io.lanyard.nat.gateway.IcmpErrors;
import io.lanyard.nat.gateway.Ipv6Addresses;
import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.nat.gateway.TranslatorSearch;
import io.lanyard.nat.icmp.PingNat;
import io.lanyard.nat.station.NameMemory;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.StationMemory;
import io.lanyard.nat.tcp.StreamService;
import io.lanyard.nat.tcp.TcpEngine;
import io.lanyard.nat.udp.HostReader;
import io.lanyard.nat.udp.UdpNat;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * The gateway of one network with all that belongs to it: flow table, TCP, UDP and ICMP, forwards.
 *
 * <p>Thread: the network's loop only, for every method and for the constructor.
 */
public final class NatNetwork implements Dumpable, AutoCloseable {
  private final HostResources host;
  private final boolean leadsOut;
  private NetworkConfig config;
  private final DescriptorBudget.Share descriptors;
  private final FlowMemory.Share flowMemory;
  private final StationMemory.Share stationMemory;
  private final NameMemory.Share nameMemory;
  private final FlowTable flows;
  private final Egress egress;
  private final EgressUpkeep upkeep;
  private final OutboundCheck outbound;
  private final Gateway gateway;
  private final TcpEngine tcp;
  private final UdpNat udp;
  private final PingNat pings;
  private final HostReader reader;
  private final Forwards forwards;
  private boolean closed;

  /**
   * Makes a gateway, attaches it and opens its forwards.
   *
   * @param loop the network's loop, an epoll loop
   * @param network the network's switch
   * @param timers the network's timers
   * @param allocator where frames come from: direct, pooled buffers
   * @param config the network, of a mode with a gateway
   * @param host what the networks of the process share
   * @param guests finds guests that have their addresses by a lease, for forwards
   * @throws IllegalStateException if a port of the switch has the gateway's MAC address; nothing is
   *     left behind then
   */
  public NatNetwork(
      EventLoop loop,
      Switch network,
      Timers timers,
      ByteBufAllocator allocator,
      NetworkConfig config,
      HostResources host,
      GuestAddresses guests) {
    this(
        loop,
        network,
        timers,
        allocator,
        config,
        host,
        guests,
        config.mode() instanceof NetworkMode.Nat);
  }

  /**
   * The same, for a test whose guests reach no further than the host.
   *
   * @param leadsOut whether guests reach the world
   */
  NatNetwork(
      EventLoop loop,
      Switch network,
      Timers timers,
      ByteBufAllocator allocator,
      NetworkConfig config,
      HostResources host,
      GuestAddresses guests,
      boolean leadsOut) {
    this.config = config;
    this.host = host;
    this.leadsOut = leadsOut;
    NatConfig nat = nat(config);
    descriptors = host.descriptors().share(config.name());
    flowMemory = host.flows().share(leadsOut);
    nameMemory = host.names().share(leadsOut);
    flows =
        new FlowTable(config.name(), timers, quota(nat), flowMemory, new SecureRandom().nextLong());
    stationMemory = host.stations().share();
    gateway =
        new Gateway(
            loop,
            timers,
            allocator,
            network,
            "gateway",
            addresses(config, nat, host),
            config.mtu(),
            descriptors,
            stationMemory);
    gateway.outbound(nat.outbound());
    Destinations destinations = new Destinations(gateway.addresses());
    IcmpErrors errors = gateway.errors();
    reader = new HostReader(allocator, config.mtu());
    egress =
        new Egress(
            config.name(),
            gateway,
            egress(config),
            nat.hostLoopback(),
            host.published(),
            nameMemory);
    outbound = new OutboundCheck(config.name(), nat.outbound());
    upkeep = new EgressUpkeep(gateway, flows, egress, host, timers, outbound, leadsOut);
    tcp =
        TcpEngine.create(
            gateway, new TcpGateway(errors, flows, egress), nat.timeouts(), host.memory());
    udp =
        new UdpNat(
            gateway,
            flows,
            errors,
            destinations,
            reader,
            nat,
            host.ports(),
            egress,
            host.published());
    pings = new PingNat(gateway, flows, errors, destinations, reader, egress);
    gateway.engines(tcp, udp, pings, leadsOut);
    forwards = new Forwards(gateway, flows, egress, tcp, udp, reader, guests, descriptors);
    gateway.stations().addListener(this::endFlows);
    gateway.advertise(advertised(config));
    try {
      gateway.attach();
    } catch (RuntimeException e) {
      close(); // Else the host's resources would go on telling it of changes.
      throw e;
    }
    for (ForwardConfig forward : config.forwards()) {
      forwards.add(forward);
    }
  }

  /** The network's NAT; of one that leads nowhere, the limits that hold all the same. */
  private static NatConfig nat(NetworkConfig config) {
    return config.mode() instanceof NetworkMode.Nat mode ? mode.nat() : NatConfig.usual();
  }

  private static EgressConfig egress(NetworkConfig config) {
    return config.mode() instanceof NetworkMode.Nat mode ? mode.egress() : EgressConfig.DEFAULT;
  }

  private static GatewayAddresses addresses(
      NetworkConfig config, NatConfig nat, HostResources host) {
    return new GatewayAddresses(
        host.prefixes().macAddress("gateway of " + config.name()).bits(),
        GatewayConfig.of(config).ipv4(),
        host.ipv6SubnetOf(config),
        answersForHost(config, nat));
  }

  private Advertised advertised(NetworkConfig of) {
    GatewayConfig offered = GatewayConfig.of(of);
    DhcpConfig leases = offered.dhcp();
    Dhcpv6Mode dhcp = leases.enabled() ? leases.ipv6() : Dhcpv6Mode.OFF;
    DnsConfig dns = offered.dns();
    List<String> domains = new ArrayList<>(dns.enabled() ? List.of(dns.domain()) : List.of());
    leases.options().domainSearch().stream()
        .filter(other -> !domains.contains(other))
        .forEach(domains::add);
    List<Address> servers = leases.options().ipv6DnsServers();
    if (servers == null) {
      Ipv6Addresses own = gateway.addresses().ipv6();
      servers = dns.enabled() && own != null ? List.of(own.gateway()) : List.of();
    }
    return new Advertised(leadsOut, servers, domains, dhcp);
  }

  private static boolean answersForHost(NetworkConfig config, NatConfig nat) {
    return nat.hostLoopback().enabled() && config.hostAdapter() == null;
  }

  /**
   * The missing part for flows to an address: the address or the interface of the host that they
   * are bound to. On the loop.
   *
   * @param destination as guests address it
   * @return the missing part with what to do about it; empty if nothing is missing, and for an
   *     address that is not beyond the host
   */
  public String outboundProblem(Address destination) {
    Destinations.Kind kind =
        new Destinations(gateway.addresses()).kind(destination.high(), destination.low());
    return kind == Destinations.Kind.OUT ? outbound.problemTo(destination) : "";
  }

  private FlowQuota quota(NatConfig nat) {
    return new FlowQuota(nat.quotas(), host.descriptors().most());
  }

  /**
   * Takes another configuration of the network: its NAT's filtering, timeouts, quotas and host
   * loopback, and its egress. What is not changed is not touched. Flows that the new one forbids
   * end; others have the new timeouts from now on; those beyond a lowered quota stay until they
   * end. Forwards are changed by {@link #forwards}; services have methods of their own.
   *
   * @param next the network with the same name, mode, MTU and addresses, and a host adapter or none
   *     as before
   * @throws IllegalArgumentException if one of these is another; nothing has changed then
   */
  public void configure(NetworkConfig next) {
    checkSame(next);
    NatConfig nat = nat(next);
    config = next;
    flows.quota(quota(nat));
    tcp.configure(nat.timeouts());
    udp.configure(nat);
    gateway.outbound(nat.outbound());
    outbound.configure(nat.outbound());
    gateway.advertise(advertised(next));
    if (egress.configure(egress(next), nat.hostLoopback())) {
      gateway.hostLoopback(answersForHost(next, nat));
      upkeep.judgeAgain();
    }
  }

  private void checkSame(NetworkConfig next) {
    if (!next.name().equals(config.name())
        || next.mode().word() != config.mode().word()
        || next.mtu() != config.mtu()
        || !gateway
            .addresses()
            .areThoseOf(GatewayConfig.of(next).ipv4(), host.ipv6SubnetOf(next))) {
      throw new IllegalArgumentException(
          "the gateway of "
              + config.name()
              + " keeps its name, mode, MTU and addresses while it runs");
    }
  }

  /**
   * Takes the egress rules of single ports. Flows that a change of them forbids end with it.
   *
   * @param rules the rules, which may change from now on
   */
  public void portRules(PortEgress rules) {
    egress.portRules(rules, upkeep::judgeAgain);
  }

  /**
   * The flows that another configuration would end.
   *
   * @param next the network as it is to be
   * @param ports the egress of ports and port groups, as it is to be
   * @return the flows as they stand now
   */
  public List<FlowRecord> endedBy(NetworkConfig next, PortEgress ports) {
    Predicate<Flow> admitted = egress.admitsUnder(egress(next), nat(next).hostLoopback(), ports);
    return flows.list(flow -> !admitted.test(flow));
  }

  /**
   * Offers a UDP service on the gateway's addresses.
   *
   * @param port the port
   * @param service takes the datagrams
   */
  public void serve(int port, DatagramService service) {
    gateway.serve(port, service);
  }

  /**
   * Offers a TCP service on the gateway's addresses.
   *
   * @param port the port
   * @param service takes the connections
   */
  public void serve(int port, StreamService service) {
    gateway.addresses().own().forEach(own -> tcp.serve(new Endpoint(own, port), service));
  }

  /**
   * Ends the services that a port of the gateway's addresses has, and the connections to them.
   *
   * @param port the port
   */
  public void withdraw(int port) {
    List<Address> addresses = gateway.addresses().own();
    gateway.withdraw(port);
    addresses.forEach(own -> tcp.withdraw(new Endpoint(own, port)));
    flows.endIf(flow -> flow.remotePort() == port && addresses.contains(flow.remote()));
    gateway.flush();
  }

  /**
   * Ends a flow, likewise.
   *
   * @param id its number, as {@link FlowRecord} has it
   * @return false if there is no such flow any more
   */
  public boolean end(long id) {
    return endFlows(flow -> flow.id() == id) > 0;
  }

  /**
   * The network's configuration.
   *
   * @return as the gateway goes by it at present
   */
  public NetworkConfig config() {
    return config;
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
   * Ends flows, both sides by a reset where the protocol has one.
   *
   * @param which asked about each: whether it is of a guest, of a port, of a forward
   * @return how many there were
   */
  public int endFlows(Predicate<Flow> which) {
    int ended = flows.endIf(which);
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
   * Whether guests may ask for names, and where those lead them.
   *
   * @return the network's egress, for its name server
   */
  public NamePolicy names() {
    return egress;
  }

  /**
   * The network's share of the heap for names.
   *
   * @return the live object, for its name server; closed with the network
   */
  public NameMemory.Share nameMemory() {
    return nameMemory;
  }

  /**
   * The search for translators of the host's network, for its name server to make.
   *
   * @return the live object
   */
  public TranslatorSearch translators() {
    return upkeep;
  }

  /**
   * Where guests may go.
   *
   * @return the live object
   */
  public Egress egress() {
    return egress;
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
    if (!upkeep.problem().isEmpty()) {
      all.add("egress: " + upkeep.problem());
    }
    if (!outbound.problem().isEmpty()) {
      all.add(outbound.problem());
    }
    for (PortBudget budget : gateway.stations().budgets()) {
      if (!budget.problem().isEmpty()) {
        all.add("port " + budget.name() + ": " + budget.problem());
      }
    }
    tcp.lackMemory().forEach(owner -> all.add(lacksMemory(owner)));
    return all;
  }

  private String lacksMemory(FlowOwner owner) {
    return "tcp memory: "
        + (owner.isForward() ? "forward " : "port ")
        + owner.name()
        + " holds "
        + (owner.memory().bytes() >> 20)
        + " MiB of the network's "
        + (tcp.memoryBytes() >> 20)
        + " MiB; its connections are slow until they are read, or end";
  }

  /**
   * The {@link #problems()} of one port.
   *
   * @param port a port of the switch
   * @return texts with what to do about it
   */
  public List<String> problems(Port port) {
    PortBudget budget = gateway.stations().known(port);
    if (budget == null) {
      return List.of();
    }
    List<String> all = new ArrayList<>(gateway.stations().problems(port));
    all.addAll(flows.problems(budget.flows()));
    if (tcp.lacksMemory(budget.flows())) {
      all.add(lacksMemory(budget.flows()));
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
    upkeep.close();
    forwards.close();
    tcp.close();
    gateway.flush();
    flows.close();
    udp.close();
    gateway.close();
    reader.close();
    descriptors.close();
    flowMemory.close();
    stationMemory.close();
    nameMemory.close();
  }

  /** Ends the flows of a port that is gone. */
  private void endFlows(PortBudget gone) {
    flows.endOwner(gone.flows(), gone.addresses());
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
