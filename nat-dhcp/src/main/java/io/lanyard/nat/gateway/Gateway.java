package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.Timers;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.Stations;
import io.lanyard.net.Address;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.lang.System.Logger;
import java.security.SecureRandom;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The gateway as a host on the network: takes the frames that the switch has for it, and gives
 * those that go to guests their Ethernet header.
 *
 * <p>What comes in goes to {@link ArpResponder} or {@link Ipv4Input}, and from there to the
 * protocol engines, which send by the {@link GuestLink} that this class is.
 *
 * <p>Thread: the network's loop only.
 */
public final class Gateway implements GuestLink, Dumpable {
  private static final Logger LOG = System.getLogger(Gateway.class.getName());

  private final EventLoop loop;
  private final Timers timers;
  private final ByteBufAllocator allocator;
  private final Switch network;
  private final GatewayAddresses addresses;
  private final int mtu;
  private final Counters<GatewayCount> counters = new Counters<>(GatewayCount.class);
  private final GatewayPort port;
  private final Stations stations = new Stations(Stations.LIMIT, new SecureRandom().nextLong());
  private final Neighbours neighbours;
  private final ArpResponder arp;
  private final Services services;
  private final IcmpErrors errors;
  private final Ipv4Input input;
  private final Fragmenter fragmenter;

  /** By protocol; none until {@link #engines} is called. */
  private List<PacketEngine> engines = List.of();

  private int id;

  /** True while the switch is calling us: it flushes afterwards by itself. */
  private boolean inSwitch;

