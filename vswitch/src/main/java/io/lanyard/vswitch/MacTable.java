package io.lanyard.vswitch;

import java.util.Arrays;

/**
 * Which port a MAC address was last seen on, in each VLAN.
 *
 * <p>Open addressing with linear probing over arrays of primitives: looking up, learning and
 * forgetting allocate nothing. The table never holds more than {@link #CAPACITY} addresses; when it
 * is full, the port that holds most gives one up, so that a guest that floods the table hurts
 * itself.
 *
 * <p>Thread: the network's loop only.
 */
final class MacTable {
  /** Addresses: what the usual access switch learns. */
  static final int CAPACITY = 8192;

  /** How long an address is remembered that sends nothing (IEEE 802.1Q table 8-3). */
  static final long AGEING_NANOS = 300_000_000_000L;

  /** What {@link #find} answers when it knows nothing. */
  static final int UNKNOWN = -1;

  /** Twice the capacity: probes stay short, and a free cell ends every one. */
  private static final int CELLS = 2 * CAPACITY;

  private static final int SHIFT = 64 - Integer.numberOfTrailingZeros(CELLS);

  /** How often a full table is searched for old entries at most: 1 s. */
  private static final long SWEEP_NANOS = 1_000_000_000L;

  /** VLAN in bits 48 to 59, address below; 0 is a free cell, as 00:00:00:00:00:00 is no source. */
  private final long[] keys = new long[CELLS];

  private final int[] ports = new int[CELLS];
  private final long[] seen = new long[CELLS];
  private final boolean[] fixed = new boolean[CELLS];

  /** Learned addresses a port, static ones aside. */
  private int[] learned = new int[16];

  private int size;
  private int hand;
  private long lastSweep;
  private boolean swept;
  private long moves;
  private long evictions;
  private long expiries;

  private static long key(int vlan, long mac) {
    return (long) vlan << 48 | mac;
  }

  private static int home(long key) {
    return (int) ((key * 0x9e3779b97f4a7c15L) >>> SHIFT);
  }

  private static int next(int cell) {
    return (cell + 1) & (CELLS - 1);
  }

  /** Finds the cell of a key, or the free cell where its probe ends. */
  private int cell(long key) {
    int cell = home(key);
    while (keys[cell] != key && keys[cell] != 0) {
      cell = next(cell);
    }
    return cell;
  }

  /**
   * Looks an address up.
   *
   * @param now the clock, in nanoseconds
   * @return the port, or {@link #UNKNOWN}
   */
  int find(int vlan, long mac, long now) {
    int cell = cell(key(vlan, mac));
    if (keys[cell] == 0) {
      return UNKNOWN;
    }
    if (expired(cell, now)) {
      expiries++;
      remove(cell);
      return UNKNOWN;
    }
    return ports[cell];
  }

  /** Remembers that an address sent a frame; a static entry stays as it is. */
  void learn(int vlan, long mac, int port, long now) {
    long key = key(vlan, mac);
    int cell = cell(key);
    if (keys[cell] == key) {
      if (fixed[cell]) {
        return;
      }
      seen[cell] = now;
      if (ports[cell] != port) {
        moves++;
        count(ports[cell], -1);
        count(port, 1);
        ports[cell] = port;
      }
      return;
    }
    if (size == CAPACITY) {
      if (!makeRoom(now)) {
        return;
      }
      cell = cell(key);
    }
    insert(cell, key, port, now, false);
  }

  /**
   * Pins an address to a port: it neither ages nor moves.
   *
   * @return false if the table is full of static entries
   */
  boolean pin(int vlan, long mac, int port, long now) {
    long key = key(vlan, mac);
    int cell = cell(key);
    if (keys[cell] == key) {
      remove(cell);
      cell = cell(key);
    } else if (size == CAPACITY) {
      if (!makeRoom(now)) {
        return false;
      }
      cell = cell(key);
    }
    insert(cell, key, port, now, true);
    return true;
  }

  /** Forgets one address, static or not. */
  void forget(int vlan, long mac) {
    int cell = cell(key(vlan, mac));
    if (keys[cell] != 0) {
      remove(cell);
    }
  }

  /** Forgets every address behind a port. */
  void forgetPort(int port) {
    for (int cell = 0; cell < CELLS; ) {
      if (keys[cell] != 0 && ports[cell] == port) {
        remove(cell); // may have moved another entry into this cell: look again
      } else {
        cell++;
      }
    }
  }

  private void insert(int cell, long key, int port, long now, boolean isFixed) {
    keys[cell] = key;
    ports[cell] = port;
    seen[cell] = now;
    fixed[cell] = isFixed;
    size++;
    if (!isFixed) {
      count(port, 1);
    }
  }

  private void count(int port, int change) {
    if (port >= learned.length) {
      learned = Arrays.copyOf(learned, Math.max(port + 1, 2 * learned.length));
    }
    learned[port] += change;
  }

  private boolean expired(int cell, long now) {
    return !fixed[cell] && now - seen[cell] > AGEING_NANOS;
  }

  private boolean makeRoom(long now) {
    if (!swept || now - lastSweep >= SWEEP_NANOS) {
      swept = true;
      lastSweep = now;
      sweep(now);
      if (size < CAPACITY) {
        return true;
      }
    }
    int hog = 0;
    for (int port = 1; port < learned.length; port++) {
      if (learned[port] > learned[hog]) {
        hog = port;
      }
    }
    if (learned[hog] == 0) {
      return false;
    }
    // The hand goes on from where it was, so that the hog's entries leave in turn.
    while (keys[hand] == 0 || fixed[hand] || ports[hand] != hog) {
      hand = next(hand);
    }
    evictions++;
    remove(hand);
    hand = next(hand);
    return true;
  }

  private void sweep(long now) {
    for (int cell = 0; cell < CELLS; ) {
      if (keys[cell] != 0 && expired(cell, now)) {
        expiries++;
        remove(cell);
      } else {
        cell++;
      }
    }
  }

  /** Frees a cell and moves later entries of the same run back, so that no probe ends early. */
  private void remove(int cell) {
    if (!fixed[cell]) {
      count(ports[cell], -1);
    }
    size--;
    int free = cell;
    for (int i = next(cell); keys[i] != 0; i = next(i)) {
      int home = home(keys[i]);
      boolean between = free <= i ? free < home && home <= i : free < home || home <= i;
      if (!between) {
        keys[free] = keys[i];
        ports[free] = ports[i];
        seen[free] = seen[i];
        fixed[free] = fixed[i];
        free = i;
      }
    }
    keys[free] = 0;
    fixed[free] = false;
  }

  /** Takes every entry that has not aged, in no order. */
  void forEach(long now, Visitor visitor) {
    for (int cell = 0; cell < CELLS; cell++) {
      if (keys[cell] != 0 && !expired(cell, now)) {
        visitor.entry(
            (int) (keys[cell] >>> 48),
            keys[cell] & 0xffff_ffff_ffffL,
            ports[cell],
            fixed[cell],
            now - seen[cell]);
      }
    }
  }

  int size() {
    return size;
  }

  int learned(int port) {
    return port < learned.length ? learned[port] : 0;
  }

  long moves() {
    return moves;
  }

  long evictions() {
    return evictions;
  }

  long expiries() {
    return expiries;
  }

  /** Takes one entry. */
  interface Visitor {
    void entry(int vlan, long mac, int port, boolean isStatic, long ageNanos);
  }
}
