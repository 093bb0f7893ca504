package io.lanyard.machine.hart;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.HostMemory;
import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.mmu.Mmu;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The state of a hart between two instructions: registers, pc, privilege, and its access to memory.
 *
 * <p>Thread: the hart's own.
 */
final class Core {
  /** Index in {@link #x} of f0. */
  static final int F = 32;

  /** Index in {@link #x} of what is written to x0. */
  static final int SINK = 64;

  private static final int CODE_TAGS = 512;

  /** Cause of an illegal instruction. */
  private static final int ILLEGAL = 2;

  /** In place of an illegal instruction's bits, of which there are 32 at most. */
  private static final long BITS_UNKNOWN = -1;

  /** Selects a code page's tag: {@code (int) (pc >>> 12) & this}. */
  static final int CODE_MASK = CODE_TAGS - 1;

  /** Registers: x0 to x31, f0 to f31, and {@link #SINK}. A power of two long, for the compiler. */
  final long[] x = new long[128];

  final Bus bus;
  final Ram ram;
  final Mmu mmu;
  final Csrs csrs;
  final CodeCache cache;
  final Interrupts interrupts;

  /** The advanced interrupt architecture, or null if this hart has none. */
  final @Nullable Aia aia;

  final Timebase time;
  final int id;

  long pc;
  int privilege = 3;

  /** Instructions that may still be executed before the next poll for events. */
  long budget;

  /** Instructions retired when budget was {@link #granted}. */
  long retired;

  long granted;

  /** Exceptions taken: their instructions were counted but did not retire. */
  long traps;

  /** The hart has executed wfi, or was told to halt: nothing more in this slice. */
  boolean waiting;

  /** The wait is wrs.sto or wrs.nto's: short. */
  boolean waitingShortly;

  /** For the exception that is about to be taken. */
  int cause;

  long tval;

  /** Host address of the reservation, odd for a double word, 0 if none; and what was read there. */
  long reservation;

  long reserved;

  final long[] codeTags = new long[CODE_TAGS];
  final CodePage[] codePages = new CodePage[CODE_TAGS];

  /** Where {@link #fetch} found pc in its page. */
  int index;

  /** The page that was just found has regions of its own for physical memory protection. */
  private boolean divided;

  /** Called for an ecall from S-mode; true if it was answered. */
  java.util.function.BooleanSupplier environment = () -> false;

  private final Bus.Word word = new Bus.Word();
  final long ramBias;

  /** Floating point where the host does not do. */
  final SoftFloat soft = new SoftFloat();

  Core(
      int id,
      Bus bus,
      Timebase time,
      Interrupts interrupts,
      @Nullable Aia aia,
      CodeBudget.Share code) {
    this.id = id;
    this.aia = aia;
    this.bus = bus;
    this.time = time;
    this.interrupts = interrupts;
    ram = bus.ram();
    ramBias = ram.segment().address() - Ram.BASE;
    mmu = new Mmu(bus);
    cache = new CodeCache(this, code);
    csrs = new Csrs(this);
    forgetCode();
  }

  void forgetCode() {
    Arrays.fill(codeTags, -1);
  }

  /** Forgets pages that were dropped, so that they can be collected. */
  @SuppressWarnings("NullAway") // no tag leads to an entry that is null
  void forgetDropped() {
    for (int e = 0; e < CODE_TAGS; e++) {
      CodePage page = codePages[e];
      if (page != null && page.dropped) {
        codePages[e] = null;
        codeTags[e] = -1;
      }
    }
  }

  /** Pages that are found without the cache's knowledge are in use. */
  void markUsed() {
    for (int e = 0; e < CODE_TAGS; e++) {
      CodePage page = codePages[e];
      if (page != null && codeTags[e] != -1) {
        page.used = true;
      }
    }
  }

