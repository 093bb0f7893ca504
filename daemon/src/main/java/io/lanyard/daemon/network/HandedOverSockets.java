package io.lanyard.daemon.network;

import io.lanyard.config.PortPolicy;
import io.lanyard.linux.GivenSocket;
import io.lanyard.linux.Libc;
import io.lanyard.vswitch.port.Framing;
import io.lanyard.vswitch.port.PortContext;
import io.lanyard.vswitch.port.SharedStreamPort;
import java.util.List;
import java.util.function.IntSupplier;

/**
 * Sockets of other processes that become links of a network's guests: each gets a port of its own
 * for as long as it is connected, below one that stands for all of its kind.
 *
 * <p>Thread: any but the network's loop.
 */
final class HandedOverSockets {
  /** The port of the connections that were handed over, and its kind. */
  private static final String CONNECT = "connect";

  /** The port of the sockets that came as descriptors, and its kind. */
  private static final String DESCRIPTOR = "descriptor";

  /** As many as a port that many guests share has, unless its configuration says more. */
  private static final int MOST_CONNECTIONS = 32;

  private final NetworkLoop loop;
  private final PortContext context;
  private final PortGovernance governance;
  private final AttachedPorts attached;
  private final IntSupplier mtu;

  /**
   * Makes it without a socket.
   *
   * @param mtu the largest IP packet on the network at present, in bytes
   */
  HandedOverSockets(
      NetworkLoop loop,
      PortContext context,
      PortGovernance governance,
      AttachedPorts attached,
      IntSupplier mtu) {
    this.loop = loop;
    this.context = context;
    this.governance = governance;
    this.attached = attached;
    this.mtu = mtu;
  }

  /**
   * Takes a connection that stands. Its frames have lengths as gvproxy's {@code /connect} has them.
   *
   * @param descriptor a connected UNIX stream socket, closed if it cannot have a port
   * @param first what was read from it already
   */
  void take(int descriptor, byte[] first) {
    boolean[] taken = {false};
    try {
      loop.call(() -> {
        SharedStreamPort all = all(CONNECT, Framing.GVPROXY);
        taken[0] = true;
        all.take(descriptor, first);
        return true;
      });
    } finally {
      if (!taken[0]) {
        int _ = Libc.close(descriptor);
      }
    }
  }

  /**
   * Takes a socket that another process has opened.
   *
   * @param descriptor the socket, closed if it cannot have a port
   * @return the port's name
   */
  String take(int descriptor, Framing framing) {
    boolean[] taken = {false};
    try {
      GivenSocket socket = GivenSocket.stream(descriptor);
      return loop.await(() -> {
        SharedStreamPort all = all(framing.equals(Framing.QEMU) ? DESCRIPTOR : CONNECT, framing);
        taken[0] = true;
        return all.take(descriptor, socket.isUnix());
      });
    } finally {
      if (!taken[0]) {
        int _ = Libc.close(descriptor);
      }
    }
  }

  /** The port that stands for all sockets of a kind; made for the first. On the loop. */
  private SharedStreamPort all(String name, Framing framing) {
    if (governance.find(name) instanceof SharedStreamPort present) {
      return present;
    }
    SharedStreamPort made =
        new SharedStreamPort(name, name, mtu.getAsInt(), framing, MOST_CONNECTIONS, context);
    attached.share(made);
    attached.attach(made, policies -> policies.port(PortPolicy.DEFAULT), List.of());
    return made;
  }
}
