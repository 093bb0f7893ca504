package io.lanyard.nat.udp;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.LongPairMap;
import io.lanyard.linux.DatagramEnds;
import io.lanyard.linux.Errno;
import io.lanyard.linux.SocketError;
import io.lanyard.nat.egress.PublishedPorts;
import io.lanyard.nat.flow.FlowAccount;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.gateway.IcmpReason;
import io.lanyard.nat.gateway.IcmpReport;
import io.lanyard.nat.gateway.Packet;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/** A guest's endpoint and the host's socket that stands for it. */
final class Mapping implements HostReader.Receiver {
  /** From here up the host's own default is as good; a lower one is somebody tracing a route. */
  private static final int ORDINARY_TTL = 48;

  private static final int DEFAULT_TTL = 64;

  /** Up to here every path takes a packet whole (as IPv6 demands, RFC 8200 section 5). */
  private static final int SMALL_PACKET = 1280;

  private final UdpNat nat;
  final Neighbour guest;
  final int port;

  /** Whether it leads to the host's loopback alone, because others are bound elsewhere. */
  final boolean toLoopback;

  /** Who has to answer for flows that begin outside. */
  final FlowAccount account;

  /** Has granted a descriptor for the socket. */
  final DescriptorBudget.Holder descriptors;

  /** How many flows there are for each remote address, as the guest sees it. */
  private final LongPairMap<Flows> remotes;

  /** The turn of the port that the mapping's first datagram came in by, whatever its source. */
  private final Turn turn;

  private @Nullable HostSocket socket;
  private int outerPort;

  /** The host's address that the socket is bound to; null where it has all of them. */
  private @Nullable Address hostAddress;

  private int flows;
  private int ttl = DEFAULT_TTL;
  private boolean dontFragment;

  /** The largest packet that the host last said would have fitted. */
  private int largestPacket;

  /** The flows with one remote address. */
  private static final class Flows {
    int count;
  }

  Mapping(
      UdpNat nat,
      Neighbour guest,
      int port,
      boolean toLoopback,
      FlowAccount account,
      Turn turn,
      DescriptorBudget.Holder descriptors) {
    this.nat = nat;
    this.guest = guest;
    this.port = port;
    this.toLoopback = toLoopback;
    this.account = account;
    this.turn = turn;
    this.descriptors = descriptors;
    remotes = new LongPairMap<>(nat.seed, 2); // most mappings have one flow
  }

  @Override
  public Turn turn() {
    return turn;
  }

  void open(HostSocket opened) {
    socket = opened;
    hostAddress = toLoopback ? null : nat.link.outbound().bound(any());
    outerPort = opened.socket().localPort();
    if (!toLoopback) {
      nat.published().add(PublishedPorts.ofFamily(FlowKey.UDP, any()), any(), outerPort);
    }
  }

  /** All addresses of the host of the guest's family: the socket has them. */
  Address any() {
    return guest.address().isIpv4() ? Address.ANY_IPV4 : Address.ANY_IPV6;
  }

  /** The loopback address of the guest's family. */
  Address loopback() {
    return guest.address().isIpv4() ? Address.LOOPBACK_IPV4 : Address.LOOPBACK_IPV6;
  }

  boolean knows(long high, long low) {
    return remotes.get(high, low) != null;
  }

  void retain(UdpFlow flow) {
    flows++;
    Address remote = flow.remote();
    Flows known = remotes.get(remote.high(), remote.low());
    if (known == null) {
      known = new Flows();
      remotes.put(remote.high(), remote.low(), known);
    }
    known.count++;
  }

  void release(UdpFlow flow) {
    flows--;
    Address remote = flow.remote();
    Flows known = remotes.get(remote.high(), remote.low());
    if (known != null && --known.count == 0) {
      remotes.remove(remote.high(), remote.low());
    }
    closeUnlessUsed();
  }

  /** Keeps the mapping while a flow is admitted, which may end its only one. */
  void hold() {
    flows++;
  }

  /** Ends what {@link #hold} began. */
  void letGo() {
    flows--;
    closeUnlessUsed();
  }

  private void closeUnlessUsed() {
    if (flows == 0) {
      close();
      nat.forget(this);
    }
  }

