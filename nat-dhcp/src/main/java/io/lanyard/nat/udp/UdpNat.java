package io.lanyard.nat.udp;

import io.lanyard.base.Counters;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.EnumText;
import io.lanyard.config.NatConfig;
import io.lanyard.config.NatConfig.Behaviour;
import io.lanyard.linux.InetDatagram;
import io.lanyard.nat.egress.PublishedPorts;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowAccount;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.FlowOwner;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.nat.flow.Grant;
import io.lanyard.nat.gateway.Destinations;
import io.lanyard.nat.gateway.Egress;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.gateway.IcmpErrors;
import io.lanyard.nat.gateway.IcmpReason;
import io.lanyard.nat.gateway.IpHeader;
import io.lanyard.nat.gateway.Packet;
import io.lanyard.nat.gateway.PacketEngine;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadCheck;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/**
 * NAT for UDP.
 *
 * <p>Thread: the network's loop only.
 */
public final class UdpNat implements PacketEngine, Dumpable {
  private static final int DNS = 53;

  /**
   * How long a flow to the well-known port of DNS may be idle, where one answer ends the
   * conversation (RFC 4787 REQ-5 a permits it to be shorter).
   */
  private static final long QUERY_TIMEOUT_NANOS = 30_000_000_000L;

  final GuestLink link;
  final FlowTable flows;
  final IcmpErrors errors;
  final Destinations destinations;
  final HostReader reader;
  final Counters<UdpCount> counters = new Counters<>(UdpCount.class);
  final DatagramSender sender;

  /** Of hash tables, so that no guest makes keys that collide. */
  final long seed;

  private final MappingSockets sockets;
  private final Egress egress;
  private final PublishedPorts published;
  private final FlowKey key = new FlowKey(FlowKey.UDP);
  private final Mappings mappings;

  /**
   * Those that lead to the host's loopback, where the others are bound to an address or interface
   * ({@code nat.outbound}).
   */
  private final Mappings loopbackMappings;

  private Behaviour filtering;
  private long timeoutNanos;

  /**
   * Makes a NAT without flows.
   *
   * @param link the network
   * @param flows the network's flow table
   * @param errors how guests are told of errors
   * @param destinations where addresses lead
   * @param reader reads the host's sockets; its owner closes it
   * @param config how the NAT behaves
   * @param reserved ports of the host that no guest gets by asking for them
   * @param egress where guests may go
   * @param published hears of the host's ports that mappings have
   */
  public UdpNat(
      GuestLink link,
      FlowTable flows,
      IcmpErrors errors,
      Destinations destinations,
      HostReader reader,
      NatConfig config,
      ReservedPorts reserved,
      Egress egress,
      PublishedPorts published) {
    this.link = link;
    this.flows = flows;
    this.errors = errors;
    this.destinations = destinations;
    this.reader = reader;
    filtering = config.filtering();
    timeoutNanos = config.timeouts().udp().toNanos();
    this.egress = egress;
    this.published = published;
    seed = new SecureRandom().nextLong();
    mappings = new Mappings(seed);
    loopbackMappings = new Mappings(seed);
    sockets = new MappingSockets(this, reserved);
    sender = new DatagramSender(link.allocator(), counters);
  }

  @Override
  public void receive(Packet packet) {
    ByteBuf frame = packet.frame();
    int at = packet.transport();
    int guestPort = Udp.sourcePort(frame, at);
    int remotePort = Udp.destinationPort(frame, at);
    key.guest(packet.sourceHigh(), packet.sourceLow(), guestPort)
        .remote(packet.destinationHigh(), packet.destinationLow(), remotePort);
    DatagramFlow flow;
    if (flows.get(key) instanceof DatagramFlow known
        && flows.keeps(known, packet.station().budget().flows())) {
      if (!egress.admits(packet, known)) {
        return;
      }
      flow = known;
    } else if (!packet.leadsOut()) {
      counters.count(UdpCount.PORT_CLOSED);
      errors.send(IcmpReason.PORT_UNREACHABLE, packet);
      return;
    } else {
      DatagramFlow opened = open(packet, guestPort, remotePort);
      if (opened == null) {
        return;
      }
      flow = opened;
    }
    int payload = at + Udp.HEADER_LENGTH;
    boolean single = !packet.isSuper();
    int length = single ? Udp.length(frame, at) - Udp.HEADER_LENGTH : packet.end() - payload;
    int size = single ? length : Math.max(1, OffloadHeader.gsoSize(frame, frame.readerIndex()));
    int datagrams = DatagramFlow.datagrams(length, size);
    int headers = payload - packet.network();
    flow.touch();
    flow.countFromGuest(datagrams, length + datagrams * headers);
    flow.fromGuest(packet, Math.min(length, size) + headers);
    if (datagrams == 1) {
      sender.send(flow, frame, payload, length);
    } else {
      sender.sendBatch(flow, frame, payload, length, size);
    }
  }

