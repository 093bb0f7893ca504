package io.lanyard.vswitch.port;

import io.lanyard.vswitch.Port;

/**
 * A port that many clients come by: each gets a port of its own, named after this one and the least
 * free number, and gone when the client has left.
 *
 * <p>Thread: the network's loop only.
 */
public interface SharedPort extends Port {
  /** Attaches the ports of clients to the network, and takes them off. On the loop. */
  interface Clients {
    /**
     * Attaches the port of a client, and starts it.
     *
     * @param client the port; the caller of this closes it if it throws
     */
    void attach(Port client);

    /**
     * Detaches the port of a client that has left, and closes it.
     *
     * @param client the port
     */
    void detach(Port client);
  }

  /**
   * Says who attaches the ports of clients. Before the start.
   *
   * @param network told of each
   */
  void attachBy(Clients network);
}
