package io.lanyard.nat.udp;

import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.gateway.IcmpErrors;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Udp;
import io.lanyard.vswitch.linux.Errno;
import io.lanyard.vswitch.linux.SocketError;
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

  /** What the host last said was the path's MTU for a datagram that was too large for it. */
  private int pathMtu;

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
    HostSocket open = socket;
    socket = null;
    if (open != null) {
      open.close();
    }
  }

  /** Sends a guest's datagram out. */
  void send(UdpFlow flow, ByteBuf frame, int ip, int payload, int length, int destination) {
    HostSocket open = socket;
    if (open == null) {
      return;
    }
    int packet = length + Ipv4.HEADER_LENGTH + Udp.HEADER_LENGTH;
    flow.touch();
    flow.countFromGuest(1, packet);
    prepare(open, frame, ip, packet);
    int remotePort = flow.remotePort();
    int sent = nat.reader.send(open.socket(), frame, payload, length, destination, remotePort);
    if (sent < 0 && isPending(sent)) {
      // An error of an earlier datagram is reported at the next call, which is then not carried
      // out.
      open.readErrors();
      if (sent == -Errno.EMSGSIZE && !dontFragment(frame, ip)) {
        permitFragments(open);
      }
      sent = nat.reader.send(open.socket(), frame, payload, length, destination, remotePort);
    }
    if (sent >= 0) {
      nat.counters.count(UdpCount.OUT);
    } else {
      failed(open, sent, frame, ip);
    }
  }

  private static boolean isPending(int result) {
    return switch (-result) {
      case Errno.EAGAIN, Errno.ENOBUFS, Errno.ENOMEM, Errno.EBADF -> false;
      default -> true;
    };
  }

  /** Passes the time to live and the wish not to be fragmented on, where they matter. */
  private void prepare(HostSocket open, ByteBuf frame, int ip, int packet) {
    int hops = Ipv4.ttl(frame, ip) - 1;
    int wanted = hops >= ORDINARY_TTL ? DEFAULT_TTL : Math.max(1, hops);
    if (wanted != ttl) {
      ttl = wanted;
      open.socket().ttl(wanted);
    }
    if (packet > SMALL_PACKET && dontFragment(frame, ip) != dontFragment) {
      dontFragment = !dontFragment;
      open.socket().dontFragment(dontFragment);
    }
  }

  private static boolean dontFragment(ByteBuf frame, int ip) {
    return (Ipv4.fragment(frame, ip) & Ipv4.DONT_FRAGMENT) != 0;
  }

  private void permitFragments(HostSocket open) {
    dontFragment = false;
    open.socket().dontFragment(false);
  }

  private void failed(HostSocket open, int result, ByteBuf frame, int ip) {
    IcmpErrors errors = nat.errors;
    switch (-result) {
      case Errno.EAGAIN, Errno.ENOBUFS, Errno.ENOMEM -> nat.counters.count(UdpCount.NO_BUFFERS);
      case Errno.EMSGSIZE -> {
        nat.counters.count(UdpCount.SEND_FAILED);
        // The MTU comes by the error queue, without a word of what was too large.
        pathMtu = 0;
        open.readErrors();
        errors.send(Icmp.UNREACHABLE, Icmp.FRAGMENTATION_NEEDED, pathMtu, frame, ip);
      }
      case Errno.ENETUNREACH -> {
        nat.counters.count(UdpCount.SEND_FAILED);
        errors.send(Icmp.UNREACHABLE, Icmp.NET_UNREACHABLE, 0, frame, ip);
      }
      case Errno.EACCES, Errno.EPERM -> {
        nat.counters.count(UdpCount.SEND_FAILED);
        errors.send(Icmp.UNREACHABLE, Icmp.ADMIN_PROHIBITED, 0, frame, ip);
      }
      default -> {
        nat.counters.count(UdpCount.SEND_FAILED);
        errors.send(Icmp.UNREACHABLE, Icmp.HOST_UNREACHABLE, 0, frame, ip);
      }
    }
  }

  /** Takes a datagram from outside. */
  @Override
  public void datagram(ByteBuf frame, int address, int remotePort) {
    int remote = nat.destinations.guestSide(address);
    UdpFlow flow = remote == 0 ? null : nat.flow(this, remote, remotePort, address);
    if (flow == null) {
      nat.counters.count(UdpCount.FILTERED);
      return;
    }
    int length = frame.writerIndex() - HostReader.PAYLOAD;
    flow.touch();
    flow.answered();
    flow.countToGuest(1, length + Ipv4.HEADER_LENGTH + Udp.HEADER_LENGTH);
    nat.counters.count(UdpCount.IN);
    nat.deliver(frame, remote, remotePort, guest, port);
  }

  @Override
  public void error(SocketError error, ByteBuf head) {
    nat.counters.count(UdpCount.ERRORS);
    if (error.number() == Errno.EMSGSIZE && !error.fromIcmp()) {
      pathMtu = error.info();
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
