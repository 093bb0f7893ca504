package io.lanyard.vswitch.policy;

import java.util.Arrays;

/**
 * Whose an IP address is: open addressing with linear probing over arrays of primitives, under a
 * secret hash. Looking up allocates nothing.
 *
 * <p>Thread: the network's loop only.
 */
final class AddressMap {
  /** The answer of {@link #get} for an address that is nobody's. */
  static final long NOBODY = -1;

  private final long multiplier;
  private long[] highs = new long[64];
  private long[] lows = new long[64];
  private long[] owners = new long[64];
  private int size;

  /**
   * Makes an empty map.
   *
   * @param seed random bits that guests do not know
   */
  AddressMap(long seed) {
    multiplier = seed | 1;
    Arrays.fill(owners, NOBODY);
  }

  private int home(long high, long low) {
    // Twice: a bit of a product knows nothing of the factors' upper bits, which guests choose, too.
    long mixed = (high * multiplier ^ low) * multiplier;
    return (int) (((mixed ^ (mixed >>> 32)) * multiplier) >>> 32) & (owners.length - 1);
  }

  private int cell(long high, long low) {
    int cell = home(high, low);
    while (owners[cell] != NOBODY && (highs[cell] != high || lows[cell] != low)) {
      cell = (cell + 1) & (owners.length - 1);
    }
    return cell;
  }

  long get(long high, long low) {
    return owners[cell(high, low)];
  }

  /** Gives an address to an owner, 0 or more, from any former one. */
  void put(long high, long low, long owner) {
    if (2 * (size + 1) > owners.length) {
      grow();
    }
    int cell = cell(high, low);
    if (owners[cell] == NOBODY) {
      size++;
      highs[cell] = high;
      lows[cell] = low;
    }
    owners[cell] = owner;
  }

  private void grow() {
    long[] oldHighs = highs;
    long[] oldLows = lows;
    long[] oldOwners = owners;
    highs = new long[2 * oldHighs.length];
    lows = new long[2 * oldLows.length];
    owners = new long[2 * oldOwners.length];
    Arrays.fill(owners, NOBODY);
    size = 0;
    for (int i = 0; i < oldOwners.length; i++) {
      if (oldOwners[i] != NOBODY) {
        put(oldHighs[i], oldLows[i], oldOwners[i]);
      }
    }
  }

  /** Takes an address from its owner; later entries of the same run move back. */
  void remove(long high, long low) {
    int free = cell(high, low);
    if (owners[free] == NOBODY) {
      return;
    }
    size--;
    int mask = owners.length - 1;
    for (int i = (free + 1) & mask; owners[i] != NOBODY; i = (i + 1) & mask) {
      int home = home(highs[i], lows[i]);
      if (((i - home) & mask) >= ((i - free) & mask)) {
        highs[free] = highs[i];
        lows[free] = lows[i];
        owners[free] = owners[i];
        free = i;
      }
    }
    owners[free] = NOBODY;
  }

  int size() {
    return size;
  }

  /** The most cells that one look-up has to visit. */
  int longestProbe() {
    int longest = 0;
    for (int cell = 0; cell < owners.length; cell++) {
      if (owners[cell] != NOBODY) {
        int probe = (cell - home(highs[cell], lows[cell])) & (owners.length - 1);
        longest = Math.max(longest, probe + 1);
      }
    }
    return longest;
  }
}
