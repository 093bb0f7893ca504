package io.lanyard.machine;

import io.lanyard.machine.device.MemoryMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A program of random instructions that owns a machine and goes on after every exception.
 *
 * <p>It begins with the handler of all of them, which loads the registers from a table (addresses
 * of memory and of devices, page tables, numbers at the edges), and goes on at another place of the
 * random code, in another mode. Page tables of random entries lead to memory, to devices and to
 * themselves. The code may overwrite all of that.
 */
final class HostileProgram {
  private static final long BASE = 0x8000_0000L;
  private static final int TABLE = 0x400;
  private static final int CODE = 0x1000;
  private static final int CODE_SIZE = 0x4000;
  private static final int PAGE_TABLES = 0x8000;
  private static final int PAGES = 4;
  private static final int SIZE = PAGE_TABLES + PAGES * 0x1000;
  private static final int HEADER = 120;

  private static final List<Long> PLACES =
      List.of(
          0L,
          MemoryMap.BOOT_ROM,
          MemoryMap.RTC,
          MemoryMap.CLINT,
          MemoryMap.CLINT + 0x4000,
          MemoryMap.CLINT + 0xbff8,
          MemoryMap.PLIC + 0x28,
          MemoryMap.PLIC + 0x2000,
          MemoryMap.PLIC + 0x20_0000,
          MemoryMap.APLIC_MACHINE,
          MemoryMap.APLIC_SUPERVISOR + 0x1edc,
          MemoryMap.IMSIC_MACHINE,
          MemoryMap.IMSIC_SUPERVISOR,
          MemoryMap.UART,
          MemoryMap.PCI_ECAM + 0x8000,
          MemoryMap.PCI_ECAM + 0x1_0040,
          MemoryMap.PCI_LOW,
          MemoryMap.PCI_LOW + MemoryMap.PCI_LOW_SIZE - 4,
          -1L,
          -4096L,
          Long.MIN_VALUE,
          Long.MAX_VALUE);

  private static final int[] CSRS = {
    0x001, 0x002, 0x003, 0x100, 0x104, 0x105, 0x106, 0x10a, 0x140, 0x141, 0x142, 0x143, 0x144,
    0x14d, 0x150, 0x151, 0x15c, 0x180, 0x180, 0x180, 0x300, 0x300, 0x302, 0x303, 0x304, 0x306,
    0x30a, 0x308, 0x309, 0x320, 0x340, 0x341, 0x342, 0x343, 0x344, 0x350, 0x351, 0x35c, 0x3a0,
    0x3a2, 0x3b0, 0x3b1, 0x3bf, 0x7a0, 0x7a1, 0xb00, 0xb02, 0xb03, 0xc00, 0xc01, 0xc02, 0xdb0,
    0xf11, 0xf14, 0xfb0
  };

  private static final int[] SYSTEM = {
    0x0000_0073, // ecall
    0x0010_0073, // ebreak
    0x1020_0073, // sret
    0x3020_0073, // mret
    0x1050_0073, // wfi
    0x0000_100f, // fence.i
    0x1200_0073, // sfence.vma
    0x00d0_0073, // wrs.nto
    0x01d0_0073, // wrs.sto
    0x1800_0073, // sfence.w.inval
  };

  private static final int[] OPCODES = {
    0x07, 0x0b, 0x0f, 0x13, 0x17, 0x1b, 0x27, 0x2f, 0x33, 0x37, 0x3b, 0x43, 0x47, 0x4b, 0x4f, 0x53,
    0x57
  };

  private final SplittableRandom random;
  private final ByteBuffer memory = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
  private final long ram;

  private HostileProgram(SplittableRandom random, long ram) {
    this.random = random;
    this.ram = ram;
  }

  /**
   * Makes one.
   *
   * @param random what it is made of
   * @param ram the machine's memory, in bytes
   * @return an ELF file
   */
  static byte[] elf(SplittableRandom random, long ram) {
    HostileProgram program = new HostileProgram(random, ram);
    program.handler();
    program.table();
    program.code();
    program.pageTables();
    ByteBuffer elf = ByteBuffer.allocate(HEADER + SIZE).order(ByteOrder.LITTLE_ENDIAN);
    elf.putInt(0x464c457f).put((byte) 2).put((byte) 1).put((byte) 1).position(16);
    elf.putShort((short) 2).putShort((short) 243).putInt(1).putLong(BASE).putLong(64);
    elf.putLong(0).putInt(0).putShort((short) 64).putShort((short) 56).putShort((short) 1);
    elf.position(64);
    elf.putInt(1).putInt(7).putLong(HEADER).putLong(BASE).putLong(BASE);
    elf.putLong(SIZE).putLong(SIZE).putLong(0x1000);
    return elf.put(program.memory.array()).array();
  }

