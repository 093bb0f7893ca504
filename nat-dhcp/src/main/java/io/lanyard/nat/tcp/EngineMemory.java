package io.lanyard.nat.tcp;

import io.lanyard.nat.station.MemoryUse;
import io.lanyard.nat.station.Station;

/**
 * One engine's part of a {@link MemoryPool}, by ports and stations.
 *
 * <p>A port may hold half of the pool, whatever stations are behind it. When the pool gets short,
 * only those are held back who have more than a fair share: the pool divided by the networks that
 * use it, and a network's part by its ports. So nobody can slow another down by holding memory.
 */
final class EngineMemory {
  /** Taken from the pool at a time: a counter that other loops write too is not for each frame. */
  private static final long UNIT = 1 << 20;

  private final MemoryPool pool;
  private int ports;
  private long used;
  private long taken;

  EngineMemory(MemoryPool pool) {
    this.pool = pool;
  }

  /** The account of a connection: its station's part of its port's. */
  final class Share {
    private final MemoryUse station;
    private final MemoryUse port;

    private Share(Station station) {
      this.station = station.tcpMemory();
      port = station.budget().tcpMemory();
    }

    /** Books bytes that the connection holds from now on; negative ones it has given back. */
    void change(long bytes) {
      station.change(bytes);
      port.change(bytes);
      EngineMemory.this.change(bytes);
    }

    /** The connection is to be held to a small window. */
    boolean scarce() {
      return over(pool.limit() / 4) || (pool.scarce() && overFairShare()) || pool.exhausted();
    }

    /** The connection is to hold next to nothing. */
    boolean exhausted() {
      return over(pool.limit() / 2)
          || (pool.nearlyExhausted() && overFairShare())
          || pool.exhausted();
    }

    /**
     * Whether the port holds more than a bound; of its stations those that have their part of it.
     */
    private boolean over(long bound) {
      long held = port.bytes();
      return held > bound
          && (station.bytes() > bound / Math.max(1, port.users()) || held > bound + bound / 4);
    }

    private boolean overFairShare() {
      return port.bytes() > pool.limit() / Math.max(1, pool.networks()) / Math.max(1, ports);
    }

    /** The connection has ended, and given back what it held. */
    void leave() {
      if (station.leave() && port.leave() && --ports == 0) {
        pool.leave();
      }
    }
  }

  /** The share of a station, for a connection that will leave it. */
  Share join(Station station) {
    Share share = new Share(station);
    if (share.station.join() && share.port.join() && ports++ == 0) {
      pool.join();
    }
    return share;
  }

  private void change(long bytes) {
    used += bytes;
    if (used > taken || taken - used > 2 * UNIT) {
      long wanted = (used + UNIT - 1) / UNIT * UNIT;
      pool.change(wanted - taken);
      taken = wanted;
    }
  }

  /** Gives the pool back what was taken from it; nothing may be held any more. */
  void close() {
    pool.change(-taken);
    taken = 0;
  }

  /** Bytes that are held. */
  long used() {
    return used;
  }

  /** Ports with connections. */
  int ports() {
    return ports;
  }
}
