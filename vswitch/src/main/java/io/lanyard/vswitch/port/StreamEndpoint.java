package io.lanyard.vswitch.port;

import io.lanyard.base.LifeCycle;
import io.lanyard.vswitch.PortState;
import io.netty.channel.Channel;
import java.net.SocketAddress;

/**
 * Where the connections of a stream port come from.
 *
 * <p>Thread: the network's loop only.
 */
public interface StreamEndpoint extends LifeCycle {
  /** The port, as its endpoint sees it. */
  interface Client {
    /**
     * Takes a connection that stands, or closes it because there is one.
     *
     * @param channel the connection
     */
    void offer(Channel channel);

    /**
     * Hears what the port's state is while it has no connection.
     *
     * @param state the state
     */
    void waiting(PortState state);
  }

  /** Hears that the connection is over: another one may come. */
  void disconnected();

  /**
   * The address.
   *
   * @return with the port that the kernel chose, where 0 was asked for
   */
  SocketAddress address();

  /**
   * How often the host could not accept a client.
   *
   * @return since the endpoint was made
   */
  default long acceptFailures() {
    return 0;
  }

  /**
   * The endpoint's role, for dumps.
   *
   * @return one word
   */
  String role();
}
