package io.lanyard.vswitch.port;

import io.lanyard.vswitch.PortState;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.SocketAddress;

/**
 * The endpoint of a port that listens nowhere: its connections are handed over by others.
 *
 * <p>Thread: the network's loop only.
 */
final class HandedEndpoint implements StreamEndpoint {
  private final Client client;

  HandedEndpoint(Client client) {
    this.client = client;
  }

  @Override
  public void start() {
    client.waiting(
        new PortState.NoCarrier(
            "no connection was handed over", "connect a program as docs/attaching.md says"));
  }

  @Override
  public void disconnected() {}

  /** {@inheritDoc} A UNIX socket without a name (unix(7)). */
  @Override
  public SocketAddress address() {
    return new DomainSocketAddress("");
  }

  @Override
  public String role() {
    return "handed-over";
  }

  @Override
  public void close() {}
}