  /**
   * Behaves otherwise from now on. Flows that are there live on, and have the new timeout; a
   * stricter filter holds for strangers that come.
   *
   * @param config how
   */
  public void configure(NatConfig config) {
    filtering = config.filtering();
    long timeout = config.timeouts().udp().toNanos();
    if (timeout != timeoutNanos) {
      timeoutNanos = timeout;
      flows.forEach(flow -> {
        if (flow instanceof DatagramFlow) {
          flow.idleTimeout(idleNanos(flow));
        }
      });
    }
  }

  /** Sends what is put off until the end of a burst: before a socket is closed, for one. */
  @Override
  public void flush() {
    sender.flush();
  }

  /** A guest's mapping; one that another port has begun ends. */
  private @Nullable Mapping mapping(
      boolean toLoopback, Address guest, int guestPort, FlowOwner port) {
    Mapping known = mappings(toLoopback).get(guest, guestPort);
    if (known == null || known.account.owner().equals(port)) {
      return known;
    }
    flows.endForeign(guest, port);
    return mappings(toLoopback).get(guest, guestPort);
  }

  private @Nullable UdpFlow open(Packet packet, int guestPort, int remotePort) {
    Neighbour guest = packet.sender();
    Station station = packet.station();
    FlowAccount account = station.flows();
    boolean toLoopback = packet.hostSide().isLoopback() && link.outbound().isSaid();
    Mapping mapping = mapping(toLoopback, guest.address(), guestPort, account.owner());
    boolean fresh = mapping == null;
    Grant grant = egress.admits(packet, remotePort);
    if (grant == null) {
      return null;
    }
    if (mapping == null) {
      DescriptorBudget.Holder descriptors = station.budget().descriptors();
      if (!flows.takeDescriptor(descriptors, account.owner())) {
        counters.count(UdpCount.NO_DESCRIPTOR);
        return null;
      }
      mapping =
          new Mapping(
              this, guest, guestPort, toLoopback, account, station.budget().turn(), descriptors);
    }
    mapping.hold();
    try {
      Endpoint remote = new Endpoint(packet.destination(), remotePort);
      UdpFlow flow = admit(mapping, remote, packet.hostSide(), account, grant);
      if (flow == null) {
        counters.count(UdpCount.QUOTA);
        if (fresh) {
          mapping.descriptors.giveBack();
        }
      } else if (fresh) {
        if (!sockets.open(mapping)) {
          flows.remove(flow);
          mapping.release(flow);
          return null;
        }
        mappings(toLoopback).put(mapping);
      }
      return flow;
    } finally {
      mapping.letGo();
    }
  }

  private @Nullable UdpFlow admit(
      Mapping mapping, Endpoint remote, Address destination, FlowAccount account, Grant grant) {
    UdpFlow flow = new UdpFlow(mapping, remote, destination);
    flow.grant(grant);
    flow.idleTimeout(idleNanos(flow));
    if (!flows.add(flow, account)) {
      return null;
    }
    mapping.retain(flow);
    return flow;
  }

  private long idleNanos(Flow flow) {
    return flow.remotePort() == DNS ? QUERY_TIMEOUT_NANOS : timeoutNanos;
  }

  /**
   * The flow of a datagram from outside, if the filter lets it in.
   *
   * @param high the upper long of the sender's address, as the host sees it
   * @param low the lower long of the sender's address
   */
  @Nullable UdpFlow flow(Mapping mapping, long high, long low, int remotePort) {
    long remoteHigh = high;
    long remoteLow = low;
    if (Destinations.isLoopback(high, low)) {
      Address seen = destinations.guestSideOfLoopback(high, low);
      if (seen == null) {
        return null;
      }
      remoteHigh = seen.high();
      remoteLow = seen.low();
    }
    key.guest(mapping.guest.address(), mapping.port).remote(remoteHigh, remoteLow, remotePort);
    Flow known = flows.get(key);
    if (known != null) {
      return known instanceof UdpFlow flow ? flow : null;
    }
    boolean permitted =
        switch (filtering) {
          case ENDPOINT_INDEPENDENT -> true;
          case ADDRESS_DEPENDENT -> mapping.knows(remoteHigh, remoteLow);
          case ADDRESS_AND_PORT_DEPENDENT -> false;
        };
    if (!permitted) {
      return null;
    }
    Endpoint from = new Endpoint(new Address(high, low), remotePort);
    Endpoint to = new Endpoint(mapping.guest.address(), mapping.port);
    Grant grant = egress.admits(mapping.account.owner().name(), to, from);
    // Kept alive over the admission, which may evict the mapping's only flow.
    if (grant == null || !flows.hasRoom(mapping.account, FlowKey.UDP)) {
      return null;
    }
    UdpFlow flow =
        admit(
            mapping,
            new Endpoint(new Address(remoteHigh, remoteLow), remotePort),
            from.address(),
            mapping.account,
            grant);
    if (flow != null) {
      flow.client(from);
    }
    return flow;
  }

