package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.Timers;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.NatConfig;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.Neighbours;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.StationMemory;
import io.lanyard.nat.station.Stations;
import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The gateway as a host on the network: takes the frames that the switch has for it, and gives
 * those that go to guests their Ethernet header.
 *
 * <p>What comes in goes to {@link AddressResolution}, {@link Ipv4Input} or {@link Ipv6Input}, and
 * from there to the protocol engines, which send by the {@link GuestLink} that this class is.
 *
 * <p>Thread: the network's loop only.
 */
public final class Gateway implements GuestLink, Dumpable {
  private final EventLoop loop;
  private final Timers timers;
  private final ByteBufAllocator allocator;
  private final Switch network;
  private final GatewayAddresses addresses;
  private final int mtu;
  private final Counters<GatewayCount> counters = new Counters<>(GatewayCount.class);
  private final GatewayPort port;
  private final Stations stations;
  private final AddressResolution resolution;
  private final Services services;
  private final IcmpErrors errors;
  private Outbound outbound = Outbound.ANY;
  private Predicate<Neighbour> reachable = neighbour -> true;
  private final Router router;
  private final @Nullable Ipv4Input ipv4;
  private final @Nullable Ipv6Input ipv6;
  private final Reassembly reassembly;
  private final Packet packet = new Packet();
  private final Fragmenter fragmenter;

  /** By protocol; none until {@link #engines} is called. */
  private List<PacketEngine> engines = List.of();

  private int id;

  /** True while the switch is calling us: it flushes afterwards by itself. */
  private boolean inSwitch;

  private final GatewayFailures failures;

  private boolean closed;

  /**
   * Makes a gateway that is not attached yet.
   *
   * @param loop the network's loop
   * @param timers the network's timers
   * @param allocator where frames come from
   * @param network the switch
   * @param name the name of the gateway's port on it
   * @param addresses who the gateway is
   * @param mtu bytes of IP packet that guests take
   * @param descriptors the network's share of the process's descriptors
   * @param memory the network's share of the heap for stations; the caller closes it
   */
  public Gateway(
      EventLoop loop,
      Timers timers,
      ByteBufAllocator allocator,
      Switch network,
      String name,
      GatewayAddresses addresses,
      int mtu,
      DescriptorBudget.Share descriptors,
      StationMemory.Share memory) {
    if (mtu < 576 || mtu > 65535) {
      throw new IllegalArgumentException("MTU " + mtu + " is not between 576 and 65535");
    }
    this.loop = loop;
    this.timers = timers;
    this.allocator = allocator;
    this.network = network;
    this.addresses = addresses;
    this.mtu = mtu;
    port = new GatewayPort(this, name, mtu);
    failures = new GatewayFailures(timers.clock(), network.name(), name, counters);
    long seed = new SecureRandom().nextLong();
    stations =
        new Stations(
            timers,
            new NeighbourWire(this),
            network.turns(),
            network::admitsBroadcastOf,
            descriptors,
            Stations.LIMIT,
            memory,
            seed);
    resolution = new AddressResolution(this, seed);
    services = new Services(this, addresses);
    errors = new IcmpErrors(this, addresses, counters);
    router = new Router(this, addresses, services, errors);
    reassembly = new Reassembly(timers, allocator, counters, memory, this::expired);
    Ipv4Config four = addresses.ipv4();
    ipv4 =
        four == null
            ? null
            : new Ipv4Input(
                this, addresses, four.subnet(), stations.neighbours(), router, reassembly);
    Ipv6Addresses own = addresses.ipv6();
    NeighbourDiscovery discovery = resolution.discovery();
    ipv6 =
        own == null || discovery == null
            ? null
            : new Ipv6Input(this, own, discovery, router, reassembly);
    fragmenter = new Fragmenter(this, counters);
  }

  /**
   * Gives the gateway the engines that carry guests' traffic out. Until then such traffic is
   * answered with "network unreachable".
   *
   * @param tcpEngine takes TCP segments
   * @param udpEngine takes UDP datagrams that no service takes
   * @param echoEngine takes ICMP echo requests to others
   * @param translate whether guests reach the world; the host's loopback, where that is permitted,
   *     they reach anyway
   */
  public void engines(
      PacketEngine tcpEngine, PacketEngine udpEngine, PacketEngine echoEngine, boolean translate) {
    engines = List.of(tcpEngine, udpEngine, echoEngine);
    router.engines(tcpEngine, udpEngine, echoEngine, translate);
  }

  /**
   * Attaches the gateway to its switch, where its MAC address is its own from then on, and
   * announces its addresses.
   *
   * @throws IllegalStateException if another port of the switch has that MAC address pinned
   */
  public void attach() {
    network.attach(port, PortRules.GATEWAY);
    if (!network.pin(addresses.mac(), port)) {
      throw new IllegalStateException(
          "another port has the gateway's address "
              + Ethernet.format(addresses.mac())
              + "; give the guest another MAC address");
    }
    resolution.start();
    flush();
  }

