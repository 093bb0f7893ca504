package io.lanyard.control.http;

import java.util.HashMap;
import java.util.Map;

/**
 * Counts the large bodies that a server holds at a time, so that they cannot take the memory of
 * frames.
 *
 * <p>Thread: the server's loop only.
 */
final class LargeBodies {
  /** A body up to this size costs no place. */
  static final int SMALL = 16 * 1024;

  /** 16 MiB of bodies at most. */
  private static final int PLACES = 16;

  /** The places that only the daemon's own user and root may have. */
  private static final int RESERVED = 4;

  /**
   * The places of one client that is neither: a body that is begun and not sent has a place for
   * half a minute, before anybody has asked who sends it.
   */
  private static final int PER_CLIENT = 4;

  private final Map<Object, Integer> clients = new HashMap<>();
  private int taken;

  /**
   * Takes a place.
   *
   * @param client the sender
   * @return false if there is none for this client
   */
  boolean take(Places.Client client) {
    int own = clients.getOrDefault(client.key(), 0);
    boolean full =
        client.trusted() ? taken >= PLACES : taken >= PLACES - RESERVED || own >= PER_CLIENT;
    if (full) {
      return false;
    }
    taken++;
    clients.put(client.key(), own + 1);
    return true;
  }

  /** Gives places of a client back that were taken. */
  void release(Places.Client client, int count) {
    taken -= count;
    clients.computeIfPresent(client.key(), (key, own) -> own == count ? null : own - count);
  }
}
