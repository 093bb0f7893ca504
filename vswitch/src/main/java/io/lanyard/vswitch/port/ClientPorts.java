package io.lanyard.vswitch.port;

import io.lanyard.vswitch.Port;
import org.jspecify.annotations.Nullable;

/**
 * The ports of the clients of a {@link SharedPort}, by number.
 *
 * <p>Thread: the network's loop only.
 */
public final class ClientPorts {
  private final @Nullable Port[] clients;
  private SharedPort.@Nullable Clients network;
  private int present;
  private long attached;
  private boolean closed;

  /**
   * Makes an empty table.
   *
   * @param most the most clients
   */
  public ClientPorts(int most) {
    clients = new @Nullable Port[most];
  }

  /**
   * Says who attaches the ports.
   *
   * @param by told of each
   */
  public void attachBy(SharedPort.Clients by) {
    network = by;
  }

  /**
   * The least free number.
   *
   * @return from 0 on; -1 where there is none
   */
  public int free() {
    for (int i = 0; i < clients.length && !closed && network != null; i++) {
      if (clients[i] == null) {
        return i;
      }
    }
    return -1;
  }

  /**
   * The reason why there is no free number.
   *
   * @return a text for people
   */
  public String tooMany() {
    return "it has " + clients.length + " clients, which is its most-guests";
  }

  /**
   * Attaches and starts the port of a client; closes it if that fails.
   *
   * @param number a free number
   * @param client its port
   * @throws RuntimeException what the network throws
   */
  public void attach(int number, Port client) {
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

  /**
   * Detaches and closes the port of a client.
   *
   * @param number its number
   * @param client its port
   * @return false if it is gone already
   */
  @SuppressWarnings("ReferenceEquality") // a port is that one or another
  public boolean detach(int number, Port client) {
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

  /**
   * Counts the clients.
   *
   * @return those that are attached now
   */
  public int present() {
    return present;
  }

  /**
   * The most clients.
   *
   * @return how many numbers there are
   */
  public int most() {
    return clients.length;
  }

  /**
   * Counts the clients that were ever attached.
   *
   * @return since the table was made
   */
  public long attached() {
    return attached;
  }

  /** Detaches and closes all; there are no more. */
  public void close() {
    closed = true;
    for (int i = 0; i < clients.length; i++) {
      Port client = clients[i];
      if (client != null) {
        detach(i, client);
      }
    }
  }
}
