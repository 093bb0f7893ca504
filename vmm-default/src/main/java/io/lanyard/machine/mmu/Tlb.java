package io.lanyard.machine.mmu;

import java.util.Arrays;

/**
 * Translations of one address space at one privilege.
 *
 * <p>Thread: the hart's own.
 */
final class Tlb {
  /**
   * Two arrays this far apart would otherwise evict each other all the time: see ADR on TLB size.
   */
  static final int ENTRIES = 1024;

  /** Selects a pair: {@code (int) (address >>> 11) & MASK}. */
  static final int MASK = (ENTRIES - 1) << 1;

  /** Matches no page. */
  static final long INVALID = -1;

  /** In a tag: a user page that supervisor code may not touch just now. */
  static final long DEMOTED = 1;

  private static final int VICTIMS = 8;
  private static final int MOST_PROMOTED = 64;

  final long[] read = new long[ENTRIES * 2];
  final long[] write = new long[ENTRIES * 2];

  /** The entries that fell out of the arrays last: {tag | 1 for writing, addend}. */
  private final long[] victims = new long[VICTIMS * 2];

  private int nextVictim;

  /** Whose translations: made by {@link Mmu}. */
  long key;

  /** Distinguishes this from other TLBs in the tags of code pages; below 4,096 and even. */
  final int number;

  long lastUse;

  private final long[] promoted = new long[MOST_PROMOTED];
  private int promotedCount;

  /** A bit for each hash of a 2 MiB range that has an entry from a superpage; the last: all. */
  private long large;

  private boolean huge;

  Tlb(int number) {
    this.number = number;
    flush();
  }

  void flush() {
    Arrays.fill(read, INVALID);
    Arrays.fill(write, INVALID);
    Arrays.fill(victims, INVALID);
    promotedCount = 0;
    large = 0;
    huge = false;
  }

  /** Forgets one address, and everything if it may lie in a superpage; true if everything. */
  boolean flush(long address) {
    if (huge || (large >>> largeBit(address) & 1) != 0) {
      flush();
      return true;
    }
    long tag = address & -4096;
    int e = (int) (address >>> 11) & MASK;
    if ((read[e] & -4096) == tag) {
      read[e] = INVALID;
    }
    if ((write[e] & -4096) == tag) {
      write[e] = INVALID;
    }
    for (int v = 0; v < VICTIMS * 2; v += 2) {
      if ((victims[v] & -4096) == tag) {
        victims[v] = INVALID;
      }
    }
    return false;
  }

  void enter(long address, long host, int level, boolean forWrite, boolean demotable) {
    if (level == 1) {
      large |= 1L << largeBit(address);
    } else if (level > 1) {
      huge = true;
    }
    long[] array = forWrite ? write : read;
    int e = (int) (address >>> 11) & MASK;
    if (array[e] != INVALID && (array[e] & 4095) == 0) {
      victims[nextVictim] = array[e] | (forWrite ? 2 : 0);
      victims[nextVictim + 1] = array[e + 1];
      nextVictim = (nextVictim + 2) & (VICTIMS * 2 - 1);
    }
    long tag = address & -4096;
    array[e] = tag;
    array[e + 1] = host - address;
    if (demotable && !remember(tag, forWrite)) {
      array[e] = INVALID;
    }
  }

  /** Puts back what fell out of the arrays a moment ago; true if it was there. */
  boolean recall(long address, boolean forWrite) {
    long wanted = (address & -4096) | (forWrite ? 2 : 0);
    for (int v = 0; v < VICTIMS * 2; v += 2) {
      if (victims[v] == wanted) {
        long[] array = forWrite ? write : read;
        int e = (int) (address >>> 11) & MASK;
        long tag = array[e];
        long addend = array[e + 1];
        array[e] = address & -4096;
        array[e + 1] = victims[v + 1];
        if (tag != INVALID && (tag & 4095) == 0) {
          victims[v] = tag | (forWrite ? 2 : 0);
          victims[v + 1] = addend;
        } else {
          victims[v] = INVALID;
        }
        return true;
      }
    }
    return false;
  }

  /** Makes a demoted entry match; true if there was one. */
  boolean promote(long address, boolean forWrite) {
    long[] array = forWrite ? write : read;
    int e = (int) (address >>> 11) & MASK;
    long tag = address & -4096;
    if (array[e] == (tag | DEMOTED) && remember(tag, forWrite)) {
      array[e] = tag;
      return true;
    }
    return false;
  }

  private boolean remember(long tag, boolean forWrite) {
    if (promotedCount == MOST_PROMOTED) {
      return false;
    }
    promoted[promotedCount++] = tag | (forWrite ? 1 : 0);
    return true;
  }

  /** SUM was cleared: makes the user pages' entries not match. */
  void demote() {
    for (int i = 0; i < promotedCount; i++) {
      long tag = promoted[i] & -4096;
      long[] array = (promoted[i] & 1) != 0 ? write : read;
      int e = (int) (tag >>> 11) & MASK;
      if (array[e] == tag) {
        array[e] = tag | DEMOTED;
      }
      for (int v = 0; v < VICTIMS * 2; v += 2) {
        if ((victims[v] & -4096) == tag) {
          victims[v] = INVALID;
        }
      }
    }
    promotedCount = 0;
  }

  private static int largeBit(long address) {
    long region = address >>> 21;
    return (int) ((region ^ region >>> 6 ^ region >>> 12) & 63);
  }
}
