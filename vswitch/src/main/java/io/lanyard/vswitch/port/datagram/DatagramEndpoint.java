package io.lanyard.vswitch.port.datagram;

import io.lanyard.base.LifeCycle;
import io.lanyard.linux.BatchSocket;
import io.lanyard.vswitch.PortState;

/**
 * Where the sockets of a datagram port come from, one after the other.
 *
 * <p>Thread: the network's loop only.
 */
interface DatagramEndpoint extends LifeCycle {
  /** The port, as its endpoint sees it. */
  interface Client {
    /** Takes a socket, or closes it because there is one. */
    void offer(BatchSocket socket);

    /** Hears what the port's state is while it has no socket. */
    void waiting(PortState state);
  }

  /** Hears that the last socket is closed: another one may come. */
  void disconnected();

  /** The address, for people. */
  String address();

  /** The endpoint's role, for dumps. */
  String role();
}
