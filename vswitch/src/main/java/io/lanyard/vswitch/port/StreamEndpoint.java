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
interface StreamEndpoint extends LifeCycle {
  /** The port, as its endpoint sees it. */
  interface Client {
    /** Takes a connection that stands, or closes it because there is one. */
    void offer(Channel channel);

    /** Hears what the port's state is while it has no connection. */
    void waiting(PortState state);
  }

  /** Hears that the connection is over: another one may come. */
  void disconnected();

  /** The address, with the port that the kernel chose where 0 was asked for. */
  SocketAddress address();

  /** How often the host could not accept a client. */
  default long acceptFailures() {
    return 0;
  }

  /** The endpoint's role, for dumps. */
  String role();
}
