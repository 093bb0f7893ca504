package io.lanyard.nat.tcp;

import io.lanyard.nat.flow.FlowAccount;
import io.lanyard.nat.flow.FlowOwner;
import io.lanyard.nat.flow.MemoryUse;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * One engine's part of a {@link MemoryPool}, by ports, forwards and stations.
 *
 * <p>A port may hold as much as it leaves to the others: alone half of what the network could have,
 * two a third each. From half of that on its connections get small windows, at the end next to
 * nothing. Those of a port that holds less than its floor, half of an equal part of the network's
 * own, have their windows whatever the others hold. Below the port the same holds by station, and a
 * forward is a port of its own, its clients in the place of stations.
 *
 * <p>Thread: the network's loop only.
 */
final class EngineMemory {
  /** Taken from the pool at a time: a counter that other loops write too is not for each frame. */
  private static final long UNIT = 1 << 20;

  private final MemoryPool pool;

  /** Ports and forwards with connections. */
  private final Set<FlowOwner> owners = new LinkedHashSet<>();

  private long used;
  private long taken;

  /** The part of {@link #taken} beyond the network's floor. */
  private long shared;

  EngineMemory(MemoryPool pool) {
    this.pool = pool;
  }

  /** The account of a connection: its station's part of its port's. */
  final class Share {
    private final FlowOwner owner;
    private final MemoryUse station;
    private final MemoryUse port;

    private Share(FlowAccount account) {
      owner = account.owner();
      station = account.memory();
      port = owner.memory();
    }

    /** Books bytes that the connection holds from now on; negative ones it has given back. */
    void change(long bytes) {
      station.change(bytes);
      port.change(bytes);
      EngineMemory.this.change(bytes);
    }

    /** The connection is to be held to a small window. */
    boolean scarce() {
      return port.bytes() > floor() && over(cap(port) / 2);
    }

    /** The connection is to hold next to nothing. */
    boolean exhausted() {
      return port.bytes() > floor() && over(cap(port));
    }

    /**
     * The connection is to hold a segment each way, or what one that is exhausted may hold, if that
     * is less. Where a port has thousands of connections, more for each is more than there is.
     */
    boolean spent() {
      long bound = cap(port);
      return port.bytes() > floor() && port.bytes() > bound + bound / 4;
    }

    /**
     * Whether the port holds more than a bound; of its stations those that have their part of it.
     */
    private boolean over(long bound) {
      long held = port.bytes();
      return held > bound
          && (station.bytes() > bound / Math.max(1, port.users()) || held > bound + bound / 4);
    }

    /** The connection has ended, and given back what it held. */
    void leave() {
      if (station.leave() && port.leave() && owners.remove(owner) && owners.isEmpty()) {
        pool.leave();
      }
    }
  }

  /** The share of an account, for a connection that will leave it. */
  Share join(FlowAccount account) {
    Share share = new Share(account);
    if (share.station.join()
        && share.port.join()
        && owners.add(share.owner)
        && owners.size() == 1) {
      pool.join();
    }
    return share;
  }

  private void change(long bytes) {
    used += bytes;
    if (used > taken || taken - used > 2 * UNIT) {
      take((used + UNIT - 1) / UNIT * UNIT);
    }
  }

  private void take(long wanted) {
    long beyond = Math.max(0, wanted - pool.floor());
    pool.change(wanted - taken, beyond - shared);
    taken = wanted;
    shared = beyond;
  }

  /** The most bytes of a port: as much as the network could have besides. */
  private long cap(MemoryUse port) {
    long room = Math.max(0, pool.floor() - used) + Math.max(0, (pool.free() - shared) / 2);
    return (port.bytes() + room) / 2;
  }

  /**
   * The bytes that a port holds without regard to the others. Ports that come one after the other
   * would have more than there is in the end, so that a network passes its share by half of its
   * floor at most.
   */
  private long floor() {
    long own = pool.floor();
    long ceiling = own + own / 2 + Math.max(0, pool.free() + shared) / 2;
    return Math.min(own / 2 / Math.max(1, owners.size()), Math.max(0, ceiling - used));
  }

  /** The ports and forwards that get no more. */
  List<FlowOwner> exhausted() {
    return owners.stream().filter(this::isExhausted).toList();
  }

  /** Whether a port or forward gets no more. */
  boolean isExhausted(FlowOwner owner) {
    long held = owner.memory().bytes();
    return held > floor() && held > cap(owner.memory());
  }

  /** Gives the pool back what was taken from it; nothing may be held any more. */
  void close() {
    take(0);
  }

  /** Bytes that are held. */
  long used() {
    return used;
  }

  /** Ports and forwards with connections. */
  int ports() {
    return owners.size();
  }
}
