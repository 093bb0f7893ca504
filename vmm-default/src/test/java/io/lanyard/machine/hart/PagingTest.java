package io.lanyard.machine.hart;

import static io.lanyard.machine.hart.Assembler.A0;
import static io.lanyard.machine.hart.Assembler.A1;
import static io.lanyard.machine.hart.Assembler.T0;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Virtual memory as a guest sees it: what is allowed, what faults how, and what the walk leaves.
 */
class PagingTest {
  private static final int V = 1;
  private static final int R = 2;
  private static final int W = 4;
  private static final int X = 8;
  private static final int U = 16;
  private static final int A = 64;
  private static final int D = 128;

  /** A virtual address in the lower half, and the physical page that it shall map. */
  private static final long VIRTUAL = 0x12_3456_7000L;

  private static final long PAGE = Bench.CODE + 0x20_0000;
  private static final long TABLES = Bench.CODE + 0x80_0000;
  private static final long HANDLER = Bench.CODE + 0x1000;

  private final Bench bench = new Bench();
  private final Csrs csrs = bench.core.csrs;
  private long nextTable = TABLES + 4096;

  @AfterEach
  void close() {
    bench.close();
  }

  /** Maps code and handler to themselves with a large page, and turns translation on. */
  private void enter(int levels, int privilege) {
    map(Bench.CODE, Bench.CODE, V | R | X | A | (privilege == 0 ? U : 0), levels, 1);
    map(HANDLER_VIRTUAL, HANDLER & -0x20_0000, V | R | X | A, levels, 1);
    bench.ram.putInt(HANDLER, 0x0000_006f);
    csrs.medeleg = 0xb3ff;
    csrs.stvec = HANDLER_VIRTUAL + (HANDLER & 0x1f_ffff);
    csrs.write(0x180, (long) (levels + 5) << 60 | TABLES >>> 12, 3);
    bench.core.privilege = privilege;
    bench.core.contextChanged();
  }

  private static final long HANDLER_VIRTUAL = 0x1_0000_0000L;

  private long map(long virtual, long physical, int flags, int levels, int leaf) {
    long table = TABLES;
    for (int level = levels - 1; level > leaf; level--) {
      long entry = table + (virtual >>> (12 + 9 * level) & 511) * 8;
      long pte = bench.ram.getLong(entry);
      if (pte == 0) {
        pte = nextTable >>> 2 | V;
        nextTable += 4096;
        bench.ram.putLong(entry, pte);
      }
      table = pte >>> 10 << 12;
    }
    long entry = table + (virtual >>> (12 + 9 * leaf) & 511) * 8;
    bench.ram.putLong(entry, physical >>> 2 | flags);
    return entry;
  }

  private void load() {
    bench.load(new Assembler().op("ld", A0, T0, 0).op("ebreak"));
  }

  private void store() {
    bench.load(new Assembler().op("sd", A1, T0, 8).op("ebreak"));
  }

