package io.lanyard.nat.udp;

import io.lanyard.linux.Errno;
import io.lanyard.linux.SocketError;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import org.jspecify.annotations.Nullable;

/** A guest's endpoint and the host's socket that stands for it. */
final class Mapping implements HostReader.Receiver {
  /** From here up the host's own default is as good; a lower one is somebody tracing a route. */
  private static final int ORDINARY_TTL = 48;

  private static final int DEFAULT_TTL = 64;

  /** Up to here every path takes a packet whole (as IPv6 demands, RFC 8200 section 5). */
  private static final int SMALL_PACKET = 1280;

  private final UdpNat nat;
  final int guest;
  final int port;

  /** For each remote address, as the guest sees it, how many flows there are. */
  private final IntObjectMap<Integer> remotes = new IntObjectHashMap<>();

  private @Nullable HostSocket socket;
  private int flows;
  private int ttl = DEFAULT_TTL;
  private boolean dontFragment;

  /** What the host last said would have fitted. */
  private int largestPacket;

  Mapping(UdpNat nat, int guest, int port) {
    this.nat = nat;
    this.guest = guest;
    this.port = port;
  }

  void open(HostSocket opened) {
    socket = opened;
  }

  boolean knows(int remote) {
    return remotes.containsKey(remote);
  }

  void retain(UdpFlow flow) {
    flows++;
    remotes.merge(flow.remoteAddress(), 1, Integer::sum);
  }

  void release(UdpFlow flow) {
    flows--;
    remotes.computeIfPresent(flow.remoteAddress(), (address, n) -> n == 1 ? null : n - 1);
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
      open.close();
    }
  }

  @Nullable HostSocket socket() {
    return socket;
  }

  /** Passes the time to live and the wish not to be fragmented on, where they matter. */
  void prepare(ByteBuf frame, int ip, int packet) {
    HostSocket open = socket;
    if (open == null) {
      return;
    }
    int hops = Ipv4.ttl(frame, ip) - 1;
    int wanted = hops >= ORDINARY_TTL ? DEFAULT_TTL : Math.max(1, hops);
    if (wanted != ttl) {
      // What came before goes out as it came.
      nat.sender.flush();
      ttl = wanted;
      open.socket().ttl(wanted);
    }
    boolean dont = (Ipv4.fragment(frame, ip) & Ipv4.DONT_FRAGMENT) != 0;
    if (dont != dontFragment && (packet > SMALL_PACKET || !dont)) {
      nat.sender.flush();
      dontFragment = dont;
      open.socket().dontFragment(dont);
    }
  }

  /** Tells the guest that the host did not send a datagram. */
  void failed(UdpFlow flow, int error, int length) {
    int code =
        switch (error) {
          case Errno.EMSGSIZE -> Icmp.FRAGMENTATION_NEEDED;
          case Errno.ENETUNREACH -> Icmp.NET_UNREACHABLE;
          case Errno.EACCES, Errno.EPERM -> Icmp.ADMIN_PROHIBITED;
          default -> Icmp.HOST_UNREACHABLE;
        };
    int rest = error == Errno.EMSGSIZE ? largestPacket : 0;
    largestPacket = 0;
    about(0, Icmp.UNREACHABLE, code, rest, flow.remoteAddress(), flow.remotePort(), length);
  }

  /** Takes a datagram from outside. */
  @Override
  public void datagrams(ByteBuf frame, int size, int address, int remotePort) {
    int remote = nat.destinations.guestSide(address);
    UdpFlow flow = remote == 0 ? null : nat.flow(this, remote, remotePort, address);
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
      // The host's own. It does not say which port it is about; whoever sent knows, and comes next.
      largestPacket = error.info();
      return;
    }
    int remote = nat.destinations.guestSide(error.address());
    if (remote == 0 || nat.flows.get(FlowKey.high(guest, remote), low(error.port())) == null) {
      return;
    }
    int length = head.writerIndex() - HostReader.PAYLOAD;
    if (error.number() == Errno.EMSGSIZE) {
      about(
          0,
          Icmp.UNREACHABLE,
          Icmp.FRAGMENTATION_NEEDED,
          error.info(),
          remote,
          error.port(),
          length);
    } else if (error.fromIcmp()
        && (error.type() == Icmp.UNREACHABLE || error.type() == Icmp.TIME_EXCEEDED)) {
      about(error.offender(), error.type(), error.code(), 0, remote, error.port(), length);
    }
  }

  private void about(
      int offender, int type, int code, int rest, int remote, int remotePort, int length) {
    int router = offender == 0 ? 0 : nat.destinations.guestSide(offender);
    long header =
        (long) port << 48 | (long) remotePort << 32 | (long) (Udp.HEADER_LENGTH + length) << 16;
    nat.errors.sendAbout(
        router == 0 ? nat.link.gatewayAddress() : router,
        type,
        code,
        rest,
        FlowKey.UDP,
        guest,
        remote,
        header,
        Udp.HEADER_LENGTH + length);
  }

  private long low(int remotePort) {
    return FlowKey.low(FlowKey.UDP, port, remotePort);
  }
}