  /** Asks from now on whether a station's questions to other name servers are answered here. */
  void takeQuestions(Predicate<Station> whether) {
    router.takeQuestions(whether);
  }

  /** Tells from now on of packets that no rule could let leave, and why. */
  void tellNeverLeaving(BiConsumer<Packet, String> listener) {
    router.tellNeverLeaving(listener);
  }

  /**
   * Has a judge say from now on whether what waits for a guest may be sent to it, when it is known
   * behind which port the guest is.
   *
   * @param judge called on the loop; ends what may not be
   */
  public void judgeLocated(Predicate<Neighbour> judge) {
    reachable = judge;
  }

  /**
   * Has router advertisements say something else. Where the network has no IPv6 nothing happens.
   *
   * @param what what they say
   */
  public void advertise(Advertised what) {
    resolution.advertise(what);
    flush();
  }

  /**
   * Offers a UDP service on a port of the gateway's address, and of the broadcast addresses.
   *
   * @param servicePort the port
   * @param service what takes the datagrams
   * @throws IllegalStateException if the port has a service
   */
  public void serve(int servicePort, DatagramService service) {
    services.bind(servicePort, service);
  }

  /**
   * Ends what {@link #serve} began. Nothing happens if the port has no service.
   *
   * @param servicePort the port
   */
  public void withdraw(int servicePort) {
    services.unbind(servicePort);
  }

  /**
   * Answers for the host's address and maps it to the host's loopback from now on, or no longer.
   *
   * @param answers whether it does; only where no host adapter has the address
   */
  public void hostLoopback(boolean answers) {
    if (answers != addresses.hostLoopback()) {
      addresses.hostLoopback(answers);
      if (answers) {
        resolution.announceHost();
        flush();
      }
    }
  }

  /**
   * The gateway's port on the switch.
   *
   * @return the port, attached or not
   */
  public Port port() {
    return port;
  }

  /**
   * Who is on the network.
   *
   * @return the one table of this network's stations
   */
  public Stations stations() {
    return stations;
  }

  /**
   * How guests are told of errors.
   *
   * @return the one sender of ICMP errors of this network
   */
  public IcmpErrors errors() {
    return errors;
  }

  /**
   * The gateway's counters.
   *
   * @return the live object, written by the loop
   */
  public Counters<GatewayCount> counters() {
    return counters;
  }

  /**
   * Errors in the gateway's own code.
   *
   * @return what to do about them; empty if there was none in the last minute
   */
  public String problem() {
    return failures.problem();
  }

  /**
   * Who the gateway is.
   *
   * @return its addresses
   */
  public GatewayAddresses addresses() {
    return addresses;
  }

  /**
   * Finds out whether a station uses an address of the network, by an ARP probe (RFC 5227 section
   * 2.1.1) or a neighbour solicitation. All hear each of them: the caller bounds their number.
   *
   * @param address an address of the network
   * @param waitNanos how long nobody may answer for the address to be taken for free
   * @param listener told of the answers, also for a second after it was told that there are none
   */
  public void probe(Address address, long waitNanos, ProbeListener listener) {
    resolution.probe(address, waitNanos, listener);
    flush();
  }

  /**
   * An IPv6 address that a station has chosen: the one that is made of its MAC address, which does
   * not change, if it uses that one.
   *
   * @param mac the station's MAC address, in the low 48 bits
   * @return an address of the network's subnet; null if none is known
   */
  public @Nullable Address ipv6Of(long mac) {
    Ipv6Addresses own = addresses.ipv6();
    if (own == null) {
      return null;
    }
    Address lasting =
        new Address(own.subnet().network().high(), Ipv6Addresses.interfaceIdentifier(mac));
    Neighbour first = stations.neighbours().get(lasting);
    if (first != null && first.mac() == mac && own.subnet().contains(lasting)) {
      return lasting;
    }
    return stations.neighbours().of(mac).stream()
        .map(Neighbour::address)
        .filter(own.subnet()::contains)
        .min(Comparator.naturalOrder())
        .orElse(null);
  }

  /**
   * Whether the switch knows a MAC address at another port than one.
   *
   * @param mac the address in the low 48 bits
   * @param portName the name of the one port
   * @return false also if nobody has the address
   */
  public boolean isElsewhere(long mac, String portName) {
    return network.isElsewhere(mac, portName);
  }

  /** An identification for a packet of ours: matters only when it is fragmented. */
  int nextId() {
    id = (id + 1) & 0xffff;
    return id;
  }

  // From the switch.

