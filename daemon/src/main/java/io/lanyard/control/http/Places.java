package io.lanyard.control.http;

import io.lanyard.base.Clock;
import io.lanyard.base.Shortage;
import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts who has how many of a server's connections, or of its streams.
 *
 * <p>Thread: the server's loop only, except for {@link #problem}.
 */
final class Places {
  /** The part of an IPv6 address that a host does not choose (RFC 4291 section 2.5.1). */
  private static final int SUBNET_BYTES = 8;

  private final Limits limits;
  private final String what;
  private final Map<Object, Integer> clients = new HashMap<>();
  private final Shortage shortage;
  private int taken;

  /**
   * Who connects.
   *
   * @param key what tells clients apart, with equals: a user id ({@link Integer}), or the text of
   *     an address; of IPv6 that of the subnet, since a host makes up the rest
   * @param trusted whether it is the daemon's own user, or root
   */
  record Client(Object key, boolean trusted) {
    /** A client on TCP. */
    static Client at(InetAddress address) {
      boolean whole = !(address instanceof Inet6Address) || address.isLoopbackAddress();
      return new Client(whole ? NetUtil.toAddressString(address) : subnet(address), false);
    }

    private static String subnet(InetAddress address) {
      byte[] bytes = address.getAddress();
      Arrays.fill(bytes, SUBNET_BYTES, bytes.length, (byte) 0);
      return NetUtil.bytesToIpAddress(bytes) + "/" + 8 * SUBNET_BYTES;
    }
  }

  /**
   * Makes places that are all free.
   *
   * @param limits how many there are, and for whom
   * @param what the places in the plural, for a message
   * @param clock tells how long a lack lasts
   */
  Places(Limits limits, String what, Clock clock) {
    this.limits = limits;
    this.what = what;
    this.shortage = new Shortage(clock);
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
      if (shortage.refused()) {
        say(client, own);
      }
      return false;
    }
    taken++;
    clients.put(client.key(), own + 1);
    return true;
  }

  /**
   * Names the client that holds the places which another one lacks, or itself as many as it may.
   */
  private void say(Client refused, int own) {
    Object key = refused.key();
    int most = own;
    if (refused.trusted() || own < limits.perClient()) {
      for (Map.Entry<Object, Integer> client : clients.entrySet()) {
        if (client.getValue() > most) {
          key = client.getKey();
          most = client.getValue();
        }
      }
    }
    String holder = key instanceof Integer user ? "user " + user : key.toString();
    boolean _ =
        shortage.say(
            holder,
            "%s holds %d of the %d %s, and others are refused; end the program that holds them"
                .formatted(holder, most, taken, what));
  }

  /**
   * The present lack of places. It lasts until nobody was refused for a minute. Thread: any.
   *
   * @return who holds most, and what to do about it; empty where nobody was refused
   */
  String problem() {
    return shortage.problem();
  }

  /** Gives back a place that was taken. */
  void release(Client client) {
    taken--;
    clients.computeIfPresent(client.key(), (key, own) -> own == 1 ? null : own - 1);
  }
}
