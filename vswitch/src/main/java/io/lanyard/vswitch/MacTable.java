package io.lanyard.vswitch;

import java.util.Arrays;

/**
 * Which port a MAC address was last seen on, in each VLAN; or which host, behind a VXLAN port.
 *
 * <p>An entry is <em>learned</em> (it ages, and moves to the port that its address is seen on),
 * <em>held</em> (learned by a port that is guarded: it does neither until the port is forgotten) or
 * <em>pinned</em> (given). Held and pinned ones are so in all VLANs: nobody else has the address,
 * whatever the tag.
 *
 * <p>Open addressing with linear probing over arrays of primitives: looking up, learning and
 * forgetting allocate nothing. The hash is secret, so that nobody can choose addresses that
 * collide. The table never holds more than {@link #CAPACITY} addresses; when it is full, the port
 * that has learned most gives up the address that it has had for longest, so that a guest that
 * floods the table hurts itself.
 *
 * <p>Thread: the network's loop only.
 */
public final class MacTable {
  /** Addresses: what the usual access switch learns. */
  static final int CAPACITY = 8192;

  /** How long an address is remembered that sends nothing (IEEE 802.1Q table 8-3). */
  static final long AGEING_NANOS = 300_000_000_000L;

  /** The answer of {@link #find} for an unknown address. */
  public static final int UNKNOWN = -1;

  /** Twice the capacity: probes stay short, and a free cell ends every one. */
  private static final int CELLS = 2 * CAPACITY;

  private static final int SHIFT = 64 - Integer.numberOfTrailingZeros(CELLS);

  /** How often a full table is searched for old entries at most: 1 s. */
  private static final long SWEEP_NANOS = 1_000_000_000L;

  /**
   * How long after its last frame an address does not follow a frame that goes to all ports: one
   * goes round by a loop in microseconds, and a machine that moves is not heard where it was.
   */
  static final long SETTLED_NANOS = 1_000_000_000L;

  private static final long MAC_BITS = 0xffff_ffff_ffffL;

  private static final byte LEARNED = 0;
  private static final byte HELD = 1;
  private static final byte PINNED = 2;

  /** Odd, and random: multiplying by it and taking the upper bits is a universal hash. */
  private final long multiplier;

  /**
   * VLAN in bits 48 to 59, 0 for addresses that stay in all of them, address below; 0 is a free
   * cell, as 00:00:00:00:00:00 is no source.
   */
  private final long[] keys = new long[CELLS];

  private final int[] ports = new int[CELLS];
  private final long[] seen = new long[CELLS];
  private final byte[] kinds = new byte[CELLS];

  /** The learned addresses; held and pinned ones aside. */
  private final LearnedCells learned = new LearnedCells(CELLS);

  /** Held addresses of each port. */
  private int[] held = new int[16];

  /** The limit of each port, set by {@link #rule}. */
  private int[] limits = new int[16];

  private boolean[] holding = new boolean[16];

  private int size;
  private int latest;
  private int version;
  private long lastSweep;
  private boolean swept;
  private long moves;
  private long evictions;
  private long expiries;

  /** How an address came to its port. */
  public enum Hold {
    /** By its frames; it ages, and follows them to another port. */
    LEARNED,
    /** By its frames, to a guarded port, which keeps it. */
    HELD,
    /** By the daemon, in all VLANs. */
    PINNED
  }

  /** The outcome of learning the source address of a frame. */
  public enum Learning {
    /** The address is at the port now, or the table has no room for it. */
    DONE,
    /** The address is held by another port, or pinned to one. */
    ELSEWHERE,
    /** The port has as many addresses as it may have. */
    LIMIT
  }

  /**
   * Makes an empty table.
   *
   * @param seed random bits that guests do not know
   */
  public MacTable(long seed) {
    this.multiplier = seed | 1;
    Arrays.fill(limits, Integer.MAX_VALUE);
  }

  private static long key(int vlan, long mac) {
    return (long) vlan << 48 | mac;
  }