  void close() {
    nat.sender.flush();
    HostSocket open = socket;
    socket = null;
    if (open != null) {
      if (!toLoopback) {
        nat.published().remove(PublishedPorts.ofFamily(FlowKey.UDP, any()), any(), outerPort);
      }
      open.close();
    }
  }

  @Nullable HostSocket socket() {
    return socket;
  }

  @Nullable Address hostAddress() {
    return hostAddress;
  }

  /** Passes the time to live and the wish not to be fragmented on, where they matter. */
  void prepare(Packet packet, int bytes) {
    HostSocket open = socket;
    if (open == null) {
      return;
    }
    int hops = packet.hops() - 1;
    int wanted = hops >= ORDINARY_TTL ? DEFAULT_TTL : Math.max(1, hops);
    if (wanted != ttl) {
      // What came before goes out as it came.
      nat.sender.flush();
      ttl = wanted;
      open.socket().ttl(wanted);
    }
    boolean dont = packet.unfragmented();
    if (dont != dontFragment && (bytes > SMALL_PACKET || !dont)) {
      nat.sender.flush();
      dontFragment = dont;
      open.socket().dontFragment(dont);
    }
  }

  /** Tells the guest that the host did not send a datagram. */
  void failed(UdpFlow flow, int error, int length) {
    IcmpReport report =
        switch (error) {
          case Errno.EMSGSIZE -> IcmpReport.tooLarge(largestPacket, guest.address());
          case Errno.ENETUNREACH -> IcmpReport.of(IcmpReason.NO_ROUTE, guest.address());
          case Errno.EACCES, Errno.EPERM -> IcmpReport.of(IcmpReason.PROHIBITED, guest.address());
          default -> IcmpReport.of(IcmpReason.HOST_UNREACHABLE, guest.address());
        };
    largestPacket = 0;
    tell(flow, report, length, Unpooled.EMPTY_BUFFER, 0);
  }

  /** Takes a datagram from outside. */
  @Override
  public void datagrams(ByteBuf frame, int size, DatagramEnds ends) {
    UdpFlow flow = nat.flow(this, ends.remoteHigh(), ends.remoteLow(), ends.remotePort());
    if (flow == null) {
      int bytes = frame.writerIndex() - HostReader.PAYLOAD;
      nat.counters.add(UdpCount.FILTERED, DatagramFlow.datagrams(bytes, size));
      return;
    }
    flow.answered();
    nat.deliver(flow, frame, size);
  }

  @Override
  public void error(SocketError error, ByteBuf head) {
    nat.counters.count(UdpCount.ERRORS);
    if (error.number() == Errno.EMSGSIZE && !error.fromIcmp()) {
      // The host's own. It does not say which port it is about; the sender knows, and comes next.
      largestPacket = error.info();
      return;
    }
    Endpoint sentTo = error.ends().remote();
    Address remote = nat.destinations.guestSide(sentTo.address());
    UdpFlow flow = remote == null ? null : nat.known(this, remote, sentTo.port());
    if (flow == null) {
      return;
    }
    if (error.number() == Errno.EMSGSIZE) {
      tell(flow, IcmpReport.tooLarge(error.info(), guest.address()), head);
    } else if (error.fromIcmp() && IcmpReport.tellsOfTheWay(error.type(), guest.address())) {
      Address known = error.offender();
      Address offender = known == null ? null : nat.destinations.guestSide(known);
      tell(flow, new IcmpReport(offender, error.type(), error.code(), 0), head);
    }
  }

  /** The host quotes the datagram. */
  private void tell(UdpFlow flow, IcmpReport report, ByteBuf head) {
    int length = head.writerIndex() - HostReader.PAYLOAD;
    tell(flow, report, length, head, HostReader.PAYLOAD);
  }

  private void tell(UdpFlow flow, IcmpReport report, int length, ByteBuf data, int at) {
    int bytes = Udp.HEADER_LENGTH + length;
    long header = (long) port << 48 | (long) flow.remotePort() << 32 | (long) bytes << 16;
    nat.errors.about(report, flow, guest, header, bytes, data, at);
  }
}
