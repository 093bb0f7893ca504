package io.lanyard.nat.forward;

/**
 * A forward's counters, and its use of what is divided among forwards and ports.
 *
 * <p>Thread: the values belong to the network's loop; read there, or elsewhere for a rough value.
 */
public interface ForwardMetrics {
  /**
   * Whether the host's ports are open, all of them.
   *
   * @return false while it cannot be had
   */
  boolean listening();

  /**
   * Connections and UDP clients that were led to the guest.
   *
   * @return how many since the forward was made
   */
  long accepted();

  /**
   * Connections and datagrams of new clients that found no guest or no place.
   *
   * @return how many since the forward was made
   */
  long refused();

  /**
   * Flows that were ended to make place for others.
   *
   * @return how many since the forward was made
   */
  long evicted();

  /**
   * Flows of the forward's clients.
   *
   * @return how many there are
   */
  int flows();

  /**
   * The most flows of all clients together.
   *
   * @return a number of flows
   */
  int flowLimit();

  /**
   * Clients' addresses that have a flow, those of each port for themselves.
   *
   * @return how many there are
   */
  int clients();

  /**
   * Sockets of the host that the forward's ports and connections hold.
   *
   * @return descriptors
   */
  int sockets();
}
