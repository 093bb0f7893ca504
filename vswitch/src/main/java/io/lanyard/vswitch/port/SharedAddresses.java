package io.lanyard.vswitch.port;

import io.lanyard.vswitch.Switch;
import org.jspecify.annotations.Nullable;

/**
 * The guests behind an uplink that shares its MAC address, by their IP addresses of both families;
 * IPv4 in its mapped form.
 *
 * <p>A port may claim {@value #MOST_OF_PORT} addresses; with one more it loses its oldest, and
 * nobody else loses anything; a switch has at most {@link Switch#MOST_PORTS} ports. What a port has
 * claimed goes with its carrier.
 *
 * <p>An open-addressed table with a secret hash, at most half full; an entry that goes lets those
 * behind it close up. Looking an address up allocates nothing.
 *
 * <p>Thread: the network's loop only. It outlives the device: an uplink that comes back, or leads
 * elsewhere, tells its new neighbours.
 */
final class SharedAddresses {
  /** Addresses of both families that a guest has, those of containers in it included. */
  static final int MOST_OF_PORT = 64;

  /** Cells at first: for a handful of guests. */
  private static final int FIRST_CELLS = 256;

  /** The upper bits of an IPv4-mapped address's lower half (RFC 4291 section 2.5.5.2). */
  private static final long MAPPED = 0xffff_0000_0000L;

  private final long multiplier;
  private long[] high = new long[FIRST_CELLS];
  private long[] low = new long[FIRST_CELLS];

  /** The guest's MAC address; 0 in an empty cell. */
  private long[] macs = new long[FIRST_CELLS];

  private short[] owners = new short[FIRST_CELLS];
  private int mask = FIRST_CELLS - 1;
  private final @Nullable Claims[] claims = new Claims[Switch.MOST_PORTS];
  private int size;

  /** The addresses of a port in the order in which they came; holes are where some have left. */
  private static final class Claims {
    final long[] high = new long[MOST_OF_PORT];
    final long[] low = new long[MOST_OF_PORT];
    int next;
  }

  /** Hears of addresses. */
  interface Visitor {
    /** An IPv4 address. */
    void ipv4(int address);

    /** An IPv6 address. */
    void ipv6(long high, long low);
  }

  /**
   * Makes an empty table.
   *
   * @param seed random bits that guests do not know
   */
  SharedAddresses(long seed) {
    multiplier = seed | 1;
  }

  /** The lower half of an IPv4 address; its upper half is 0. */
  static long mapped(int ipv4) {
    return MAPPED | (ipv4 & 0xffff_ffffL);
  }

  private int home(long upper, long lower) {
    long mixed = (upper * multiplier ^ lower) * multiplier;
    return (int) (((mixed ^ (mixed >>> 32)) * multiplier) >>> 32) & mask;
  }

  /** The cell of an address, or the empty one where it would be. */
  private int find(long upper, long lower) {
    int cell = home(upper, lower);
    while (macs[cell] != 0 && (high[cell] != upper || low[cell] != lower)) {
      cell = cell + 1 & mask;
    }
    return cell;
  }

  /** The MAC address of the guest that has an address; 0 for none. */
  long mac(long upper, long lower) {
    return macs[find(upper, lower)];
  }

  /** How many addresses there are. */
  int size() {
    return size;
  }

  /**
   * Notes that a guest has an address.
   *
   * @param port the number of the port that the guest is at
   * @param mac the guest's MAC address, not 0
   * @param says whether the guest says so itself, as by ARP: it gets the address though another one
   *     has it, as neighbours would believe it too. Else a sender has used it, which counts only
   *     for an address that nobody has
   */
  void claim(long upper, long lower, int port, long mac, boolean says) {
    int cell = find(upper, lower);
    long had = macs[cell];
    if (had != 0) {
      if (had == mac && owners[cell] == port) {
        return;
      }
      if (!says) {
        return;
      }
      remove(cell); // the former owner's claim is a hole now
    }
    Claims own = claims[port];
    if (own == null) {
      own = new Claims();
      claims[port] = own;
    }
    int place = own.next;
    own.next = (place + 1) % MOST_OF_PORT;
    forget(own.high[place], own.low[place], port);
    own.high[place] = upper;
    own.low[place] = lower;
    if (2 * (size + 1) > macs.length) {
      grow();
    }
    put(upper, lower, mac, (short) port);
  }

  private void put(long upper, long lower, long mac, short owner) {
    int cell = find(upper, lower);
    high[cell] = upper;
    low[cell] = lower;
    macs[cell] = mac;
    owners[cell] = owner;
    size++;
  }

  private void grow() {
    long[] formerHigh = high;
    long[] formerLow = low;
    long[] formerMacs = macs;
    short[] formerOwners = owners;
    int cells = 2 * formerMacs.length;
    high = new long[cells];
    low = new long[cells];
    macs = new long[cells];
    owners = new short[cells];
    mask = cells - 1;
    size = 0;
    for (int i = 0; i < formerMacs.length; i++) {
      if (formerMacs[i] != 0) {
        put(formerHigh[i], formerLow[i], formerMacs[i], formerOwners[i]);
      }
    }
  }

  /** Forgets what a port has claimed: it is gone, and another may have its number. */
  void release(int port) {
    Claims own = claims[port];
    claims[port] = null;
    for (int i = 0; own != null && i < MOST_OF_PORT; i++) {
      forget(own.high[i], own.low[i], port);
    }
  }

  /** Removes an address that a port has claimed, unless it is another's by now. */
  private void forget(long upper, long lower, int port) {
    int cell = find(upper, lower);
    if (macs[cell] != 0 && owners[cell] == port) {
      remove(cell);
    }
  }

  /** Empties a cell and lets those behind it close up (Knuth, 6.4, algorithm R). */
  private void remove(int cell) {
    size--;
    int hole = cell;
    for (int next = hole + 1 & mask; macs[next] != 0; next = next + 1 & mask) {
      int home = home(high[next], low[next]);
      if ((next - home & mask) >= (next - hole & mask)) {
        high[hole] = high[next];
        low[hole] = low[next];
        macs[hole] = macs[next];
        owners[hole] = owners[next];
        hole = next;
      }
    }
    macs[hole] = 0;
  }

  /** Tells the addresses of a guest at a port. */
  void visit(int port, long mac, Visitor visitor) {
    Claims own = claims[port];
    for (int i = 0; own != null && i < MOST_OF_PORT; i++) {
      int cell = find(own.high[i], own.low[i]);
      if (macs[cell] != mac || owners[cell] != port) {
        continue;
      }
      if (own.high[i] == 0 && own.low[i] >>> 32 == MAPPED >>> 32) {
        visitor.ipv4((int) own.low[i]);
      } else {
        visitor.ipv6(own.high[i], own.low[i]);
      }
    }
  }
}
