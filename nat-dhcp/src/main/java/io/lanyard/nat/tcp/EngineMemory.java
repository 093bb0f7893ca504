package io.lanyard.nat.tcp;

import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;

/** What one engine holds of a {@link MemoryPool}, and which guest holds it. */
final class EngineMemory {
  /** Taken from the pool at a time: a counter that other loops write too is not for each frame. */
  private static final long UNIT = 1 << 20;

  private final MemoryPool pool;
  private final IntObjectMap<GuestMemory> guests = new IntObjectHashMap<>();
  private long used;
  private long taken;

  EngineMemory(MemoryPool pool) {
    this.pool = pool;
  }

  /** One guest's share. */
  final class GuestMemory {
    private final int guest;
    private long held;
    private int connections;

    private GuestMemory(int guest) {
      this.guest = guest;
    }

    /** Books bytes that a connection holds from now on; negative ones it has given back. */
    void change(long bytes) {
      held += bytes;
      EngineMemory.this.change(bytes);
    }

    /** Connections are to be held to small windows. */
    boolean scarce() {
      return held > pool.limit() / 4 || pool.scarce();
    }

    /** Connections are to hold next to nothing. */
    boolean exhausted() {
      return held > pool.limit() / 2 || pool.exhausted();
    }

    /** A connection of the guest has ended, and given back what it held. */
    void leave() {
      if (--connections == 0) {
        guests.remove(guest);
      }
    }
  }

  /** The share of a guest, for a connection that will leave it. */
  GuestMemory join(int guest) {
    GuestMemory share = guests.get(guest);
    if (share == null) {
      share = new GuestMemory(guest);
      guests.put(guest, share);
    }
    share.connections++;
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

  /** Guests with connections. */
  int guests() {
    return guests.size();
  }
}
