package io.lanyard.machine.mmu;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.HostMemory;
import io.lanyard.machine.bus.Ram;

/**
 * A hart's address translation.
 *
 * <p>Thread: the hart's own.
 */
public final class Mmu {
  /** Kind of access: instruction fetch. */
  public static final int FETCH = 0;

  /** Kind of access: load. */
  public static final int LOAD = 1;

  /** Kind of access: store or atomic operation. */
  public static final int STORE = 2;

  /** Selects a pair in {@link #read} and {@link #write}: {@code (int) (address >>> 11) & this}. */
  public static final int TLB_MASK = Tlb.MASK;

  /** The result of {@link #translate} for an address that may not be accessed. */
  public static final long FAULT = -1;

  private static final int TLBS = 16;
  private static final long PPN_MASK = (1L << 44) - 1;

  private static final int V = 1;
  private static final int R = 2;
  private static final int W = 4;
  private static final int X = 8;
  private static final int U = 16;
  private static final int A = 64;
  private static final int D = 128;
  private static final long RESERVED = 0x1fc0_0000_0000_0000L;
  private static final int PBMT_SHIFT = 61;
  private static final long N = 1L << 63;

  private final Ram ram;
  private final Pmp pmp = new Pmp();
  private final Tlb[] tlbs = new Tlb[TLBS];
  private long clock;

  // The context: see configure.
  private long satp;
  private int fetchPrivilege = 3;
  private int dataPrivilege = 3;
  private boolean sum;
  private boolean mxr;
  private boolean memoryTypes;

  private Tlb data;
  private Tlb code;

  /** Pairs {page, addend} for loads in the present context. */
  public long[] read;

  /** Pairs {page, addend} for stores in the present context. */
  public long[] write;

  /** Added to a page's address: the tag of a code page in the present context. */
  public int codeTag;

  /** After {@link #FAULT}: the exception's number. */
  public int cause;

  /** The walk's result: level of the leaf, whether it is a user page, whether it may be written. */
  private int leafLevel;

  private boolean leafUser;
  private boolean leafWritable;

  public Mmu(Bus bus) {
    ram = bus.ram();
    for (int i = 0; i < TLBS; i++) {
      tlbs[i] = new Tlb((i + 1) * 2);
      tlbs[i].key = -1;
    }
    data = tlbs[0];
    code = data;
    read = data.read;
    write = data.write;
    configure(3, 3, 0, false, false, false);
  }

  /** The protection of physical memory; {@link #flush} after a change. */
  public Pmp pmp() {
    return pmp;
  }

  /** Forgets everything, and all memory is allowed. */
  public void reset() {
    pmp.reset();
    flush();
  }

  /**
   * Sets whose accesses are translated and how.
   *
   * @param fetch privilege of fetches: 0, 1 or 3
   * @param access privilege of loads and stores, which differs while MPRV is set
   * @param newSatp the register
   * @param newSum supervisor may access user pages
   * @param newMxr loads may read what is only executable
   * @param newMemoryTypes Svpbmt is on
   */
  public void configure(
      int fetch, int access, long newSatp, boolean newSum, boolean newMxr, boolean newMemoryTypes) {
    if (newSatp == satp && fetch == fetchPrivilege && access == dataPrivilege) {
      if (sum && !newSum) {
        data.demote();
      }
      sum = newSum;
      mxr = newMxr;
      memoryTypes = newMemoryTypes;
      return;
    }
    data.demote();
    satp = newSatp;
    fetchPrivilege = fetch;
    dataPrivilege = access;
    sum = newSum;
    mxr = newMxr;
    memoryTypes = newMemoryTypes;
    data = tlb(access);
    code = fetch == access ? data : tlb(fetch);
    read = data.read;
    write = data.write;
    codeTag = code.number;
  }

  private Tlb tlb(int privilege) {
    long mode = privilege == 3 ? 0 : satp >>> 60;
    long key = mode == 0 ? privilege : (mode << 16 | ((satp >>> 44) & 0xffff)) << 2 | privilege;
    Tlb oldest = tlbs[0];
    for (Tlb t : tlbs) {
      if (t.key == key) {
        t.lastUse = ++clock;
        return t;
      }
      if (t.lastUse < oldest.lastUse) {
        oldest = t;
      }
    }
    oldest.flush();
    flushedCode = true;
    oldest.key = key;
    oldest.lastUse = ++clock;
    return oldest;
  }

  private boolean flushedCode;

  /** Tells, once, that tags of code pages have become invalid. */
  public boolean codeTagsInvalid() {
    boolean was = flushedCode;
    flushedCode = false;
    return was;
  }

  /** Forgets all translations. */
  public void flush() {
    for (Tlb t : tlbs) {
      if (t == data || t == code) {
        t.flush();
      } else {
        t.key = -1; // flushed when it is used again
        t.lastUse = 0;
      }
    }
    flushedCode = true;
  }

  /** Forgets the translations of an address space; global ones may go too. */
  public void flushSpace(long asid) {
    for (Tlb t : tlbs) {
      if (t.key > 3 && ((t.key >>> 2) & 0xffff) == asid) {
        if (t == data || t == code) {
          t.flush();
        } else {
          t.key = -1;
          t.lastUse = 0;
        }
      }
    }
    flushedCode = true;
  }

