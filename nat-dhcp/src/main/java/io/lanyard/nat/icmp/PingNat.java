package io.lanyard.nat.icmp;

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
import io.lanyard.nat.udp.HostReader;
import io.lanyard.nat.udp.HostSocket;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.System.Logger;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * NAT for ICMP echo.
 *
 * <p>Thread: the network's loop only.
 */
public final class PingNat implements PacketEngine, Dumpable {
  private static final Logger LOG = System.getLogger(PingNat.class.getName());

  /** RFC 5508 REQ-2: at least 60 s. */
  private static final long TIMEOUT_NANOS = 60_000_000_000L;

  final GuestLink link;
  final IcmpErrors errors;
  final Destinations destinations;
  final HostReader reader;
  private final FlowTable flows;
  private boolean complained;

  /** Of requests through raw sockets: by turns, so that no two flows have the same. */
  private static final AtomicInteger RAW_IDENTIFIERS =
      new AtomicInteger(new SecureRandom().nextInt());

  private long raw;
  private long out;
  private long quota;
  private long notPermitted;
  private long failed;

  /**
   * Makes a NAT without flows.
   *
   * @param link the network
   * @param flows the network's flow table
   * @param errors how guests are told of errors
   * @param destinations where addresses lead
   * @param reader reads the host's sockets; its owner closes it
   */
  public PingNat(
      GuestLink link,
      FlowTable flows,
      IcmpErrors errors,
      Destinations destinations,
      HostReader reader) {
    this.link = link;
    this.flows = flows;
    this.errors = errors;
    this.destinations = destinations;
    this.reader = reader;
  }

  @Override
  public void receive(Station from, ByteBuf frame, int ip, int at, int end, int destination) {
    long high = FlowKey.high(Ipv4.source(frame, ip), Ipv4.destination(frame, ip));
    long low = FlowKey.low(FlowKey.ICMP, Icmp.identifier(frame, at), 0);
    Flow known = flows.get(high, low);
    PingFlow flow = known instanceof PingFlow ping ? ping : open(high, low, destination, frame, ip);
    if (flow == null) {
      return;
    }
    int result = flow.send(frame, ip, at, end - at);
    if (result >= 0) {
      out++;
      return;
    }
    if (result == -Errno.EMSGSIZE) {
      failed++;
      errors.send(Icmp.UNREACHABLE, Icmp.FRAGMENTATION_NEEDED, flow.pathMtu(), frame, ip);
    } else {
      failed(-result, frame, ip);
    }
  }

  private void failed(int number, ByteBuf frame, int ip) {
    failed++;
    switch (number) {
      case Errno.EAGAIN, Errno.ENOBUFS, Errno.ENOMEM -> {
        // Dropped like on any full link.
      }
      case Errno.ENETUNREACH -> errors.send(Icmp.UNREACHABLE, Icmp.NET_UNREACHABLE, 0, frame, ip);
      case Errno.EACCES, Errno.EPERM ->
          errors.send(Icmp.UNREACHABLE, Icmp.ADMIN_PROHIBITED, 0, frame, ip);
      default -> errors.send(Icmp.UNREACHABLE, Icmp.HOST_UNREACHABLE, 0, frame, ip);
    }
  }

  private @Nullable PingFlow open(long high, long low, int destination, ByteBuf frame, int ip) {
    PingFlow flow = new PingFlow(this, high, low, destination);
    flow.idleTimeout(TIMEOUT_NANOS);
    if (!flows.add(flow)) {
      quota++;
      return null;
    }
    try {
      open(flow, destination);
      return flow;
    } catch (ErrnoException e) {
      flows.remove(flow);
      if (isPermission(e.number())) {
        notPermitted(frame, ip);
      } else {
        failed(e.number(), frame, ip);
      }
    } catch (IOException e) {
      flows.remove(flow);
      failed++;
    }
    return null;
  }

  /** By the socket that needs no privilege, or else by the one that does. */
  private void open(PingFlow flow, int destination) throws IOException {
    InetDatagram socket;
    try {
      socket = InetDatagram.ping(0);
    } catch (ErrnoException e) {
      if (!isPermission(e.number())) {
        throw e;
      }
      socket = InetDatagram.rawPing(destination);
      raw++;
      flow.openRaw(
          HostSocket.watch(link, socket, reader, flow), RAW_IDENTIFIERS.getAndIncrement() & 0xffff);
      return;
    }
    flow.open(HostSocket.watch(link, socket, reader, flow));
  }

  private void notPermitted(ByteBuf frame, int ip) {
    notPermitted++;
    if (!complained) {
      complained = true;
      LOG.log(
          Logger.Level.INFO,
          "event=ping-not-permitted advice=\"to let guests ping beyond the gateway, give the daemon"
              + " CAP_NET_RAW, or: sysctl -w net.ipv4.ping_group_range=''0 2147483647''\"");
    }
    errors.send(Icmp.UNREACHABLE, Icmp.ADMIN_PROHIBITED, 0, frame, ip);
  }

  private static boolean isPermission(int number) {
    return number == Errno.EACCES || number == Errno.EPERM;
  }

  @Override
  public DumpNode dump() {
    return DumpNode.of("icmp")
        .with("flows", flows.size(FlowKey.ICMP))
        .withNonZero("out", out)
        .withNonZero("raw-sockets", raw)
        .withNonZero("quota", quota)
        .withNonZero("not-permitted", notPermitted)
        .withNonZero("failed", failed)
        .build();
  }
}
