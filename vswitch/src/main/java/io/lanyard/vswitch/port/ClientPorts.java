package io.lanyard.vswitch.port;

import io.lanyard.vswitch.Port;
import org.jspecify.annotations.Nullable;

/**
 * The ports of the clients of a {@link SharedPort}, by number.
 *
 * <p>Thread: the network's loop only.
 */
final class ClientPorts {
  private final @Nullable Port[] clients;
  private SharedPort.@Nullable Clients network;
  private int present;
  private long attached;
  private boolean closed;

  ClientPorts(int most) {
    clients = new @Nullable Port[most];
  }

  void attachBy(SharedPort.Clients by) {
    network = by;
  }

  /** The least free number from 0 on; -1 where there is none. */
  int free() {
    for (int i = 0; i < clients.length && !closed && network != null; i++) {
      if (clients[i] == null) {
        return i;
      }
    }
    return -1;
  }

  /** The reason why there is no free number, for people. */
  String tooMany() {
    return "it has " + clients.length + " clients, which is its most-guests";
  }

  /**
   * Attaches and starts the port of a client; closes it if that fails.
   *
   * @throws RuntimeException what the network throws
   */
  void attach(int number, Port client) {
    SharedPort.Clients by = network;
    if (by == null || closed) {
      client.close();
      return;
    }
    clients[number] = client;
    present++;
    try {
      by.attach(client);
      attached++;
    } catch (RuntimeException e) {
      clients[number] = null;
      present--;
      client.close();
      throw e;
    }
  }

  /** Detaches and closes the port of a client. Answers false if it is gone already. */
  @SuppressWarnings("ReferenceEquality") // a port is that one or another
  boolean detach(int number, Port client) {
    if (clients[number] != client) {
      return false;
    }
    clients[number] = null;
    present--;
    SharedPort.Clients by = network;
    if (by != null) {
      by.detach(client);
    }
    client.close();
    return true;
  }

  int present() {
    return present;
  }

  int most() {
    return clients.length;
  }

  long attached() {
    return attached;
  }

  /** Detaches and closes all; there are no more. */
  void close() {
    closed = true;
    for (int i = 0; i < clients.length; i++) {
      Port client = clients[i];
      if (client != null) {
        detach(i, client);
      }
    }
  }
}
