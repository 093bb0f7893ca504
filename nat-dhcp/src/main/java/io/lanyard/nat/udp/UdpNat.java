package io.lanyard.nat.udp;

import io.lanyard.base.Counters;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.InetDatagram;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.nat.gateway.Destinations;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.gateway.IcmpErrors;
import io.lanyard.nat.gateway.PacketEngine;
import io.lanyard.nat.station.Station;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadCheck;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.io.IOException;
import java.lang.System.Logger;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * NAT for UDP.
 *
 * <p>Thread: the network's loop only.
 */
public final class UdpNat implements PacketEngine, Dumpable {
  private static final Logger LOG = System.getLogger(UdpNat.class.getName());

  private static final int DNS = 53;

  /** What a datagram has before its payload, as an IPv4 packet. */
  private static final int HEADERS = Ipv4.HEADER_LENGTH + Udp.HEADER_LENGTH;

  final GuestLink link;
  final FlowTable flows;
  final IcmpErrors errors;
  final Destinations destinations;
  final HostReader reader;
  final Counters<UdpCount> counters = new Counters<>(UdpCount.class);
  final DatagramSender sender;
  private final UdpOptions options;
  private final ReservedPorts reserved;
  private final LongObjectMap<Mapping> mappings = new LongObjectHashMap<>();
  private boolean complained;

  /**
   * Makes a NAT without flows.
   *
   * @param link the network
   * @param flows the network's flow table
   * @param errors how guests are told of errors
   * @param destinations where addresses lead
   * @param reader reads the host's sockets; its owner closes it
   * @param options how the NAT behaves
   * @param reserved ports of the host that no guest gets by asking for them
   */
  public UdpNat(
      GuestLink link,
      FlowTable flows,
      IcmpErrors errors,
      Destinations destinations,
      HostReader reader,
      UdpOptions options,
      ReservedPorts reserved) {
    this.link = link;
    this.flows = flows;
    this.errors = errors;
    this.destinations = destinations;
    this.reader = reader;
    this.options = options;
    this.reserved = reserved;
    sender = new DatagramSender(link.allocator(), counters);
  }

  @Override
  public void receive(Station from, ByteBuf frame, int ip, int at, int end, int destination) {
    int guest = Ipv4.source(frame, ip);
    int remote = Ipv4.destination(frame, ip);
    int guestPort = Udp.sourcePort(frame, at);
    int remotePort = Udp.destinationPort(frame, at);
    long high = FlowKey.high(guest, remote);
    long low = FlowKey.low(FlowKey.UDP, guestPort, remotePort);
    Flow known = flows.get(high, low);
    DatagramFlow flow;
    if (known instanceof DatagramFlow datagrams) {
      flow = datagrams;
    } else if (remote == link.gatewayAddress()) {
      counters.count(UdpCount.PORT_CLOSED);
      errors.send(Icmp.UNREACHABLE, Icmp.PORT_UNREACHABLE, 0, frame, ip);
      return;
    } else {
      DatagramFlow opened = open(guest, guestPort, remote, remotePort, destination);
      if (opened == null) {
        return;
      }
      flow = opened;
    }
    int payload = at + Udp.HEADER_LENGTH;
    int header = frame.readerIndex();
    boolean single = OffloadHeader.gsoType(frame, header) == OffloadHeader.GSO_NONE;
    int length = single ? Udp.length(frame, at) - Udp.HEADER_LENGTH : end - payload;
    int size = single ? length : Math.max(1, OffloadHeader.gsoSize(frame, header));
    int datagrams = DatagramFlow.datagrams(length, size);
    flow.touch();
    flow.countFromGuest(datagrams, length + datagrams * HEADERS);
    flow.fromGuest(frame, ip, Math.min(length, size) + HEADERS);
    if (datagrams == 1) {
      sender.send(flow, frame, payload, length);
    } else {
      sender.sendTrain(flow, frame, payload, length, size);
    }
  }

  /** Sends what is put off until the end of a burst: before a socket is closed, for one. */
  @Override
  public void flush() {
    sender.flush();
  }

  private @Nullable UdpFlow open(
      int guest, int guestPort, int remote, int remotePort, int destination) {
    Mapping mapping = mappings.get(key(guest, guestPort));
    boolean fresh = mapping == null;
    if (mapping == null) {
      mapping = new Mapping(this, guest, guestPort);
    }
    UdpFlow flow = admit(mapping, remote, remotePort, destination);
    if (flow == null) {
      counters.count(UdpCount.QUOTA);
      return null;
    }
    if (fresh && !open(mapping)) {
      flows.remove(flow);
      mapping.release(flow);
      return null;
    }
    // To make place for the flow its own mapping may have lost its last one, and its socket.
    if (!fresh && !mappings.containsKey(key(guest, guestPort)) && !open(mapping)) {
      flows.remove(flow);
      mapping.release(flow);
      return null;
    }
    return flow;
  }

  private @Nullable UdpFlow admit(Mapping mapping, int remote, int remotePort, int destination) {
    UdpFlow flow =
        new UdpFlow(
            FlowKey.high(mapping.guest, remote),
            FlowKey.low(FlowKey.UDP, mapping.port, remotePort),
            mapping,
            destination);
    flow.idleTimeout(remotePort == DNS ? options.queryTimeoutNanos() : options.timeoutNanos());
    if (!flows.add(flow)) {
      return null;
    }
    mapping.retain(flow);
    return flow;
  }

