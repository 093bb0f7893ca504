package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.base.Timers;
import io.netty.buffer.ByteBuf;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The neighbour cache: which MAC address has a guest's IPv4 address (RFC 826, RFC 1122 section
 * 2.3.2).
 *
 * <p>An entry is made by a packet for an unknown guest, which is asked for once a second, three
 * times (RFC 1122 section 2.3.2.1 wants at most one request a second), while a few packets wait; or
 * by what a guest sends to the gateway. Every {@link #PERIOD_NANOS} an entry is looked at: if the
 * guest was heard, fine; if it was only sent to, it is asked again, to its own address, and
 * forgotten if it does not answer; if neither, it is forgotten in the end.
 */
final class Neighbours {
  /** RFC 1122 section 2.3.2.1 speaks of a timeout on the order of a minute. */
  static final long PERIOD_NANOS = 60_000_000_000L;

  static final long RETRY_NANOS = 1_000_000_000L;
  static final int TRIES = 3;

  /** Ten minutes of silence both ways. */
  private static final int IDLE_PERIODS = 10;

  /**
   * More stations than a user-space network will have; less than hurts if a guest makes them up.
   */
  static final int LIMIT = 4096;

  /** The way to the network: what the cache needs sent. */
  interface Wire {
    /** Broadcasts a request, or sends it to a MAC address that is to be confirmed. */
    void ask(int address, long mac);

    /** Sends a packet that has waited; the cache keeps the reference. */
    void send(ByteBuf packet, long mac);

    /** Nobody has answered; the entry is gone, and what waited for it dropped. */
    void unanswered(int address);
  }

  private final Timers timers;
  private final Wire wire;
  private final Counters<GatewayCount> counters;
  private final IntObjectMap<Neighbour> entries = new IntObjectHashMap<>();

  Neighbours(Timers timers, Wire wire, Counters<GatewayCount> counters) {
    this.timers = timers;
    this.wire = wire;
    this.counters = counters;
  }

  @Nullable Neighbour get(int address) {
    return entries.get(address);
  }

  int size() {
    return entries.size();
  }

  /**
   * Learns from a packet that came to the gateway from a guest's address: confirms the entry, or
   * makes one. Does not move a known address to another MAC: only ARP does.
   */
  void heard(int address, long mac) {
    Neighbour neighbour = entries.get(address);
    if (neighbour == null) {
      neighbour = make(address);
      if (neighbour != null) {
        resolve(neighbour, mac);
      }
    } else if (!neighbour.resolved()) {
      resolve(neighbour, mac);
    } else if (neighbour.mac == mac) {
      neighbour.heard = true;
    }
  }

  /** Learns from ARP. An address that is not known yet is learned only if the packet was for us. */
  void announced(int address, long mac, boolean forUs) {
    Neighbour neighbour = entries.get(address);
    if (neighbour == null) {
      neighbour = forUs ? make(address) : null;
      if (neighbour == null) {
        return;
      }
    } else if (neighbour.resolved() && neighbour.mac != mac) {
      counters.count(GatewayCount.NEIGHBOUR_MOVED);
    }
    resolve(neighbour, mac);
  }

  /**
   * Keeps a packet for a guest that is not resolved, and asks for it.
   *
   * @param packet released in any case, now or later
   */
  void await(int address, ByteBuf packet) {
    Neighbour neighbour = entries.get(address);
    if (neighbour == null) {
      neighbour = make(address);
      if (neighbour != null) {
        ask(neighbour);
      }
    }
    if (neighbour == null || !neighbour.enqueue(packet)) {
      counters.count(GatewayCount.NEIGHBOUR_QUEUE_DROPPED);
      packet.release();
    }
  }

  private @Nullable Neighbour make(int address) {
    if (entries.size() >= LIMIT && !makePlace()) {
      counters.count(GatewayCount.NEIGHBOUR_REFUSED);
      return null;
    }
    Neighbour neighbour = new Neighbour(address);
    neighbour.timer = timers.create(() -> expire(neighbour));
    entries.put(address, neighbour);
    return neighbour;
  }

  /** Forgets some entry that is not in use. Rare: only when somebody makes up addresses. */
  private boolean makePlace() {
    for (Neighbour neighbour : entries.values()) {
      if (!neighbour.used && neighbour.queued() == 0) {
        forget(neighbour);
        return true;
      }
    }
    return false;
  }

  private void resolve(Neighbour neighbour, long mac) {
    boolean known = neighbour.state == Neighbour.State.REACHABLE;
    neighbour.mac = mac;
    neighbour.state = Neighbour.State.REACHABLE;
    neighbour.asked = 0;
    neighbour.heard = true;
    if (!known) {
      arm(neighbour, PERIOD_NANOS);
    }
    for (ByteBuf packet = neighbour.dequeue(); packet != null; packet = neighbour.dequeue()) {
      try {
        wire.send(packet, mac);
      } finally {
        packet.release();
      }
    }
  }

  private void ask(Neighbour neighbour) {
    neighbour.asked++;
    arm(neighbour, RETRY_NANOS);
    counters.count(GatewayCount.ARP_ASKED);
    wire.ask(neighbour.address, neighbour.mac);
  }

  private void expire(Neighbour neighbour) {
    if (neighbour.state != Neighbour.State.REACHABLE) {
      if (neighbour.asked < TRIES) {
        ask(neighbour);
      } else {
        counters.count(GatewayCount.NEIGHBOUR_FAILED);
        forget(neighbour);
        wire.unanswered(neighbour.address);
      }
      return;
    }
    boolean heard = neighbour.heard;
    boolean used = neighbour.used;
    neighbour.heard = false;
    neighbour.used = false;
    neighbour.idlePeriods = heard || used ? 0 : neighbour.idlePeriods + 1;
    if (neighbour.idlePeriods >= IDLE_PERIODS) {
      forget(neighbour);
    } else if (used && !heard) {
      neighbour.state = Neighbour.State.PROBING;
      ask(neighbour);
    } else {
      arm(neighbour, PERIOD_NANOS);
    }
  }

  private static void arm(Neighbour neighbour, long nanos) {
    Timers.Timer timer = neighbour.timer;
    if (timer != null) {
      timer.arm(nanos);
    }
  }

  /** Forgets an entry and drops what waited for it. */
  void forget(Neighbour neighbour) {
    entries.remove(neighbour.address);
    Timers.Timer timer = neighbour.timer;
    if (timer != null) {
      timer.cancel();
    }
    neighbour.timer = null;
    for (ByteBuf packet = neighbour.dequeue(); packet != null; packet = neighbour.dequeue()) {
      counters.count(GatewayCount.NEIGHBOUR_QUEUE_DROPPED);
      packet.release();
    }
  }

  List<Neighbour> list() {
    return new ArrayList<>(entries.values());
  }

  void close() {
    list().forEach(this::forget);
  }
}