  /** Privilege, satp or mstatus changed. */
  void contextChanged() {
    long mstatus = csrs.mstatus;
    int access = privilege;
    if (privilege == 3 && (mstatus & Csrs.MPRV) != 0) {
      access = (int) (mstatus >>> Csrs.MPP_SHIFT) & 3;
    }
    mmu.configure(
        privilege,
        access,
        csrs.satp,
        (mstatus & Csrs.SUM) != 0,
        (mstatus & Csrs.MXR) != 0,
        csrs.memoryTypes());
    if (mmu.codeTagsInvalid()) {
      forgetCode();
    }
  }

  /**
   * Finds the code at pc, and its {@link #index}. An exception on the way is taken, which uses up
   * budget.
   *
   * @return null if the budget was used up before anything was found
   */
  @Nullable CodePage fetch() {
    while (budget > 0) {
      CodePage page = codePage(pc);
      if (page != null && divided) {
        page = alone(page);
        if (page != null) {
          index = 1;
          return page;
        }
      } else if (page != null) {
        int slot = (int) (pc & 4095) >>> 1;
        int i = page.entry[slot];
        if (i == 0) {
          i = page.decode(slot);
          if (i == 0) {
            cache.forget(page);
            continue; // one that was just made always decodes
          }
        }
        if ((page.ops[i] & 0xff) != Op.STRADDLE) {
          index = i;
          return page;
        }
        page = straddle(page);
        if (page != null) {
          index = 1;
          return page;
        }
      }
      budget--;
      takeException();
    }
    return null;
  }

  /** The code page at a virtual address; null if there is an exception to take. */
  private @Nullable CodePage codePage(long address) {
    int e = (int) (address >>> 12) & CODE_MASK;
    long tag = (address & -4096) | mmu.codeTag;
    divided = false;
    if (codeTags[e] == tag) {
      return codePages[e];
    }
    long physical = mmu.translate(address, 2, Mmu.FETCH);
    if (physical == Mmu.FAULT) {
      exception(mmu.cause, address);
      return null;
    }
    CodePage page = cache.page(physical & -4096);
    if (page == null) {
      exception(Mmu.accessFault(Mmu.FETCH), address);
      return null;
    }
    divided = mmu.pmp().divides(physical & -4096);
    if (!divided) {
      codeTags[e] = tag;
      codePages[e] = page;
    }
    return page;
  }

  /** The instruction at pc alone, as the next may not be executable; null: an exception. */
  private @Nullable CodePage alone(CodePage page) {
    int offset = (int) pc & 4095;
    if (CodePage.length(page.half(offset)) == 4) {
      if (offset == 4094) {
        return straddle(page);
      }
      if (mmu.translate(pc + 2, 2, Mmu.FETCH) == Mmu.FAULT) {
        exception(mmu.cause, pc + 2);
        return null;
      }
    }
    return page.alone(offset);
  }

  private @Nullable CodePage straddle(CodePage page) {
    int first = page.half(4094);
    CodePage next = codePage(pc + 2);
    if (next == null) {
      return null;
    }
    int instruction = first | next.half(0) << 16;
    CodePage both = page.straddle;
    if (both == null || page.straddleInstruction != instruction) {
      both = CodePage.straddling(instruction);
      page.straddle = both;
      page.straddleInstruction = instruction;
    }
    return both;
  }

  /** Notes an exception, for {@link #takeException}; gives false. */
  boolean exception(int newCause, long newTval) {
    cause = newCause;
    tval = newTval;
    return false;
  }

  boolean illegal(int instruction) {
    return exception(ILLEGAL, instruction & 0xffff_ffffL);
  }

  /** An illegal instruction whose bits are not at hand: {@link #takeException} looks for them. */
  boolean illegalHere() {
    return exception(ILLEGAL, BITS_UNKNOWN);
  }

  /** Enters the trap handler for the exception that was noted; pc is the instruction's. */
  void takeException() {
    traps++;
    boolean look = cause == ILLEGAL && tval == BITS_UNKNOWN;
    long value = look ? instructionAtPc() : tval;
    csrs.trap(look ? ILLEGAL : cause, value, false);
  }