  void receive(Passage passage, ByteBuf frame) {
    boolean nested = inSwitch;
    inSwitch = true;
    try {
      int end = frame.writerIndex();
      long destination = passage.destination();
      if (destination != addresses.mac() && !Ethernet.isGroup(destination)) {
        counters.count(GatewayCount.NOT_FOR_US);
        return;
      }
      if (passage.vlan() != 0) {
        counters.count(GatewayCount.BAD_FRAME);
        return;
      }
      Station from = stations.heard(stations.budget(passage.ingress()), passage.source());
      switch (passage.etherType()) {
        case Ethernet.TYPE_IPV4 -> {
          Ipv4Input input = ipv4;
          if (input == null) {
            counters.count(GatewayCount.NOT_FOR_US);
          } else {
            input.receive(packet(nested, from, passage, frame), end);
          }
        }
        case Ethernet.TYPE_IPV6 -> {
          Ipv6Input input = ipv6;
          if (input == null) {
            counters.count(GatewayCount.NOT_FOR_US);
          } else {
            input.receive(packet(nested, from, passage, frame), end);
          }
        }
        case Ethernet.TYPE_ARP -> {
          int at = frame.readerIndex() + OffloadHeader.LENGTH + passage.network();
          resolution.receiveArp(from, frame, at, end);
        }
        case Ethernet.TYPE_RARP -> resolution.introduce(from);
        default -> counters.count(GatewayCount.NOT_FOR_US);
      }
    } catch (RuntimeException | OutOfDirectMemoryError e) {
      failures.failed(e);
    } finally {
      inSwitch = nested;
    }
  }

  /** A packet with what the frame says of it; the one packet may be in use further up. */
  private Packet packet(boolean nested, Station from, Passage passage, ByteBuf frame) {
    Packet p = nested ? new Packet() : packet;
    p.station = from;
    p.sourceMac = passage.source();
    p.frame = frame;
    // Behind a tag that has a priority and no VLAN too (IEEE 802.1Q section 6.9).
    p.network = frame.readerIndex() + OffloadHeader.LENGTH + passage.network();
    return p;
  }

  void endBurst() {
    boolean nested = inSwitch;
    inSwitch = true;
    try {
      // By index: an iterator would be one object per burst.
      for (int i = 0; i < engines.size(); i++) {
        engines.get(i).flush();
      }
    } catch (RuntimeException | OutOfDirectMemoryError e) {
      failures.failed(e);
    } finally {
      inSwitch = nested;
    }
  }

  /** Asks the station that had an address, or all, who has it. */
  void ask(Neighbour neighbour) {
    resolution.ask(neighbour);
    flush();
  }

  /** Tells a station of a datagram of which not all fragments came in time. */
  private void expired(Station station, ByteBuf frame) {
    Packet first = new Packet();
    first.station = station;
    first.frame = frame;
    first.network = frame.readerIndex() + LINK_HEADROOM;
    if (frame.getByte(first.network) >>> 4 == 4) {
      Ipv4Input.fill(first, frame.writerIndex());
    } else {
      Ipv6Input.fill(first, first.network, frame.writerIndex());
    }
    first.sender = stations.neighbours().at(first.source());
    errors.send(IcmpReason.REASSEMBLY_EXPIRED, first);
    flush();
  }

  /** The network's name. */
  String networkName() {
    return network.name();
  }

  // To the guests.

  @Override
  public Address addressTowards(Address guest) {
    return addresses.towards(guest);
  }

  @Override
  public Neighbour neighbour(Address guest) {
    return stations.neighbours().at(guest);
  }

  @Override
  public Turn unlocatedTurn() {
    return stations.unlocatedTurn();
  }

  @Override
  public Turn turn(String port) {
    Turn turn = network.turns().named(port);
    return turn == null ? stations.unlocatedTurn() : turn;
  }

  @Override
  public void send(ByteBuf frame, Neighbour guest) {
    Neighbours neighbours = stations.neighbours();
    Neighbour to = neighbours.present(guest);
    if (neighbours.reachable(to)) {
      sendTo(frame, to.mac(), to.behind());
    } else {
      // A copy, since the engine may go on using the frame; unresolved guests are rare.
      neighbours.await(to, guest.behind(), frame.copy());
    }
  }

  /**
   * Sends an IP packet to a MAC address.
   *
   * @param frame as for {@link #send}
   * @param mac the destination, in the low 48 bits
   * @param behind the port that it is said to be behind: nobody else hears the frame
   */
  void sendTo(ByteBuf frame, long mac, PortBudget behind) {
    int most = Math.min(mtu, behind.mtu());
    if (address(frame, mac, most)) {
      sendFrame(frame, behind);
    } else {
      fragmenter.send(frame, most, piece -> sendFrame(piece, behind));
    }
  }