  /** Forgets the translation of an address, in all address spaces. */
  public void flushAddress(long address) {
    for (Tlb t : tlbs) {
      if (t.key > 3) {
        t.flush(address);
      }
    }
    flushedCode = true;
  }

  /**
   * Translates an address, and enters it in the TLB if it is RAM.
   *
   * @param address virtual
   * @param size bytes, all on one page
   * @param access {@link #FETCH}, {@link #LOAD} or {@link #STORE}
   * @return the physical address, or {@link #FAULT} with {@link #cause} set
   */
  public long translate(long address, int size, int access) {
    boolean store = access == STORE;
    Tlb tlb = access == FETCH ? code : data;
    if (access != FETCH) {
      long known = lookUp(tlb, address, store);
      if (known != 0) {
        return known;
      }
    }
    int privilege = access == FETCH ? fetchPrivilege : dataPrivilege;
    long physical;
    if (privilege == 3 || satp >>> 60 == 0) {
      physical = address;
      leafLevel = 0;
      leafUser = false;
      leafWritable = true;
      if (address < 0 || address >>> 56 != 0) {
        cause = accessFault(access);
        return FAULT;
      }
    } else {
      physical = walk(address, access, privilege);
      if (physical == FAULT) {
        return FAULT;
      }
    }
    long page = physical & -4096;
    if (!pmp.allows(physical, size, access, privilege)) {
      cause = accessFault(access);
      return FAULT;
    }
    if (access != FETCH
        && ram.contains(page, 4096)
        && !pmp.divides(page)
        && (store ? leafWritable : !mxr)) {
      long host = ram.hostAddress(page) + (address & 4095);
      tlb.enter(address, host, leafLevel, store, leafUser && privilege == 1);
    }
    return physical;
  }

  /** Finds what the fast path did not: an entry that was demoted, or fell out. */
  private long lookUp(Tlb tlb, long address, boolean store) {
    long[] array = store ? tlb.write : tlb.read;
    int e = (int) (address >>> 11) & Tlb.MASK;
    boolean found =
        array[e] == (address & -4096)
            || (sum && dataPrivilege == 1 && tlb.promote(address, store))
            || tlb.recall(address, store);
    return found ? array[e + 1] + address - ram.segment().address() + Ram.BASE : 0;
  }

  private long walk(long address, int access, int privilege) {
    int levels = (int) (satp >>> 60) - 5; // 8: Sv39, 9: Sv48, 10: Sv57
    int unused = 64 - 12 - 9 * levels;
    if (address << unused >> unused != address) {
      cause = pageFault(access);
      return FAULT;
    }
    long table = (satp & PPN_MASK) << 12;
    for (int level = levels - 1; level >= 0; level--) {
      int shift = 12 + 9 * level;
      long where = table + ((address >>> shift) & 511) * 8;
      if (!ram.contains(where, 8) || !pmp.allows(where, 8, LOAD, 1)) {
        cause = accessFault(access);
        return FAULT;
      }
      long host = ram.hostAddress(where);
      long pte = HostMemory.getLongVolatile(host);
      if ((pte & V) == 0 || (pte & (R | W)) == W || (pte & RESERVED) != 0) {
        break;
      }
      long type = pte >>> PBMT_SHIFT & 3;
      long ppn = pte >>> 10 & PPN_MASK;
      if ((pte & (R | X)) == 0) {
        if ((pte & (A | D | U)) != 0 || type != 0 || pte < 0) {
          break;
        }
        table = ppn << 12;
        continue;
      }
      if (!permitted(pte, access, privilege) || type == 3 || (type != 0 && !memoryTypes)) {
        break;
      }
      int spread = 9 * level;
      if ((pte & N) != 0) {
        if (level != 0 || (ppn & 15) != 8) {
          break;
        }
        spread = 4; // Svnapot: 64 KiB
        ppn &= ~15L;
      }
      if ((ppn & ((1L << spread) - 1)) != 0) {
        break;
      }
      long wanted = pte | A | (access == STORE ? D : 0);
      if (wanted != pte) {
        if (!pmp.allows(where, 8, STORE, 1)) {
          cause = accessFault(access);
          return FAULT;
        }
        if (!HostMemory.compareAndSetLong(host, pte, wanted)) {
          level++; // somebody changed it: look again
          continue;
        }
      }
      leafLevel = (pte & N) != 0 ? 2 : level;
      leafUser = (pte & U) != 0;
      leafWritable = (wanted & D) != 0;
      return ppn << 12 | (address & (1L << (12 + spread)) - 1);
    }
    cause = pageFault(access);
    return FAULT;
  }

  private boolean permitted(long pte, int access, int privilege) {
    if ((pte & U) != 0) {
      if (privilege == 1 && (access == FETCH || !sum)) {
        return false;
      }
    } else if (privilege == 0) {
      return false;
    }
    return switch (access) {
      case FETCH -> (pte & X) != 0;
      case LOAD -> (pte & R) != 0 || (mxr && (pte & X) != 0);
      default -> (pte & W) != 0;
    };
  }

  /** The number of the access fault for a kind of access. */
  public static int accessFault(int access) {
    return access == FETCH ? 1 : access == LOAD ? 5 : 7;
  }

  private static int pageFault(int access) {
    return access == FETCH ? 12 : access == LOAD ? 13 : 15;
  }
}
