package io.lanyard.nat.udp;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.linux.Errno;
import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.InetDatagram;
import io.lanyard.nat.gateway.Outbound;
import io.lanyard.net.Address;
import java.io.IOException;
import java.lang.System.Logger;

/**
 * Opens the host's sockets of mappings.
 *
 * <p>Thread: the network's loop only.
 */
final class MappingSockets {
  private static final Logger LOG = System.getLogger(MappingSockets.class.getName());

  private final UdpNat nat;
  private final ReservedPorts reserved;
  private final RateLimitedLog log;

  MappingSockets(UdpNat nat, ReservedPorts reserved) {
    this.nat = nat;
    this.reserved = reserved;
    log = new RateLimitedLog(LOG, nat.link.timers().clock());
  }

  ReservedPorts reserved() {
    return reserved;
  }

  /**
   * Opens the socket of a mapping, for which a descriptor was granted.
   *
   * @return false if there is none; the descriptor has been given back
   */
  boolean open(Mapping mapping) {
    DescriptorBudget.Holder descriptors = mapping.descriptors;
    try {
      InetDatagram bound = bind(mapping);
      mapping.open(HostSocket.watch(nat.link, bound, nat.reader, mapping, descriptors));
      nat.counters.count(UdpCount.MAPPED);
      return true;
    } catch (IOException e) {
      if (e instanceof ErrnoException errno && Errno.isDescriptorLimit(errno.number())) {
        nat.counters.count(UdpCount.NO_DESCRIPTOR);
        descriptors.kernelRefused();
      } else {
        nat.counters.count(UdpCount.NO_SOCKET);
        complain(descriptors, e);
      }
      descriptors.giveBack();
      return false;
    }
  }

  private void complain(DescriptorBudget.Holder port, IOException cause) {
    log.log(
        Logger.Level.WARNING,
        "udp-socket-failed",
        port.name(),
        line ->
            line.with("network", port.network())
                .with("port", port.name())
                .with("cause", cause)
                .with("advice", "further ones of this minute are only counted"));
  }

  /** Binds to the guest's own port if the host has it free and does not reserve it, else to any. */
  private InetDatagram bind(Mapping mapping) throws ErrnoException {
    if (!reserved.contains(mapping.port)) {
      try {
        InetDatagram socket = bind(mapping, mapping.port);
        nat.counters.count(UdpCount.PORT_PRESERVED);
        return socket;
      } catch (ErrnoException e) {
        if (e.number() != Errno.EADDRINUSE && e.number() != Errno.EACCES) {
          throw e;
        }
      }
    }
    return bind(mapping, 0);
  }

  private InetDatagram bind(Mapping mapping, int port) throws ErrnoException {
    if (mapping.toLoopback) {
      return InetDatagram.udpOfFamily(mapping.loopback(), port);
    }
    Address any = mapping.any();
    Outbound outbound = nat.link.outbound();
    return outbound.hold(InetDatagram.udpOfFamily(outbound.local(any), port), any);
  }
}
