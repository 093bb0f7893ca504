package io.lanyard.nat.icmp;

import io.lanyard.base.Counters;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.LogEvent;
import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.InetDatagram;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.nat.flow.Grant;
import io.lanyard.nat.gateway.Destinations;
import io.lanyard.nat.gateway.Egress;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.gateway.IcmpErrors;
import io.lanyard.nat.gateway.IcmpReason;
import io.lanyard.nat.gateway.IcmpReport;
import io.lanyard.nat.gateway.Packet;
import io.lanyard.nat.gateway.PacketEngine;
import io.lanyard.nat.udp.HostReader;
import io.lanyard.nat.udp.HostSocket;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Icmp;
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
  private final Egress egress;
  private final Counters<PingCount> counters = new Counters<>(PingCount.class);
  private final FlowTable flows;
  private final FlowKey key = new FlowKey(FlowKey.ICMP);
  private boolean complained;

  /** Of requests through raw sockets: by turns, so that no two flows have the same. */
  private static final AtomicInteger RAW_IDENTIFIERS =
      new AtomicInteger(new SecureRandom().nextInt());

  /**
   * Makes a NAT without flows.
   *
   * @param link the network
   * @param flows the network's flow table
   * @param errors how guests are told of errors
   * @param destinations where addresses lead
   * @param reader reads the host's sockets; its owner closes it
   * @param egress where guests may go
   */
  public PingNat(
      GuestLink link,
      FlowTable flows,
      IcmpErrors errors,
      Destinations destinations,
      HostReader reader,
      Egress egress) {
    this.link = link;
    this.flows = flows;
    this.errors = errors;
    this.destinations = destinations;
    this.reader = reader;
    this.egress = egress;
  }

  /**
   * The NAT's counters.
   *
   * @return the live object, written by the loop
   */
  public Counters<PingCount> counters() {
    return counters;
  }

  @Override
  public void receive(Packet packet) {
    int identifier = Icmp.identifier(packet.frame(), packet.transport());
    key.guest(packet.sourceHigh(), packet.sourceLow(), identifier)
        .remote(packet.destinationHigh(), packet.destinationLow(), 0);
    PingFlow flow =
        flows.get(key) instanceof PingFlow ping
                && flows.keeps(ping, packet.station().budget().flows())
            ? ping
            : open(packet, identifier);
    if (flow == null || !egress.admits(packet, flow)) {
      return;
    }
    int result = flow.send(packet);
    if (result >= 0) {
      counters.count(PingCount.OUT);
      return;
    }
    if (result == -Errno.EMSGSIZE) {
      counters.count(PingCount.FAILED);
      errors.send(IcmpReport.tooLarge(flow.pathMtu(), flow.guest()), packet);
    } else {
      failed(-result, packet);
    }
  }

  private void failed(int number, Packet packet) {
    counters.count(PingCount.FAILED);
    switch (number) {
      case Errno.EAGAIN, Errno.ENOBUFS, Errno.ENOMEM, Errno.EMFILE, Errno.ENFILE -> {
        // Dropped like on any full link: it says nothing of the far host.
      }
      case Errno.ENETUNREACH -> errors.send(IcmpReason.NO_ROUTE, packet);
      case Errno.EACCES, Errno.EPERM -> errors.send(IcmpReason.PROHIBITED, packet);
      default -> errors.send(IcmpReason.HOST_UNREACHABLE, packet);
    }
  }

  private @Nullable PingFlow open(Packet packet, int identifier) {
    Grant grant = egress.admits(packet, 0);
    if (grant == null) {
      return null;
    }
    DescriptorBudget.Holder descriptors = packet.station().budget().descriptors();
    if (!flows.takeDescriptor(descriptors, packet.station().flows().owner())) {
      counters.count(PingCount.NO_DESCRIPTOR);
      return null;
    }
    Address destination = packet.hostSide();
    PingFlow flow =
        new PingFlow(
            this,
            packet.sender(),
            packet.station().budget().turn(),
            identifier,
            packet.destination(),
            destination);
    flow.grant(grant);
    flow.idleTimeout(TIMEOUT_NANOS);
    if (!flows.add(flow, packet.station().flows())) {
      counters.count(PingCount.QUOTA);
      descriptors.giveBack();
      return null;
    }
    try {
      open(flow, destination, descriptors);
      return flow;
    } catch (IOException e) {
      flows.remove(flow);
      int number = e instanceof ErrnoException errno ? errno.number() : Errno.EIO;
      if (Errno.isDescriptorLimit(number)) {
        counters.count(PingCount.NO_DESCRIPTOR);
        descriptors.kernelRefused();
      } else if (isPermission(number)) {
        notPermitted(packet);
      } else {
        failed(number, packet);
      }
      descriptors.giveBack();
      return null;
    }
  }

  /** By the socket that needs no privilege, or else by the one that does. */
  private void open(PingFlow flow, Address destination, DescriptorBudget.Holder descriptors)
      throws IOException {
    InetDatagram socket;
    try {
      socket = InetDatagram.ping(link.outbound().local(destination), 0);
    } catch (ErrnoException e) {
      if (!isPermission(e.number())) {
        throw e;
      }
      socket = InetDatagram.rawPing(link.outbound().local(destination));
      // The kernel chooses the source address when the socket is connected, so that comes after the
      // interface.
      link.outbound().hold(socket, destination).connect(destination);
      counters.count(PingCount.RAW_SOCKETS);
      flow.openRaw(
          HostSocket.watch(link, socket, reader, flow, descriptors),
          link.outbound().bound(destination),
          RAW_IDENTIFIERS.getAndIncrement() & 0xffff);
      return;
    }
    var _ = link.outbound().hold(socket, destination);
    flow.open(
        HostSocket.watch(link, socket, reader, flow, descriptors),
        link.outbound().bound(destination));
  }

  private void notPermitted(Packet packet) {
    counters.count(PingCount.NOT_PERMITTED);
    if (!complained) {
      complained = true;
      LogEvent.of("ping-not-permitted")
          .with(
              "advice",
              "to let guests ping beyond the gateway, give the daemon CAP_NET_RAW, or: sysctl -w"
                  + " net.ipv4.ping_group_range='0 2147483647'")
          .log(LOG, Logger.Level.INFO);
    }
    errors.send(IcmpReason.PROHIBITED, packet);
  }

  private static boolean isPermission(int number) {
    return number == Errno.EACCES || number == Errno.EPERM;
  }

  @Override
  public DumpNode dump() {
    return counters.addTo(DumpNode.of("icmp").with("flows", flows.size(FlowKey.ICMP))).build();
  }
}