  private boolean open(Mapping mapping) {
    try {
      HostSocket socket = HostSocket.watch(link, bind(mapping.port), reader, mapping);
      mapping.open(socket);
      mappings.put(key(mapping.guest, mapping.port), mapping);
      counters.count(UdpCount.MAPPED);
      return true;
    } catch (IOException e) {
      counters.count(UdpCount.NO_SOCKET);
      if (!complained) {
        complained = true;
        LOG.log(
            Logger.Level.WARNING,
            "event=udp-socket-failed reason=\"{0}\" advice=\"raise the limit of open files; further"
                + " ones are only counted\"",
            e.getMessage());
      }
      return false;
    }
  }

  /** Binds to the guest's own port if the host has it free and does not reserve it, else to any. */
  private InetDatagram bind(int port) throws ErrnoException {
    if (!reserved.contains(port)) {
      try {
        InetDatagram socket = InetDatagram.udp(0, port);
        counters.count(UdpCount.PORT_PRESERVED);
        return socket;
      } catch (ErrnoException e) {
        if (e.number() != Errno.EADDRINUSE && e.number() != Errno.EACCES) {
          throw e;
        }
      }
    }
    return InetDatagram.udp(0, 0);
  }

  /** The flow of a datagram from outside, if the filter lets it in. */
  @Nullable UdpFlow flow(Mapping mapping, int remote, int remotePort, int address) {
    Flow known =
        flows.get(
            FlowKey.high(mapping.guest, remote),
            FlowKey.low(FlowKey.UDP, mapping.port, remotePort));
    if (known != null) {
      return known instanceof UdpFlow flow ? flow : null;
    }
    boolean permitted =
        switch (options.filtering()) {
          case ENDPOINT_INDEPENDENT -> true;
          case ADDRESS_DEPENDENT -> mapping.knows(remote);
          case ADDRESS_AND_PORT_DEPENDENT -> false;
        };
    // Kept alive over the admission, which may evict the mapping's only flow.
    return permitted && flows.hasRoom(mapping.guest, FlowKey.UDP)
        ? admit(mapping, remote, remotePort, address)
        : null;
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
    flow.touch();
    flow.countToGuest(datagrams, length + datagrams * HEADERS);
    counters.add(UdpCount.IN, datagrams);
    if (datagrams == 1 || fits(length, size, datagrams)) {
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

  /** Whether a train can be a super-frame; where its datagrams are to be fragments it cannot. */
  private boolean fits(int length, int size, int datagrams) {
    return size + HEADERS <= link.mtu()
        && length <= InetDatagram.LARGEST_PAYLOAD
        && datagrams <= OffloadCheck.MOST_UDP_SEGMENTS;
  }

  /** Sends a datagram, or a train as a super-frame if its datagrams' size is given. */
  private void send(DatagramFlow flow, ByteBuf frame, int size) {
    int at = HostReader.PAYLOAD - Udp.HEADER_LENGTH;
    int length = frame.writerIndex() - at;
    int source = flow.remoteAddress();
    int guest = flow.guestAddress();
    HostReader.writeIp(frame, at, Ipv4.UDP, source, guest, 0);
    Udp.write(frame, at, flow.remotePort(), flow.guestPort(), length);
    // The port that takes it finishes the checksum, in hardware if it can.
    Udp.setChecksum(frame, at, Checksum.fold(Checksum.pseudo4(source, guest, Ipv4.UDP, length)));
    OffloadHeader.set(
        frame,
        frame.readerIndex(),
        OffloadHeader.NEEDS_CSUM,
        size == 0 ? OffloadHeader.GSO_NONE : OffloadHeader.GSO_UDP_L4,
        Ethernet.HEADER_LENGTH + HEADERS,
        size,
        Ethernet.HEADER_LENGTH + Ipv4.HEADER_LENGTH,
        Udp.CHECKSUM_OFFSET);
    link.sendIpv4(frame, guest);
  }

  void forget(Mapping mapping) {
    long key = key(mapping.guest, mapping.port);
    Mapping present = mappings.get(key);
    if (present != null && present.equals(mapping)) {
      mappings.remove(key);
    }
  }

  private static long key(int guest, int port) {
    return (long) guest << 16 | port;
  }

  /**
   * The host's ports that no guest gets by asking for them.
   *
   * @return the object that all networks share
   */
  public ReservedPorts reserved() {
    return reserved;
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
    return mappings.size();
  }

  /** Closes all sockets. The flows are ended by the table's owner. */
  public void close() {
    for (Mapping mapping : new ArrayList<>(mappings.values())) {
      mapping.close();
    }
    mappings.clear();
    sender.close();
  }

  @Override
  public DumpNode dump() {
    return counters
        .addTo(
            DumpNode.of("udp")
                .with("flows", flows.size(FlowKey.UDP))
                .with("mappings", mappings.size())
                .with(
                    "filtering",
                    options
                        .filtering()
                        .name()
                        .toLowerCase(java.util.Locale.ROOT)
                        .replace('_', '-')))
        .build();
  }
}