  /**
   * Sends an IP packet out by one port, wherever the switch has heard its destination last.
   *
   * @param frame as for {@link #send}
   * @param mac the destination, in the low 48 bits; a group's reaches that port alone
   * @param to the port
   */
  void deliverTo(ByteBuf frame, long mac, PortBudget to) {
    Port only = to.port();
    if (only == null || closed) {
      return;
    }
    int most = Math.min(mtu, to.mtu());
    if (address(frame, mac, most)) {
      network.deliver(port, frame, only);
    } else {
      fragmenter.send(frame, most, piece -> network.deliver(port, piece, only));
    }
  }

  /** Writes the Ethernet header, and counts a packet that needs no pieces; false for others. */
  private boolean address(ByteBuf frame, long mac, int most) {
    int at = frame.readerIndex() + OffloadHeader.LENGTH;
    boolean isIpv4 = frame.getByte(frame.readerIndex() + LINK_HEADROOM) >>> 4 == 4;
    int type = isIpv4 ? Ethernet.TYPE_IPV4 : Ethernet.TYPE_IPV6;
    Ethernet.write(frame, at, mac, addresses.mac(), type);
    if (frame.readableBytes() - LINK_HEADROOM > most
        && OffloadHeader.gsoType(frame, frame.readerIndex()) == OffloadHeader.GSO_NONE) {
      return false;
    }
    counters.count(isIpv4 ? GatewayCount.IPV4_OUT : GatewayCount.IPV6_OUT);
    return true;
  }

  /** Gives up what a port that is gone has left in the gateway. */
  void released(Port other) {
    PortBudget budget = stations.release(other);
    if (budget != null) {
      reassembly.release(budget);
    }
  }

  /**
   * The station that a frame's sender says to have an address of.
   *
   * @param from the sender
   * @param mac a MAC address that it names: its own, or another one behind its port
   * @return the station; null if the MAC address is known to be another port's, which counts
   */
  @Nullable Station claimant(Station from, long mac) {
    if (mac == from.mac()) {
      return from;
    }
    if (network.isElsewhere(mac, from.budget().name())) {
      stations.neighbours().refused(from);
      return null;
    }
    return stations.heard(from.budget(), mac);
  }

  /**
   * Hands a whole frame to the switch.
   *
   * @param behind the port that its destination is said to be behind; null for a group's frame
   */
  void sendFrame(ByteBuf frame, @Nullable PortBudget behind) {
    if (!closed) {
      network.receive(port, frame, behind == null ? null : behind.port());
    }
  }

  /** Hands a frame for a neighbour to the switch; its holder's port alone hears a question. */
  void sendFrame(ByteBuf frame, Neighbour neighbour) {
    Port holders = neighbour.contested() ? neighbour.behind().port() : null;
    if (holders == null) {
      sendFrame(frame, neighbour.behind());
    } else if (!closed) {
      network.deliver(port, frame, holders);
    }
  }

  @Override
  public void flush() {
    if (!inSwitch && !closed) {
      network.flush();
    }
  }

  @Override
  public EventLoop loop() {
    return loop;
  }

  @Override
  public Timers timers() {
    return timers;
  }

  @Override
  public ByteBufAllocator allocator() {
    return allocator;
  }

  @Override
  public Outbound outbound() {
    return outbound;
  }

  /**
   * Binds the sockets of flows that begin from now on elsewhere.
   *
   * @param config where
   */
  public void outbound(NatConfig.Outbound config) {
    outbound = new Outbound(config);
  }

  @Override
  public int mtu() {
    return mtu;
  }

  /** Detaches the gateway and gives back what it holds; the engines are closed by their owner. */
  public void close() {
    if (!closed) {
      resolution.withdraw();
      flush();
      network.detach(port);
      closed = true;
      resolution.close();
      stations.close();
      reassembly.close();
    }
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node =
        DumpNode.of("gateway")
            .with("address", ipv4Text())
            .with("ipv6", addresses.ipv6() == null ? "off" : addresses.ipv6().subnet())
            .with("mac", new MacAddress(addresses.mac()))
            .with("hostLoopback", addresses.hostLoopback())
            .with("mtu", mtu);
    counters.addTo(node);
    return node.child(stations.dump()).build();
  }

  private String ipv4Text() {
    Ipv4Config own = addresses.ipv4();
    return own == null ? "off" : own.gateway() + "/" + own.subnet().prefix();
  }

  /** Whether what waits for a guest may be sent to it now. */
  boolean located(Neighbour neighbour) {
    try {
      return reachable.test(neighbour);
    } catch (RuntimeException | OutOfDirectMemoryError e) {
      failures.failed(e);
      return false;
    }
  }

  /** A guest was asked for, and nobody has answered. */
  void unanswered(Neighbour neighbour) {
    try {
      engines.forEach(engine -> engine.unanswered(neighbour));
    } catch (RuntimeException | OutOfDirectMemoryError e) {
      failures.failed(e);
    }
    flush();
  }
}
