package io.lanyard.vswitch.port.datagram;

import io.lanyard.linux.BatchSocket;
import io.lanyard.vswitch.PortState;

/**
 * One socket that is connected already. The port is without carrier for good once that is over.
 *
 * <p>Thread: the network's loop only.
 */
final class GivenEndpoint implements DatagramEndpoint {
  private final BatchSocket socket;
  private final String address;
  private final Client client;
  private boolean offered;

  GivenEndpoint(BatchSocket socket, String address, Client client) {
    this.socket = socket;
    this.address = address;
    this.client = client;
  }

  @Override
  public void start() {
    offered = true;
    client.offer(socket);
    client.waiting(new PortState.NoCarrier("the client has left", "")); // from its end on
  }

  @Override
  public void disconnected() {
    // There is no other.
  }

  @Override
  public String address() {
    return address;
  }

  @Override
  public String role() {
    return "given";
  }

  @Override
  public void close() {
    if (!offered) {
      offered = true;
      socket.close();
    }
  }
}
