package io.lanyard.control.http;

import java.util.HashMap;
import java.util.Map;

/**
 * Counts who has how many of a server's connections.
 *
 * <p>Thread: the server's loop only.
 */
final class Places {
  private final Limits limits;
  private final Map<Object, Integer> clients = new HashMap<>();
  private int taken;

  /**
   * Who connects.
   *
   * @param key what tells clients apart, with equals: a user id or an address
   * @param trusted whether it is the daemon's own user, or root
   */
  record Client(Object key, boolean trusted) {}

  Places(Limits limits) {
    this.limits = limits;
  }

  /**
   * Takes a place.
   *
   * @return false if there is none for this client; nothing is taken then
   */
  boolean take(Client client) {
    int own = clients.getOrDefault(client.key(), 0);
    boolean full =
        client.trusted()
            ? taken >= limits.connections()
            : taken >= limits.connections() - limits.reserved() || own >= limits.perClient();
    if (full) {
      return false;
    }
    taken++;
    clients.put(client.key(), own + 1);
    return true;
  }

  /** Gives back a place that was taken. */
  void release(Client client) {
    taken--;
    clients.computeIfPresent(client.key(), (key, own) -> own == 1 ? null : own - 1);
  }
}