  /** Executes the one access, and gives scause: 3 is the ebreak after it. */
  private long run(long address) {
    bench.hart.x(T0, address);
    bench.execute(50);
    return csrs.scause;
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 5})
  void everyModeTranslates(int levels) {
    map(VIRTUAL, PAGE, V | R | A, levels, 0);
    bench.ram.putLong(PAGE + 0x18, 42);
    load();
    enter(levels, 1);
    assertThat(run(VIRTUAL + 0x18)).isEqualTo(3);
    assertThat(bench.hart.x(A0)).isEqualTo(42);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 5})
  void anAddressThatIsNotSignExtendedFaults(int levels) {
    load();
    enter(levels, 1);
    long address = 1L << (12 + 9 * levels - 1);
    assertThat(run(address)).isEqualTo(13);
    assertThat(csrs.stval).isEqualTo(address);
    assertThat(csrs.sepc).isEqualTo(Bench.CODE);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aSuperpageTranslates(int leaf) {
    long physical = leaf == 1 ? PAGE : 0x8000_0000L;
    map(VIRTUAL, physical, V | R | A, 4, leaf);
    long offset = VIRTUAL & (1L << (12 + 9 * leaf)) - 1;
    long target = physical + (leaf == 1 ? offset : 0x30_0000);
    bench.ram.putLong(target, 77);
    load();
    enter(4, 1);
    long address = leaf == 1 ? VIRTUAL : (VIRTUAL & -(1L << 30)) + 0x30_0000;
    assertThat(run(address)).isEqualTo(3);
    assertThat(bench.hart.x(A0)).isEqualTo(77);
  }

  @Test
  void aMisalignedSuperpageFaults() {
    map(VIRTUAL, PAGE + 0x1000, V | R | A, 3, 1);
    load();
    enter(3, 1);
    assertThat(run(VIRTUAL)).isEqualTo(13);
  }

  @Test
  void accessedAndDirtyAreSetByTheFirstAccess() {
    long entry = map(VIRTUAL, PAGE, V | R | W, 3, 0);
    load();
    enter(3, 1);
    assertThat(run(VIRTUAL)).isEqualTo(3);
    assertThat(bench.ram.getLong(entry) & (A | D)).isEqualTo(A);
    store();
    bench.core.cache.newGeneration();
    bench.core.forgetCode();
    bench.core.pc = Bench.CODE;
    assertThat(run(VIRTUAL)).isEqualTo(3);
    assertThat(bench.ram.getLong(entry) & (A | D)).isEqualTo(A | D);
  }

  @Test
  void aStoreToAReadOnlyPageFaults() {
    map(VIRTUAL, PAGE, V | R | A | D, 3, 0);
    store();
    enter(3, 1);
    assertThat(run(VIRTUAL)).isEqualTo(15);
    assertThat(csrs.stval).isEqualTo(VIRTUAL + 8);
  }

  @Test
  void supervisorReachesUserPagesOnlyWithSum() {
    map(VIRTUAL, PAGE, V | R | U | A, 3, 0);
    load();
    enter(3, 1);
    assertThat(run(VIRTUAL)).isEqualTo(13);
    for (int i = 0; i < 3; i++) { // entered, promoted and demoted again
      csrs.write(0x100, Csrs.SUM, 1);
      bench.core.pc = Bench.CODE;
      assertThat(run(VIRTUAL)).isEqualTo(3);
      csrs.write(0x100, 0, 1);
      bench.core.pc = Bench.CODE;
      assertThat(run(VIRTUAL)).isEqualTo(13);
    }
  }

  @Test
  void userReachesNoSupervisorPage() {
    map(VIRTUAL, PAGE, V | R | A, 3, 0);
    load();
    enter(3, 0);
    assertThat(run(VIRTUAL)).isEqualTo(13);
  }

  @Test
  void whatIsOnlyExecutableIsReadWithMxr() {
    map(VIRTUAL, PAGE, V | X | A, 3, 0);
    load();
    enter(3, 1);
    assertThat(run(VIRTUAL)).isEqualTo(13);
    csrs.write(0x100, Csrs.MXR, 1);
    bench.core.pc = Bench.CODE;
    assertThat(run(VIRTUAL)).isEqualTo(3);
    csrs.write(0x100, 0, 1);
    bench.core.pc = Bench.CODE;
    assertThat(run(VIRTUAL)).isEqualTo(13);
  }

  @Test
  void aFetchFromAPageThatIsNotExecutableFaults() {
    map(VIRTUAL, PAGE, V | R | A, 3, 0);
    bench.load(new Assembler().op("jalr", 0, T0, 0));
    enter(3, 1);
    assertThat(run(VIRTUAL)).isEqualTo(12);
    assertThat(csrs.sepc).isEqualTo(VIRTUAL);
    assertThat(csrs.stval).isEqualTo(VIRTUAL);
  }

  @Test
  void aChangedEntryIsSeenAfterSfenceVma() {
    long entry = map(VIRTUAL, PAGE, V | R | A, 3, 0);
    bench.ram.putLong(PAGE, 1);
    bench.ram.putLong(PAGE + 0x1000, 2);
    bench.load(
        new Assembler()
            .op("ld", A0, T0, 0)
            .op("sfence.vma", T0, 0)
            .op("ld", A1, T0, 0)
            .op("ebreak"));
    enter(3, 1);
    run(VIRTUAL);
    bench.core.pc = Bench.CODE;
    bench.ram.putLong(entry, (PAGE + 0x1000) >>> 2 | V | R | A);
    run(VIRTUAL);
    assertThat(bench.hart.x(A0)).isEqualTo(1); // still in the TLB
    assertThat(bench.hart.x(A1)).isEqualTo(2);
  }

  @Test
  void anAddressSpaceKeepsItsTranslationsAcrossSwitches() {
    map(VIRTUAL, PAGE, V | R | A, 3, 0);
    bench.ram.putLong(PAGE, 5);
    load();
    enter(3, 1);
    run(VIRTUAL);
    long first = csrs.satp;
    csrs.write(0x180, first | 7L << 44, 1);
    bench.core.pc = Bench.CODE;
    assertThat(run(VIRTUAL)).isEqualTo(3);
    long[] other = bench.core.mmu.read;
    csrs.write(0x180, first, 1);
    assertThat(bench.core.mmu.read).isNotSameAs(other);
    assertThat(bench.core.mmu.read[(int) (VIRTUAL >>> 11) & 0x7fe]).isEqualTo(VIRTUAL);
  }

  @Test
  void napotPagesAreSixteenPages() {
    long entry = map(VIRTUAL & -0x1_0000, PAGE, V | R | A, 3, 0);
    for (int i = 0; i < 16; i++) {
      bench.ram.putLong(entry + i * 8L, (PAGE + 0x8000) >>> 2 | V | R | A | 1L << 63);
    }
    bench.ram.putLong(PAGE + 0x7008, 9);
    load();
    enter(3, 1);
    assertThat(run((VIRTUAL & -0x1_0000) + 0x7008)).isEqualTo(3);
    assertThat(bench.hart.x(A0)).isEqualTo(9);
  }

  @Test
  void physicalMemoryProtectionHoldsForSupervisor() {
    load();
    csrs.write(0x3b0, (PAGE >>> 2) | 0x1ff, 3); // 4 KiB
    csrs.write(0x3b1, -1, 3);
    csrs.write(0x3a0, 0x1f18, 3); // the first: nothing; the second: all
    inSupervisorWithoutTranslation();
    assertThat(run(PAGE + 8)).isEqualTo(5);
    bench.core.pc = Bench.CODE;
    assertThat(run(PAGE + 0x1000)).isEqualTo(3);
  }

  private void inSupervisorWithoutTranslation() {
    csrs.medeleg = 0xb3ff;
    csrs.stvec = HANDLER;
    bench.ram.putInt(HANDLER, 0x0000_006f);
    bench.core.privilege = 1;
    bench.core.contextChanged();
  }

  @Test
  void withNoRegionOnOnlyMachineModeReachesMemory() {
    load();
    csrs.write(0x3a0, 0, 3);
    bench.hart.x(T0, PAGE);
    assertThat(bench.untilTrap(100)).isEqualTo(3);
    bench.core.pc = Bench.CODE;
    bench.core.privilege = 1;
    bench.core.contextChanged();
    assertThat(bench.untilTrap(100)).isEqualTo(1);
    assertThat(csrs.mtval).isEqualTo(Bench.CODE);
  }

  @Test
  void whatMayBeExecutedEndsInsideAPage() {
    bench.load(
        new Assembler()
            .op("addi", A0, 0, 1)
            .to("jal", "on", 0)
            .label("back")
            .half(0x0505) // c.addi a0, 1
            .to("jal", "last", 0)
            .label("on")
            .half(0x0505)
            .to("jal", "back", 0)
            .half(1)
            .label("last")
            .op("addi", A0, A0, 1)
            .op("addi", A0, A0, 1)); // of this, two bytes in the region
    long end = Bench.CODE + 28;
    csrs.write(0x3b0, end >>> 2, 3);
    csrs.write(0x3b1, -1, 3);
    csrs.write(0x3a0, 0x1b0f, 3); // up to there: execute; the rest: read and write
    inSupervisorWithoutTranslation();
    csrs.medeleg = 0;
    assertThat(bench.untilTrap(200)).isEqualTo(1);
    assertThat(csrs.mepc).isEqualTo(end - 2);
    assertThat(csrs.mtval).isEqualTo(end);
    assertThat(bench.hart.x(A0)).isEqualTo(4);
  }

  @Test
  void aBlockIsZeroedOnlyWhereAllOfItMayBeWritten() {
    bench.load(new Assembler().op("cbo.zero", T0).op("ebreak"));
    csrs.write(0x3b0, (PAGE + 32) >>> 2, 3);
    csrs.write(0x3b1, -1, 3);
    csrs.write(0x3a0, 0x1d0f, 3); // up to half of a block: all; above: no stores
    csrs.write(0x30a, Csrs.CBZE, 3);
    bench.ram.putLong(PAGE, 6);
    inSupervisorWithoutTranslation();
    assertThat(run(PAGE)).isEqualTo(7);
    assertThat(bench.ram.getLong(PAGE)).isEqualTo(6);
    bench.core.pc = Bench.CODE;
    assertThat(run(PAGE - 64)).isEqualTo(3);
  }

  @Test
  void machineModeUsesAnothersTranslationWithMprv() {
    map(VIRTUAL, PAGE, V | R | A, 3, 0);
    bench.ram.putLong(PAGE, 11);
    csrs.write(0x180, 8L << 60 | TABLES >>> 12, 3);
    csrs.write(0x300, Csrs.MPRV | 1L << Csrs.MPP_SHIFT, 3);
    load();
    bench.hart.x(T0, VIRTUAL);
    bench.untilTrap(1000);
    assertThat(csrs.mcause).isEqualTo(3);
    assertThat(bench.hart.x(A0)).isEqualTo(11);
  }
}
