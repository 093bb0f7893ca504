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
     * The server has begun to send a message that is larger than a datagram.
     *
     * @param bytes its length
     * @return false if the message is not wanted: there is no memory for it, or another one waits
     *     to be read; nothing more is read then
     */
    default boolean announced(int bytes) {
      return true;
    }

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