  private void handler() {
    int mepc = 0x341;
    add(0x0000_0f97); // auipc t6, 0: the handler itself
    add(csr(1, 0, 0x305, 31)); // mtvec
    add(immediate(0x13, 0, 30, 0, -1));
    add(csr(1, 0, 0x3b0, 30)); // all memory is everybody's, if that is not locked
    add(immediate(0x13, 0, 30, 0, 0x1f));
    add(csr(1, 0, 0x3a0, 30));
    add(csr(2, 29, 0x340, 0)); // mscratch: how often it came here
    add(immediate(0x13, 0, 29, 29, 1));
    add(csr(1, 0, 0x340, 29));
    add(immediate(0x13, 1, 30, 29, 29)); // slli t5, t4, 29 and what follows: a place
    add(immediate(0x13, 5, 30, 30, 17)); // srli
    add(29 << 20 | 30 << 15 | 4 << 12 | 30 << 7 | 0x33); // xor
    add(0x0000_3e37); // lui t3, 3
    add(28 << 20 | 30 << 15 | 7 << 12 | 30 << 7 | 0x33); // and
    add(immediate(0x13, 1, 28, 29, 2)); // slli t3, t4, 2: within a page
    add(immediate(0x13, 7, 28, 28, 0x7fc)); // andi
    add(28 << 20 | 30 << 15 | 30 << 7 | 0x33); // add
    add(0x0000_1e37); // lui t3, 1
    add(28 << 20 | 30 << 15 | 30 << 7 | 0x33);
    add(31 << 20 | 30 << 15 | 30 << 7 | 0x33);
    add(csr(1, 0, mepc, 30));
    add(immediate(0x13, 1, 28, 29, 11)); // slli t3, t4, 11: another mode each time
    add(csr(2, 0, 0x300, 28));
    // A timer interrupt in 0.2 ms, so that no wait and no loop is the end.
    add(csr(2, 28, 0xc01, 0));
    add(immediate(0x13, 0, 28, 28, 2000));
    add(0x0200_4eb7); // lui t4, 0x2004: mtimecmp
    add(28 << 20 | 29 << 15 | 3 << 12 | 0x23); // sd
    add(immediate(0x13, 0, 28, 0, 0x80));
    add(csr(1, 0, 0x304, 28));
    for (int register = 1; register < 31; register++) {
      add(immediate(0x03, 3, register, 31, TABLE + 8 * register));
    }
    add(0x3020_0073); // mret
    if (memory.position() > TABLE) {
      throw new IllegalStateException("the handler is too long");
    }
  }

  private void add(int instruction) {
    memory.putInt(instruction);
  }

  private static int immediate(int opcode, int function, int rd, int rs1, int value) {
    return value << 20 | rs1 << 15 | function << 12 | rd << 7 | opcode;
  }

  private static int csr(int function, int rd, int number, int rs1) {
    return immediate(0x73, function, rd, rs1, number);
  }

  private void table() {
    for (int register = 1; register < 31; register++) {
      memory.putLong(TABLE + 8 * register, value());
    }
  }

  private long value() {
    return switch (random.nextInt(6)) {
      case 0 -> BASE + random.nextLong(ram);
      case 1 -> BASE + ((random.nextLong(ram) & -4096) | 4096 - random.nextInt(8));
      case 2 -> (8L + random.nextInt(3)) << 60 | (long) random.nextInt(4) << 44 | page(PAGES);
      case 3 -> random.nextLong();
      case 4 -> 1L << random.nextInt(64);
      default -> PLACES.get(random.nextInt(PLACES.size())) + random.nextInt(-8, 64);
    };
  }

  /** The number of a page of tables. */
  private long page(int bound) {
    return ((BASE + PAGE_TABLES) >>> 12) + random.nextInt(bound);
  }

  private void code() {
    memory.position(CODE);
    while (memory.position() < CODE + CODE_SIZE) {
      add(instruction());
    }
  }

  private int instruction() {
    int any = random.nextInt();
    return switch (random.nextInt(16)) {
      case 0, 1, 2 -> (any & 0x01ff_8f80) | random.nextInt(7) << 12 | 0x03; // load
      case 3, 4, 5 -> (any & 0x01ff_8f80) | random.nextInt(4) << 12 | 0x23; // store
      case 6, 7 ->
          csr(1 + random.nextInt(7), any & 31, CSRS[random.nextInt(CSRS.length)], (any >> 5) & 31);
      case 8 -> (any & 0x01ff_f000) | (random.nextInt(0x40) & ~1) << 6 | 0x63; // branch, near
      case 9 -> (any & 0x3f00_0f80) | 0x6f; // jal, near
      case 10 -> SYSTEM[random.nextInt(SYSTEM.length)] | ((any & 7) / 7) << 15;
      case 11 -> any; // half of it compressed
      case 12 -> (any & ~0x7f) | 0x53; // floating point
      default -> (any & ~0x7f) | OPCODES[random.nextInt(OPCODES.length)];
    };
  }

  private void pageTables() {
    for (int at = PAGE_TABLES; at < SIZE; at += 8) {
      int flags =
          random.nextInt(4) == 0 ? 1 : random.nextInt(256) | 0xc1 | (random.nextInt(4) / 3) << 1;
      long target =
          switch (random.nextInt(4)) {
            case 0 -> PLACES.get(random.nextInt(PLACES.size())) >>> 12 & ((1L << 44) - 1);
            case 1 -> page(PAGES);
            case 2 -> BASE >>> 12 & ~0x1ff;
            default -> (BASE + random.nextLong(ram)) >>> 12;
          };
      long special = random.nextInt(64) == 0 ? random.nextLong() << 54 : 0;
      memory.putLong(at, special | target << 10 | flags);
    }
  }
}