  private long instructionAtPc() {
    CodePage page = codePage(pc);
    int offset = (int) pc & 4095;
    if (page == null) {
      return 0;
    }
    if (offset < 4094 || CodePage.length(page.half(offset)) == 2) {
      return page.instruction(offset) & 0xffff_ffffL;
    }
    CodePage next = codePage(pc + 2);
    return next == null ? 0 : page.half(offset) | (long) next.half(0) << 16;
  }

  /** Reads virtual memory where the fast path did not find it. */
  boolean load(long address, int size) {
    if ((address & 4095) + size > 4096) {
      return loadAcross(address, size);
    }
    long physical = mmu.translate(address, size, Mmu.LOAD);
    if (physical == Mmu.FAULT) {
      return exception(mmu.cause, address);
    }
    if (ram.contains(physical, size)) {
      long host = physical + ramBias;
      loaded =
          switch (size) {
            case 1 -> HostMemory.getByte(host) & 0xffL;
            case 2 -> HostMemory.getShort(host) & 0xffffL;
            case 4 -> HostMemory.getInt(host) & 0xffff_ffffL;
            default -> HostMemory.getLong(host);
          };
      return true;
    }
    if (bus.load(physical, size, word)) {
      loaded = word.value;
      return true;
    }
    return exception((physical & (size - 1)) != 0 ? 4 : 5, address);
  }

  /** The value that {@link #load} read, zero-extended. */
  long loaded;

  private boolean loadAcross(long address, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      if (!load(address + i, 1)) {
        return false;
      }
      value |= loaded << (i * 8);
    }
    loaded = value;
    return true;
  }

  /** Writes virtual memory where the fast path did not find it. */
  boolean store(long address, int size, long value) {
    if ((address & 4095) + size > 4096) {
      return storeAcross(address, size, value);
    }
    long physical = mmu.translate(address, size, Mmu.STORE);
    if (physical == Mmu.FAULT) {
      return exception(mmu.cause, address);
    }
    if (ram.contains(physical, size)) {
      long host = physical + ramBias;
      switch (size) {
        case 1 -> HostMemory.putByte(host, (byte) value);
        case 2 -> HostMemory.putShort(host, (short) value);
        case 4 -> HostMemory.putInt(host, (int) value);
        default -> HostMemory.putLong(host, value);
      }
      return true;
    }
    return bus.store(physical, size, value)
        || exception((physical & (size - 1)) != 0 ? 6 : 7, address);
  }

  private boolean storeAcross(long address, int size, long value) {
    long second = (address & -4096) + 4096;
    // Both pages must be writable before anything is written.
    if (mmu.translate(address, 1, Mmu.STORE) == Mmu.FAULT) {
      return exception(mmu.cause, address);
    }
    if (mmu.translate(second, 1, Mmu.STORE) == Mmu.FAULT) {
      return exception(mmu.cause, second);
    }
    for (int i = 0; i < size; i++) {
      if (!store(address + i, 1, value >>> (i * 8))) {
        return false;
      }
    }
    return true;
  }

  /**
   * Finds the host address of an aligned word for an atomic operation.
   *
   * @return 0 if there is an exception to take
   */
  long atomic(long address, int size, int access) {
    if ((address & (size - 1)) != 0) {
      exception(access == Mmu.LOAD ? 4 : 6, address);
      return 0;
    }
    long physical = mmu.translate(address, size, access);
    if (physical == Mmu.FAULT) {
      exception(mmu.cause, address);
      return 0;
    }
    if (!ram.contains(physical, size)) {
      exception(Mmu.accessFault(access), address);
      return 0;
    }
    return physical + ramBias;
  }

  /** The instructions retired until now, given that budget is up to date. */
  long instret() {
    return retired + granted - budget - traps;
  }
}
