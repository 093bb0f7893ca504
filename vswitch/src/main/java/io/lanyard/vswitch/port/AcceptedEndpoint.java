package io.lanyard.vswitch.port;

import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.net.SocketAddress;

/**
 * A connection that stands before its port is made. When it is over, so is the port.
 *
 * <p>Thread: the network's loop only.
 */
final class AcceptedEndpoint implements StreamEndpoint {
  private final Channel channel;
  private final SocketAddress at;
  private final Client client;
  private final Runnable over;

  /**
   * Makes one, which owns the connection.
   *
   * @param at where it was accepted
   * @param over told once the connection is over and all that it has sent was taken
   */
  AcceptedEndpoint(Channel channel, SocketAddress at, Client client, Runnable over) {
    this.channel = channel;
    this.at = at;
    this.client = client;
    this.over = over;
  }

  @Override
  public void start() {
    client.offer(channel);
  }

  @Override
  public void disconnected() {
    over.run();
  }

  @Override
  public SocketAddress address() {
    return at;
  }

  @Override
  public String role() {
    return "accepted";
  }

  @Override
  public void close() {
    Future<?> _ = channel.close(); // a port that was never started has not got it
  }
}
