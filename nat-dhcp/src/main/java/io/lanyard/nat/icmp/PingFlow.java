package io.lanyard.nat.icmp;

import io.lanyard.linux.Errno;
import io.lanyard.linux.SocketError;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowEnd;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.udp.HostReader;
import io.lanyard.nat.udp.HostSocket;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** One identifier of a guest's echo requests towards one destination, and its socket. */
final class PingFlow extends Flow implements HostReader.Receiver {
  private static final int DEFAULT_TTL = 64;

  private final PingNat nat;
  private final int destination;
  private @Nullable HostSocket socket;

  /** Of a raw socket, which takes and gives whole messages; -1 where the kernel numbers them. */
  private int rawIdentifier = -1;

  private int ttl = DEFAULT_TTL;
  private boolean dontFragment;
  private int pathMtu;
  private boolean answered;

  PingFlow(PingNat nat, long high, long low, int destination) {
    super(high, low);
    this.nat = nat;
    this.destination = destination;
  }

  void open(HostSocket opened) {
    socket = opened;
  }

  void openRaw(HostSocket opened, int identifier) {
    socket = opened;
    rawIdentifier = identifier;
  }

  /** Sends a request out; the result is bytes sent or an error number negated. */
  int send(ByteBuf frame, int ip, int at, int length) {
    HostSocket open = socket;
    if (open == null) {
      return -Errno.EBADF;
    }
    touch();
    countFromGuest(1, Ipv4.HEADER_LENGTH + length);
    int hops = Ipv4.ttl(frame, ip) - 1;
    int wanted = hops >= 48 ? DEFAULT_TTL : Math.max(1, hops);
    if (wanted != ttl) {
      ttl = wanted;
      open.socket().ttl(wanted);
    }
    boolean dont = (Ipv4.fragment(frame, ip) & Ipv4.DONT_FRAGMENT) != 0;
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
      Icmp.finishChecksum(message, 0, length);
      return send(open, message, 0, length);
    } finally {
      message.release();
    }
  }

  private int send(HostSocket open, ByteBuf message, int at, int length) {
    int sent = nat.reader.send(open.socket(), message, at, length, destination, 0);
    if (sent < 0 && sent != -Errno.EAGAIN && sent != -Errno.ENOBUFS) {
      // An error of an earlier request is reported at the next call, which is then not carried out.
      open.readErrors();
      sent = nat.reader.send(open.socket(), message, at, length, destination, 0);
    }
    if (sent == -Errno.EMSGSIZE) {
      // The MTU comes by the error queue.
      pathMtu = 0;
      open.readErrors();
    }
    return sent;
  }

  /** What the path takes, where the last request was too large for it; 0 if that is not known. */
  int pathMtu() {
    return pathMtu;
  }

  @Override
  public void datagrams(ByteBuf frame, int size, int address, int port) {
    int at = HostReader.PAYLOAD;
    if (rawIdentifier >= 0) {
      at += frame.writerIndex() > at ? Ipv4.headerLength(frame, at) : 0;
    }
    int length = frame.writerIndex() - at;
    if (length < Icmp.HEADER_LENGTH
        || Icmp.type(frame, at) != Icmp.ECHO_REPLY
        || address != destination
        || !isOurs(frame, at)) {
      return;
    }
    answered = true;
    touch();
    countToGuest(1, Ipv4.HEADER_LENGTH + length);
    Icmp.setIdentifier(frame, at, guestPort());
    Icmp.finishChecksum(frame, at, length);
    HostReader.writeIp(frame, at, Ipv4.ICMP, remoteAddress(), guestAddress(), 0);
    nat.link.sendIpv4(frame, guestAddress());
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
    int type = error.type();
    int code = error.code();
    int rest = 0;
    if (error.number() == Errno.EMSGSIZE) {
      type = Icmp.UNREACHABLE;
      code = Icmp.FRAGMENTATION_NEEDED;
      rest = error.info();
    } else if (!error.fromIcmp() || (type != Icmp.UNREACHABLE && type != Icmp.TIME_EXCEEDED)) {
      return;
    }
    int router = nat.destinations.guestSide(error.offender());
    long header =
        (long) Icmp.ECHO_REQUEST << 56 | (long) guestPort() << 16 | Icmp.sequence(head, at);
    nat.errors.sendAbout(
        router == 0 ? nat.link.gatewayAddress() : router,
        type,
        code,
        rest,
        FlowKey.ICMP,
        guestAddress(),
        remoteAddress(),
        header,
        length);
  }

  @Override
  public String state() {
    return answered ? "answered" : "asked";
  }

  @Override
  protected boolean evictable() {
    return true;
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