  private boolean complained;
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
   */
  public Gateway(
      EventLoop loop,
      Timers timers,
      ByteBufAllocator allocator,
      Switch network,
      String name,
      GatewayAddresses addresses,
      int mtu) {
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
    neighbours = new Neighbours(timers, new NeighbourWire(), counters);
    arp = new ArpResponder(this, addresses, neighbours, counters);
    services = new Services(this, addresses);
    errors = new IcmpErrors(this, addresses, counters);
    input = new Ipv4Input(this, addresses, neighbours, services, errors);
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
    input.engines(tcpEngine, udpEngine, echoEngine, translate);
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
    arp.announce(addresses.gateway());
    if (addresses.hostLoopback()) {
      arp.announce(addresses.host());
    }
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
   * Says whether a UDP port of the gateway has a service.
   *
   * @param servicePort the port
   * @return whether {@link #serve} was called for it
   */
  public boolean serves(int servicePort) {
    return services.has(servicePort);
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
   * Who the gateway is.
   *
   * @return its addresses
   */
  public GatewayAddresses addresses() {
    return addresses;
  }

  /**
   * Finds out whether a station uses an address of the network, by an ARP probe (RFC 5227 section
   * 2.1.1). Each probe is a broadcast: the caller bounds their number.
   *
   * @param address the IPv4 address
   * @param waitNanos how long nobody may answer for the address to be taken for free
   * @param listener told of the answers, also for a second after it was told that there are none
   */
  public void probe(Address address, long waitNanos, ProbeListener listener) {
    arp.probes().probe(address.ipv4(), waitNanos, listener);
    flush();
  }

  @Nullable Neighbour neighbour(int address) {
    return neighbours.get(address);
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
      int at = frame.readerIndex() + OffloadHeader.LENGTH;
      int end = frame.writerIndex();
      long destination = passage.destination();
      if (destination != addresses.mac() && !Ethernet.isGroup(destination)) {
        counters.count(GatewayCount.NOT_FOR_US);
        return;
      }
      if (passage.network() != Ethernet.HEADER_LENGTH) {
        counters.count(GatewayCount.BAD_FRAME);
        return;
      }
      Station from = stations.heard(stations.budget(passage.ingress()), passage.source());
      switch (passage.etherType()) {
        case Ethernet.TYPE_IPV4 -> input.receive(from, frame, at + Ethernet.HEADER_LENGTH, end);
        case Ethernet.TYPE_ARP -> arp.receive(from, frame, at + Ethernet.HEADER_LENGTH, end);
        default -> counters.count(GatewayCount.NOT_FOR_US);
      }
    } catch (RuntimeException | OutOfDirectMemoryError e) {
      failed(e);
    } finally {
      inSwitch = nested;
    }
  }

  void endBurst() {
    boolean nested = inSwitch;
    inSwitch = true;
    try {
      // By index: an iterator would be an object a burst.
      for (int i = 0; i < engines.size(); i++) {
        engines.get(i).flush();
      }
    } catch (RuntimeException | OutOfDirectMemoryError e) {
      failed(e);
    } finally {
      inSwitch = nested;
    }
  }

  /** A guest must not stop the network, not even by a mistake of ours. */
  private void failed(Throwable e) {
    counters.count(GatewayCount.INTERNAL_ERROR);
    if (!complained) {
      complained = true;
      LOG.log(
          Logger.Level.ERROR,
          "event=gateway-error port="
              + port.name()
              + " advice=\"please report this; further ones are only counted\"",
          e);
    }
  }

  // To the guests.

  @Override
  public void sendIpv4(ByteBuf frame, int guest) {
    if (guest == Ipv4.BROADCAST || guest == addresses.broadcast()) {
      sendIpv4To(frame, Ethernet.BROADCAST);
      return;
    }
    Neighbour neighbour = neighbours.get(guest);
    if (neighbour != null && neighbour.resolved()) {
      neighbour.used = true;
      sendIpv4To(frame, neighbour.mac);
    } else {
      // A copy, since the engine may go on using the frame; unresolved guests are rare.
      neighbours.await(guest, frame.copy());
    }
  }

  @Override
  public void sendIpv4To(ByteBuf frame, long mac) {
    int at = frame.readerIndex() + OffloadHeader.LENGTH;
    Ethernet.write(frame, at, mac, addresses.mac(), Ethernet.TYPE_IPV4);
    if (frame.readableBytes() - LINK_HEADROOM > mtu
        && OffloadHeader.gsoType(frame, frame.readerIndex()) == OffloadHeader.GSO_NONE) {
      fragmenter.send(frame, mtu);
      return;
    }
    counters.count(GatewayCount.IPV4_OUT);
    sendFrame(frame);
  }

  /** Hands a whole frame to the switch. */
  void sendFrame(ByteBuf frame) {
    if (!closed) {
      network.receive(port, frame);
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
  public int mtu() {
    return mtu;
  }

  @Override
  public int gatewayAddress() {
    return addresses.gateway();
  }

  /** Unplugs the gateway and gives back what it holds; the engines are closed by their owner. */
  public void close() {
    if (!closed) {
      network.detach(port);
      closed = true;
      neighbours.close();
      arp.probes().close();
      input.close();
    }
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node =
        DumpNode.of("gateway")
            .with("address", Ipv4.format(addresses.gateway()) + "/" + addresses.prefixLength())
            .with("mac", Ethernet.format(addresses.mac()))
            .with("host-loopback", addresses.hostLoopback())
            .with("mtu", mtu);
    counters.addTo(node);
    DumpNode.Builder cache = DumpNode.of("neighbours").with("entries", neighbours.size());
    for (Neighbour neighbour : neighbours.list()) {
      cache.child(
          DumpNode.of(Ipv4.format(neighbour.address))
              .with("mac", Ethernet.format(neighbour.mac))
              .with("state", neighbour.state.name().toLowerCase(Locale.ROOT))
              .build());
    }
    return node.child(stations.dump()).child(cache.build()).build();
  }

  private final class NeighbourWire implements Neighbours.Wire {
    @Override
    public void ask(int address, long mac) {
      arp.ask(address, mac);
      flush();
    }

    @Override
    public void send(ByteBuf packet, long mac) {
      sendIpv4To(packet, mac);
    }

    @Override
    public void unanswered(int address) {
      try {
        engines.forEach(engine -> engine.unanswered(address));
      } catch (RuntimeException | OutOfDirectMemoryError e) {
        failed(e);
      }
      flush();
    }
  }
}