  private int home(long key) {
    return (int) ((key * multiplier) >>> SHIFT);
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

  /** Whether a cell holds an address that is pinned, in all VLANs. */
  private boolean pinned(int cell, long mac) {
    return keys[cell] == mac && kinds[cell] == PINNED;
  }

  /** Whether a cell holds an address that stays at its port, in all VLANs. */
  private boolean stays(int cell, long mac) {
    return keys[cell] == mac && kinds[cell] != LEARNED;
  }

  /**
   * Sets the number of addresses that may be learned from a port, and whether it holds them. What
   * it has learned already is held from now on, in all VLANs, or ages and moves again.
   *
   * @param port the port's number
   * @param limit addresses, those that are pinned to it aside
   * @param holds whether an address that it has learned stays with it
   */
  void rule(int port, int limit, boolean holds) {
    version++; // who remembers the port remembers its former rules
    grow(port);
    limits[port] = limit;
    if (holding[port] != holds) {
      holding[port] = holds;
      keep(port, holds ? LEARNED : HELD);
    }
  }

  /** Puts the addresses of a port that are of one kind in again, as the port's rules are now. */
  private void keep(int port, byte former) {
    if (learned(port) == 0) {
      return;
    }
    byte kind = holds(port) ? HELD : LEARNED;
    for (int cell = 0; cell < CELLS; ) {
      if (keys[cell] == 0 || ports[cell] != port || kinds[cell] != former) {
        cell++;
        continue;
      }
      long key = holds(port) ? keys[cell] & MAC_BITS : keys[cell];
      long heard = seen[cell];
      remove(cell); // may have moved another entry into this cell: look again
      int to = cell(key);
      if (keys[to] == 0) { // else it stays elsewhere, or was learned from another port untagged
        insert(to, key, port, heard, kind);
      }
    }
  }

  /**
   * The state of the table: while it is the same, every address is in the cell and at the port
   * where it was.
   *
   * @return a number that is another one after each change
   */
  int version() {
    return version;
  }

  /**
   * The cell at which the last call has found or put an address.
   *
   * @return a cell for {@link #heard} and {@link #fresh}, while the {@link #version} is the same;
   *     {@link #UNKNOWN} if the address has none
   */
  int cell() {
    return latest;
  }

  /**
   * Does what {@link #learn} does for an untagged frame whose source is where it was.
   *
   * @param cell where the source was learned in this version of the table
   */
  void heard(int cell, long now) {
    seen[cell] = now;
  }

  /**
   * How long an address is known at least.
   *
   * @param cell where it was found in this version of the table
   * @return the last moment at which it has not aged, if it is not heard until then
   */
  long fresh(int cell, long now) {
    return (kinds[cell] == LEARNED ? seen[cell] : now) + AGEING_NANOS;
  }

  /**
   * Looks an address up.
   *
   * @param vlan the VLAN; 0 for none
   * @param mac the address
   * @param now the clock, in nanoseconds
   * @return the port, or {@link #UNKNOWN}
   */
  public int find(int vlan, long mac, long now) {
    latest = UNKNOWN;
    int cell = cell(mac);
    if (vlan != 0 && !stays(cell, mac)) {
      cell = cell(key(vlan, mac));
    }
    if (keys[cell] == 0) {
      return UNKNOWN;
    }
    if (expired(cell, now)) {
      expiries++;
      remove(cell);
      return UNKNOWN;
    }
    latest = cell;
    return ports[cell];
  }

  /**
   * Remembers that an address sent a frame, if the port may have it.
   *
   * @param vlan the VLAN; 0 for none
   * @param mac the address; neither that of a group nor 00:00:00:00:00:00
   * @param port the port's number, from 0 on
   * @param now the clock, in nanoseconds
   * @return what has come of it
   */
  public Learning learn(int vlan, long mac, int port, long now) {
    latest = UNKNOWN;
    if (vlan != 0) {
      int all = cell(mac);
      if (stays(all, mac)) {
        return ports[all] == port ? Learning.DONE : Learning.ELSEWHERE;
      }
    }
    boolean holds = holds(port);
    long key = key(holds ? 0 : vlan, mac);
    int cell = cell(key);
    if (keys[cell] == key) {
      if (ports[cell] == port) {
        seen[cell] = now;
        latest = cell;
        return Learning.DONE;
      }
      if (kinds[cell] != LEARNED) {
        return Learning.ELSEWHERE;
      }
      if (full(port)) {
        return Learning.LIMIT;
      }
      moves++;
      remove(cell);
      cell = cell(key);
    } else {
      if (full(port)) {
        return Learning.LIMIT;
      }
      if (size == CAPACITY) {
        if (!makeRoom(now)) {
          return Learning.DONE;
        }
        cell = cell(key);
      }
    }
    insert(cell, key, port, now, holds ? HELD : LEARNED);
    return Learning.DONE;
  }

  /**
   * Whether an address was learned from another port, and was heard there just now.
   *
   * @param vlan the VLAN; 0 for none
   * @param mac the address
   * @param port the number of the port that it is heard on now
   * @param now the clock, in nanoseconds
   * @return true if a frame to all ports is no proof that it has moved
   */
  public boolean settled(int vlan, long mac, int port, long now) {
    int cell = cell(key(vlan, mac));
    return keys[cell] != 0
        && ports[cell] != port
        && kinds[cell] == LEARNED
        && now - seen[cell] < SETTLED_NANOS
        && (vlan == 0 || !stays(cell(mac), mac));
  }

  /**
   * Whether a port may send a frame from an address that stays at another port. One that has a
   * limit, or holds its addresses, may not: the address would count nowhere.
   */
  Learning visit(int port) {
    if (full(port)) {
      return Learning.LIMIT;
    }
    boolean isFree = !holds(port) && (port >= limits.length || limits[port] == Integer.MAX_VALUE);
    return isFree ? Learning.DONE : Learning.ELSEWHERE;
  }

  private boolean full(int port) {
    return port < limits.length && learned(port) >= limits[port];
  }

  private boolean holds(int port) {
    return port < holding.length && holding[port];
  }

  /**
   * Pins an address to a port, in all VLANs: it neither ages nor moves.
   *
   * @param port the port's number; {@link #UNKNOWN} for one that is still to come, to which the
   *     address can be pinned then
   * @return false if it is pinned to another port, or the table is full of entries that stay
   */
  boolean pin(long mac, int port, long now) {
    int cell = cell(mac);
    if (keys[cell] == mac) {
      if (kinds[cell] == PINNED && ports[cell] != UNKNOWN) {
        return ports[cell] == port;
      }
      remove(cell);
      cell = cell(mac);
    } else if (size == CAPACITY) {
      if (!makeRoom(now)) {
        return false;
      }
      cell = cell(mac);
    }
    insert(cell, mac, port, now, PINNED);
    return true;
  }

  /** Forgets an address that is pinned to a port; nothing happens for another. */
  void unpin(long mac, int port) {
    int cell = cell(mac);
    if (pinned(cell, mac) && ports[cell] == port) {
      remove(cell);
    }
  }

  /** Forgets every address behind a port, and what was said of it. */
  void forgetPort(int port) {
    forget(port, true);
    if (port < limits.length) {
      limits[port] = Integer.MAX_VALUE;
      holding[port] = false;
    }
  }

  /** Forgets the addresses that were learned from a port; those that are pinned to it stay. */
  void forgetLearned(int port) {
    if (learned(port) > 0) {
      forget(port, false);
    }
  }

  private void forget(int port, boolean pins) {
    version++; // the port may be gone, too
    for (int cell = 0; cell < CELLS; ) {
      if (keys[cell] != 0 && ports[cell] == port && (pins || kinds[cell] != PINNED)) {
        remove(cell); // may have moved another entry into this cell: look again
      } else {
        cell++;
      }
    }
  }

  private void insert(int cell, long key, int port, long now, byte kind) {
    keys[cell] = key;
    ports[cell] = port;
    seen[cell] = now;
    kinds[cell] = kind;
    latest = cell;
    size++;
    version++;
    count(cell, 1);
  }

  /** Counts the address of a cell, which has come or is about to go, as its port's. */
  private void count(int cell, int change) {
    int port = ports[cell];
    grow(port);
    if (kinds[cell] == HELD) {
      held[port] += change;
    } else if (kinds[cell] == LEARNED && change > 0) {
      learned.add(cell, port);
    } else if (kinds[cell] == LEARNED) {
      learned.remove(cell, port);
    }
  }

  private void grow(int port) {
    int known = held.length;
    if (port >= known) {
      int length = Math.max(port + 1, 2 * known);
      held = Arrays.copyOf(held, length);
      holding = Arrays.copyOf(holding, length);
      limits = Arrays.copyOf(limits, length);
      Arrays.fill(limits, known, length, Integer.MAX_VALUE);
    }
  }

  private boolean expired(int cell, long now) {
    return now - seen[cell] > AGEING_NANOS && kinds[cell] == LEARNED;
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
    int victim = learned.victim();
    if (victim == UNKNOWN) {
      return false;
    }
    evictions++;
    remove(victim);
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
    version++;
    count(cell, -1);
    size--;
    int free = cell;
    for (int i = next(cell); keys[i] != 0; i = next(i)) {
      int home = home(keys[i]);
      boolean between = free <= i ? free < home && home <= i : free < home || home <= i;
      if (!between) {
        keys[free] = keys[i];
        ports[free] = ports[i];
        seen[free] = seen[i];
        kinds[free] = kinds[i];
        if (kinds[i] == LEARNED) {
          learned.move(i, free, ports[i]);
        }
        free = i;
      }
    }
    keys[free] = 0;
    kinds[free] = LEARNED; // or address 0, whose key is that of a free cell, would be pinned there
  }

  /** Takes every entry that has not aged, in no order. */
  void forEach(long now, Visitor visitor) {
    for (int cell = 0; cell < CELLS; cell++) {
      if (keys[cell] != 0 && ports[cell] != UNKNOWN && !expired(cell, now)) {
        visitor.entry(
            (int) (keys[cell] >>> 48),
            keys[cell] & MAC_BITS,
            ports[cell],
            hold(kinds[cell]),
            now - seen[cell]);
      }
    }
  }

  private static Hold hold(byte kind) {
    return switch (kind) {
      case PINNED -> Hold.PINNED;
      case HELD -> Hold.HELD;
      default -> Hold.LEARNED;
    };
  }

  int size() {
    return size;
  }

  /** The addresses that were learned from a port, held ones among them. */
  int learned(int port) {
    return port < held.length ? learned.count(port) + held[port] : 0;
  }

  /** The most cells that one look-up has to visit. */
  int longestProbe() {
    int longest = 0;
    for (int cell = 0; cell < CELLS; cell++) {
      if (keys[cell] != 0) {
        longest = Math.max(longest, ((cell - home(keys[cell])) & (CELLS - 1)) + 1);
      }
    }
    return longest;
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
    void entry(int vlan, long mac, int port, Hold hold, long ageNanos);
  }
}