  /** A mapping's flow with a remote end, if there is one. */
  @Nullable UdpFlow known(Mapping mapping, Address remote, int remotePort) {
    key.guest(mapping.guest.address(), mapping.port).remote(remote, remotePort);
    return flows.get(key) instanceof UdpFlow flow ? flow : null;
  }

  /**
   * Sends a guest what has come for it, and counts it.
   *
   * @param flow what it belongs to
   * @param frame lent for the length of the call: the payload from {@link HostReader#PAYLOAD} to
   *     the writer index, room before it
   * @param size bytes of each datagram but the last, where there are several
   */
  public void deliver(DatagramFlow flow, ByteBuf frame, int size) {
    int length = frame.writerIndex() - HostReader.PAYLOAD;
    int datagrams = DatagramFlow.datagrams(length, size);
    int headers = flow.header().length() + Udp.HEADER_LENGTH;
    if (datagrams == 1 && length > InetDatagram.LARGEST_PAYLOAD && flow.guest().isIpv4()) {
      // IPv6 has room for a few bytes more than IPv4.
      counters.count(UdpCount.TOO_LARGE);
      return;
    }
    flow.touch();
    flow.countToGuest(datagrams, length + datagrams * headers);
    counters.add(UdpCount.IN, datagrams);
    if (datagrams == 1 || fits(flow, length, size, datagrams, headers)) {
      send(flow, frame, datagrams == 1 ? 0 : size);
      return;
    }
    for (int at = 0; at < length; at += size) {
      int bytes = Math.min(size, length - at);
      ByteBuf one = link.allocator().directBuffer(HostReader.PAYLOAD + bytes);
      try {
        one.setBytes(HostReader.PAYLOAD, frame, HostReader.PAYLOAD + at, bytes);
        send(flow, one.setIndex(0, HostReader.PAYLOAD + bytes), 0);
      } finally {
        one.release();
      }
    }
  }

  /** Whether a batch can be a super-frame; where its datagrams are to be fragments it cannot. */
  private boolean fits(DatagramFlow flow, int length, int size, int datagrams, int headers) {
    return size + headers <= link.mtuTowards(flow.neighbour())
        && length <= InetDatagram.LARGEST_PAYLOAD
        && datagrams <= OffloadCheck.MOST_UDP_SEGMENTS;
  }

  /** Sends a datagram, or a batch as a super-frame if its datagrams' size is given. */
  private void send(DatagramFlow flow, ByteBuf frame, int size) {
    int at = HostReader.PAYLOAD - Udp.HEADER_LENGTH;
    int length = frame.writerIndex() - at;
    IpHeader header = flow.header();
    HostReader.writeIp(frame, at, header);
    Udp.write(frame, at, flow.remotePort(), flow.guestPort(), length);
    // The port that takes it finishes the checksum, in hardware if it can.
    Udp.setChecksum(frame, at, header.pseudoSum(length));
    OffloadHeader.set(
        frame,
        frame.readerIndex(),
        OffloadHeader.NEEDS_CSUM,
        size == 0 ? OffloadHeader.GSO_NONE : OffloadHeader.GSO_UDP_L4,
        Ethernet.HEADER_LENGTH + header.length() + Udp.HEADER_LENGTH,
        size,
        Ethernet.HEADER_LENGTH + header.length(),
        Udp.CHECKSUM_OFFSET);
    link.send(frame, flow.neighbour());
  }

  void forget(Mapping mapping) {
    mappings(mapping.toLoopback).remove(mapping);
  }

  private Mappings mappings(boolean toLoopback) {
    return toLoopback ? loopbackMappings : mappings;
  }

  /**
   * The time for which a flow may be idle, those of DNS excepted.
   *
   * @return nanoseconds
   */
  public long timeoutNanos() {
    return timeoutNanos;
  }

  /**
   * The ports that this daemon serves on the host's addresses.
   *
   * @return the object that all networks share
   */
  public PublishedPorts published() {
    return published;
  }

  /**
   * The host's ports that no guest gets by asking for them.
   *
   * @return the object that all networks share
   */
  public ReservedPorts reserved() {
    return sockets.reserved();
  }

  /**
   * The counters.
   *
   * @return the live object, written by the loop
   */
  public Counters<UdpCount> counters() {
    return counters;
  }

  /**
   * How many mappings, and so sockets, there are.
   *
   * @return mappings
   */
  public int mappings() {
    return mappings.size() + loopbackMappings.size();
  }

  /** Closes all sockets. The flows are ended by the table's owner. */
  public void close() {
    mappings.close();
    loopbackMappings.close();
    sender.close();
  }

  @Override
  public DumpNode dump() {
    return counters
        .addTo(
            DumpNode.of("udp")
                .with("flows", flows.size(FlowKey.UDP))
                .with("mappings", mappings())
                .with("filtering", EnumText.word(filtering)))
        .build();
  }
}
