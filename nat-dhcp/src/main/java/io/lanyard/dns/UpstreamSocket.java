package io.lanyard.dns;

/**
 * A socket for one query to one server, and the descriptor that was taken for it.
 *
 * <p>Thread: the network's loop only.
 */
interface UpstreamSocket {
  /** Closes the socket and gives its descriptor back; nothing happens if that was done before. */
  void close();

  /** Whether the query waits on a connection on which its server would be asked again. */
  default boolean waits() {
    return false;
  }

  /** Hears of what comes back. Never called from inside the call that opens a socket. */
  interface Listener {
    /**
     * A message came from the server.
     *
     * @param wire the message
     */
    void received(byte[] wire);

    /** Nothing will come any more. */
    void failed();
  }
}
