package io.lanyard.nat.icmp;

import io.lanyard.linux.DatagramEnds;
import io.lanyard.linux.Errno;
import io.lanyard.linux.SocketError;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowEnd;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.gateway.IcmpReport;
import io.lanyard.nat.gateway.IpHeader;
import io.lanyard.nat.gateway.Packet;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.udp.HostReader;
import io.lanyard.nat.udp.HostSocket;
import io.lanyard.net.Address;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv4;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** One identifier of a guest's echo requests towards one destination, and its socket. */
final class PingFlow extends Flow implements HostReader.Receiver {
  private static final int DEFAULT_TTL = 64;

  private final PingNat nat;
  private final Neighbour neighbour;
  private final Turn turn;
  private final DatagramEnds destination;
  private final IpHeader header;
  private final boolean ipv4;
  private @Nullable HostSocket socket;

  /** The host's address that the socket is bound to; null where it has all of them. */
  private @Nullable Address hostAddress;

  /** Of a raw socket, which takes and gives whole messages; -1 where the kernel numbers them. */
  private int rawIdentifier = -1;

  private int ttl = DEFAULT_TTL;
  private boolean dontFragment;
  private int pathMtu;
  private boolean answered;

  /**
   * Makes a flow without a socket.
   *
   * @param turn of the port that the first request came in by, whatever its source
   * @param remote the other end, as the guest sees it
   * @param destination where the host's socket sends to
   */
  PingFlow(
      PingNat nat,
      Neighbour neighbour,
      Turn turn,
      int identifier,
      Address remote,
      Address destination) {
    super(FlowKey.ICMP, neighbour.address(), identifier, remote, 0);
    this.nat = nat;
    this.neighbour = neighbour;
    this.turn = turn;
    this.destination = DatagramEnds.to(destination, 0);
    header = IpHeader.of(FlowKey.ICMP, remote(), guest());
    ipv4 = guest().isIpv4();
  }

  @Override
  public Turn turn() {
    return turn;
  }

  void open(HostSocket opened, @Nullable Address bound) {
    socket = opened;
    hostAddress = bound;
  }

  void openRaw(HostSocket opened, @Nullable Address bound, int identifier) {
    open(opened, bound);
    rawIdentifier = identifier;
  }

  /** Sends a request out; the result is bytes sent or an error number negated. */
  int send(Packet request) {
    HostSocket open = socket;
    if (open == null) {
      return -Errno.EBADF;
    }
    ByteBuf frame = request.frame();
    int at = request.transport();
    int length = request.end() - at;
    touch();
    countFromGuest(1, request.length());
    int hops = request.hops() - 1;
    int wanted = hops >= 48 ? DEFAULT_TTL : Math.max(1, hops);
    if (wanted != ttl) {
      ttl = wanted;
      open.socket().ttl(wanted);
    }
    boolean dont = request.unfragmented();
    if (dont != dontFragment) {
      dontFragment = dont;
      open.socket().dontFragment(dont);
    }
    if (rawIdentifier < 0) {
      return send(open, frame, at, length);
    }
    // The frame is lent, perhaps to others too: what is numbered anew is a copy.
    ByteBuf message = nat.link.allocator().directBuffer(length);
    try {
      message.writeBytes(frame, at, length);
      Icmp.setIdentifier(message, 0, rawIdentifier);
      if (ipv4) {
        Icmp.finishChecksum(message, 0, length); // of ICMPv6 the kernel computes it (raw(7))
      }
      return send(open, message, 0, length);
    } finally {
      message.release();
    }
  }

  private int send(HostSocket open, ByteBuf message, int at, int length) {
    int sent = nat.reader.send(open.socket(), message, at, length, destination);
    if (sent < 0 && sent != -Errno.EAGAIN && sent != -Errno.ENOBUFS) {
      // An error of an earlier request is reported at the next call, which is then not carried out.
      open.readErrors();
      sent = nat.reader.send(open.socket(), message, at, length, destination);
    }
    if (sent == -Errno.EMSGSIZE) {
      // The MTU comes by the error queue.
      pathMtu = 0;
      open.readErrors();
    }
    return sent;
  }

  /** The path's MTU, if the last request was too large for it; 0 if it is not known. */
  int pathMtu() {
    return pathMtu;
  }

  @Override
  public void datagrams(ByteBuf frame, int size, DatagramEnds ends) {
    int at = HostReader.PAYLOAD;
    if (rawIdentifier >= 0) {
      at += ipv4 && frame.writerIndex() > at ? Ipv4.headerLength(frame, at) : 0;
    }
    int length = frame.writerIndex() - at;
    if (length < Icmp.HEADER_LENGTH
        || Icmp.type(frame, at) != (ipv4 ? Icmp.ECHO_REPLY : Icmpv6.ECHO_REPLY)
        || ends.remoteLow() != destination.remoteLow()
        || ends.remoteHigh() != destination.remoteHigh()
        || !isOurs(frame, at)) {
      return;
    }
    answered = true;
    touch();
    countToGuest(1, header.length() + length);
    Icmp.setIdentifier(frame, at, guestPort());
    HostReader.writeIp(frame, at, header);
    if (ipv4) {
      Icmp.finishChecksum(frame, at, length);
    } else {
      Icmpv6.finishChecksum(frame, at - header.length(), at, length);
    }
    nat.link.send(frame, neighbour);
  }

  /** A raw socket hears of everybody's requests; of another kind of socket's only its own come. */
  private boolean isOurs(ByteBuf frame, int at) {
    return rawIdentifier < 0 || Icmp.identifier(frame, at) == rawIdentifier;
  }

  @Override
  public void error(SocketError error, ByteBuf head) {
    if (error.number() == Errno.EMSGSIZE && !error.fromIcmp()) {
      pathMtu = error.info();
      return;
    }
    int at = HostReader.PAYLOAD;
    int length = head.writerIndex() - at;
    if (length < Icmp.HEADER_LENGTH || !isOurs(head, at)) {
      return;
    }
    Address offender = error.offender();
    Address router = offender == null ? null : nat.destinations.guestSide(offender);
    IcmpReport report = new IcmpReport(router, error.type(), error.code(), 0);
    if (error.number() == Errno.EMSGSIZE) {
      IcmpReport tooLarge = IcmpReport.tooLarge(error.info(), guest());
      report = new IcmpReport(router, tooLarge.type(), tooLarge.code(), tooLarge.information());
    } else if (!error.fromIcmp() || !IcmpReport.tellsOfTheWay(error.type(), guest())) {
      return;
    }
    long request = ipv4 ? Icmp.ECHO_REQUEST : Icmpv6.ECHO_REQUEST;
    long start = request << 56 | (long) guestPort() << 16 | Icmp.sequence(head, at);
    nat.errors.about(report, this, neighbour, start, length, head, at + Icmp.HEADER_LENGTH);
  }

  @Override
  public @Nullable Address hostAddress() {
    return hostAddress;
  }

  @Override
  public String state() {
    return answered ? "answered" : "asked";
  }

  @Override
  protected Worth worth() {
    return Worth.DISPENSABLE;
  }

  @Override
  protected void ended(FlowEnd end) {
    close();
  }

  void close() {
    HostSocket open = socket;
    socket = null;
    if (open != null) {
      open.close();
    }
  }
}
