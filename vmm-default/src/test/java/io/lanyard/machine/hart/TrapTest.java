package io.lanyard.machine.hart;

import static io.lanyard.machine.hart.Assembler.A0;
import static io.lanyard.machine.hart.Assembler.A1;
import static io.lanyard.machine.hart.Assembler.T0;
import static io.lanyard.machine.hart.Assembler.T1;
import static io.lanyard.machine.hart.Assembler.T2;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TrapTest {
  private static final int MSTATUS = 0x300;
  private static final long HANDLER = Bench.CODE + 0x400;

  private final Bench bench = new Bench();
  private final Csrs csrs = bench.core.csrs;

  @AfterEach
  void close() {
    bench.close();
  }

  private void inSupervisor() {
    csrs.medeleg = 0xb3ff;
    csrs.mideleg = 0x222;
    csrs.stvec = HANDLER;
    bench.ram.putInt(HANDLER, 0x0000_006f);
    bench.core.privilege = 1;
    bench.core.contextChanged();
  }

  @Test
  void anEnvironmentCallFromMachineModeHasCause11() {
    bench.load(new Assembler().op("ecall"));
    assertThat(bench.untilTrap(1000)).isEqualTo(11);
    assertThat(csrs.mepc).isEqualTo(Bench.CODE);
  }

  @Test
  void anIllegalInstructionReportsItsBits() {
    bench.load(new Assembler().op("addi", A0, 0, 1).half(0x0000));
    assertThat(bench.untilTrap(1000)).isEqualTo(2);
    assertThat(csrs.mepc).isEqualTo(Bench.CODE + 4);
    assertThat(csrs.mtval).isZero();
    assertThat(bench.hart.x(A0)).isEqualTo(1);
  }

  @Test
  void aDelegatedExceptionIsTakenInSupervisorMode() {
    bench.load(new Assembler().op("addi", A0, 0, 7).op("ebreak"));
    inSupervisor();
    csrs.mstatus |= Csrs.SIE;
    bench.execute(100);
    assertThat(csrs.scause).isEqualTo(3);
    assertThat(csrs.sepc).isEqualTo(Bench.CODE + 4);
    assertThat(bench.core.privilege).isEqualTo(1);
    assertThat(csrs.mstatus & (Csrs.SIE | Csrs.SPIE | Csrs.SPP)).isEqualTo(Csrs.SPIE | Csrs.SPP);
  }

  @Test
  void anUndelegatedCallFromSupervisorModeGoesToMachineMode() {
    bench.load(new Assembler().op("ecall"));
    inSupervisor();
    csrs.medeleg = 0xb1ff;
    assertThat(bench.untilTrap(100)).isEqualTo(9);
    assertThat(csrs.mstatus & Csrs.MPP).isEqualTo(1L << Csrs.MPP_SHIFT);
  }

  @Test
  void sretRestoresPrivilegeAndInterruptEnable() {
    bench.load(new Assembler().op("sret").at(0x100).op("ecall"));
    inSupervisor();
    csrs.sepc = Bench.CODE + 0x100;
    csrs.mstatus |= Csrs.SPIE;
    bench.execute(100);
    assertThat(csrs.scause).isEqualTo(8); // from user mode
    assertThat(csrs.sepc).isEqualTo(Bench.CODE + 0x100);
    assertThat(csrs.mstatus & Csrs.SPP).isZero();
  }

  @Test
  void supervisorModeMayNotTouchMachineRegisters() {
    bench.load(new Assembler().op("csrrs", A0, MSTATUS, 0));
    inSupervisor();
    bench.execute(100);
    assertThat(csrs.scause).isEqualTo(2);
    assertThat(csrs.stval).isEqualTo(Assembler.encode("csrrs", A0, MSTATUS, 0) & 0xffff_ffffL);
  }

  @Test
  void floatingPointIsIllegalWhileItIsOff() {
    bench.load(new Assembler().op("fadd.d", 1, 2, 3));
    assertThat(bench.untilTrap(100)).isEqualTo(2);
    bench.hart.reset(Bench.CODE, false);
    csrs.mstatus |= 1L << 13;
    bench.load(new Assembler().op("fadd.d", 1, 2, 3).op("ebreak"));
    bench.core.cache.newGeneration();
    bench.core.forgetCode();
    assertThat(bench.untilTrap(100)).isEqualTo(3);
    assertThat(csrs.mstatus & Csrs.FS).isEqualTo(Csrs.FS); // dirty now
  }

  @Test
  void aLoadIntoARegisterThatIsOffReportsItsBits() {
    int whole = Assembler.encode("fld", 1, T0, 8);
    int half = 0x2108; // c.fld fa0, 0(a0)
    bench.load(new Assembler().word(whole).half(half).at(4094).word(whole));
    bench.hart.x(T0, Bench.CODE);
    bench.hart.x(A0, Bench.CODE);
    assertThat(bench.untilTrap(100)).isEqualTo(2);
    assertThat(csrs.mtval).isEqualTo(whole);
    bench.core.pc = Bench.CODE + 4;
    assertThat(bench.untilTrap(100)).isEqualTo(2);
    assertThat(csrs.mtval).isEqualTo(half);
    bench.core.pc = Bench.CODE + 4094;
    assertThat(bench.untilTrap(100)).isEqualTo(2);
    assertThat(csrs.mtval).isEqualTo(whole);
  }

  @Test
  void aReservedRoundingModeIsIllegal() {
    csrs.mstatus |= Csrs.FS;
    bench.load(new Assembler().word(Assembler.encode("fadd.d", 1, 2, 3) | 5 << 12));
    assertThat(bench.untilTrap(100)).isEqualTo(2);
  }

  @Test
  void csrInstructionsReadModifyAndWrite() {
    int scratch = 0x340;
    bench.load(
        new Assembler()
            .li(T0, 0xf0)
            .op("csrrw", 0, scratch, T0)
            .op("csrrsi", A0, scratch, 0x0f)
            .op("csrrci", A1, scratch, 0x1f)
            .op("csrrs", T1, scratch, 0)
            .op("ebreak"));
    bench.untilTrap(1000);
    assertThat(bench.hart.x(A0)).isEqualTo(0xf0);
    assertThat(bench.hart.x(A1)).isEqualTo(0xff);
    assertThat(bench.hart.x(T1)).isEqualTo(0xe0);
  }

  @Test
  void registersThatTakeOnlyLegalValuesKeepThem() {
    bench.hart.csr(MSTATUS, 2L << Csrs.MPP_SHIFT);
    assertThat(bench.hart.csr(MSTATUS) & Csrs.MPP).isZero();
    bench.hart.csr(0x180, 5L << 60);
    assertThat(bench.hart.csr(0x180)).isZero();
    for (long mode = 8; mode <= 10; mode++) {
      bench.hart.csr(0x180, mode << 60 | 0x1234L);
      assertThat(bench.hart.csr(0x180)).isEqualTo(mode << 60 | 0x1234L);
    }
    bench.hart.csr(0x301, 0);
    assertThat(bench.hart.csr(0x301)).isEqualTo(0x8000_0000_0014_112fL);
  }

  @Test
  void theMostUrgentInterruptIsTakenFirst() {
    bench.load(new Assembler().label("loop").to("jal", "loop", 0));
    csrs.mie = 0xaaa;
    csrs.mtvec = HANDLER | 1; // vectored
    csrs.mstatus |= Csrs.MIE;
    bench.hart.setInterrupt(Hart.SSI, true);
    bench.hart.setInterrupt(Hart.MSI, true);
    bench.hart.setInterrupt(Hart.MEI, true);
    assertThat(csrs.interrupt(bench.core.interrupts.poll())).isTrue();
    assertThat(csrs.mcause).isEqualTo(1L << 63 | Hart.MEI);
    assertThat(bench.core.pc).isEqualTo(HANDLER + 4 * Hart.MEI);
    bench.hart.setInterrupt(Hart.MEI, false);
    csrs.mstatus |= Csrs.MIE;
    assertThat(csrs.interrupt(bench.core.interrupts.poll())).isTrue();
    assertThat(csrs.mcause).isEqualTo(1L << 63 | Hart.MSI);
  }

  @Test
  void aDelegatedInterruptWaitsUntilSupervisorModeEnablesIt() {
    inSupervisor();
    csrs.mie = 0x222;
    bench.hart.setInterrupt(Hart.SEI, true);
    assertThat(csrs.interrupt(bench.core.interrupts.poll())).isFalse();
    bench.load(new Assembler().op("csrrsi", 0, 0x100, 2).op("addi", A0, 0, 1));
    bench.execute(100);
    assertThat(csrs.scause).isEqualTo(1L << 63 | Hart.SEI);
    assertThat(csrs.sepc).isEqualTo(Bench.CODE + 4);
    assertThat(bench.hart.x(A0)).isZero();
  }

  @Test
  void theSupervisorTimerFollowsStimecmp() {
    inSupervisor();
    csrs.write(0x30a, 1L << 63, 3);
    csrs.mcounteren = 2;
    bench.load(
        new Assembler()
            .op("csrrs", T0, 0xc01, 0)
            .op("csrrw", 0, 0x14d, T0)
            .op("csrrs", A0, 0x144, 0)
            .op("addi", T0, 0, -1)
            .op("csrrw", 0, 0x14d, T0)
            .op("csrrs", A1, 0x144, 0)
            .op("ebreak"));
    bench.execute(100);
    assertThat(bench.hart.x(A0)).isEqualTo(1 << Hart.STI);
    assertThat(bench.hart.x(A1)).isZero();
  }

  @Test
  void instretCountsWhatRetired() {
    bench.load(
        new Assembler()
            .op("csrrs", A0, 0xc02, 0)
            .op("addi", T0, 0, 10)
            .label("loop")
            .op("addi", T0, T0, -1)
            .to("bne", "loop", T0, 0)
            .op("csrrs", A1, 0xc02, 0)
            .op("ebreak"));
    bench.untilTrap(1000);
    assertThat(bench.hart.x(A1) - bench.hart.x(A0)).isEqualTo(22);
  }

  @Test
  void aCounterReadsAsItWasWrittenJustBefore() {
    bench.load(
        new Assembler()
            .op("csrrwi", 0, 0xb02, 7)
            .op("csrrs", A0, 0xb02, 0)
            .op("csrrs", A1, 0xc02, 0)
            .op("ebreak"));
    bench.untilTrap(100);
    assertThat(bench.hart.x(A0)).isEqualTo(7);
    assertThat(bench.hart.x(A1)).isEqualTo(8);
  }

  @Test
  void anInhibitedCounterStandsStillUntilItIsLetGo() {
    bench.load(
        new Assembler()
            .op("csrrwi", 0, 0x320, 31)
            .op("csrrs", T0, 0x320, 0)
            .op("csrrs", A0, 0xb02, 0)
            .op("csrrs", A1, 0xb02, 0)
            .op("csrrwi", 0, 0xb00, 9)
            .op("csrrwi", 0, 0x320, 4)
            .op("addi", 0, 0, 0)
            .op("csrrs", T1, 0xc00, 0)
            .op("csrrs", T2, 0xc02, 0)
            .op("ebreak"));
    bench.untilTrap(100);
    assertThat(bench.hart.x(T0)).isEqualTo(5); // cycle and instret; time cannot be
    assertThat(bench.hart.x(A1)).isEqualTo(bench.hart.x(A0));
    assertThat(bench.hart.x(T1)).isEqualTo(9 + 2);
    assertThat(bench.hart.x(T2)).isEqualTo(bench.hart.x(A0));
  }

  @Test
  void aReservationIsForItsWidth() {
    bench.load(
        new Assembler()
            .op("auipc", T0, 1)
            .op("lr.d", T1, T0)
            .op("sc.w", A0, T0, 0)
            .op("lr.w", T1, T0)
            .op("sc.d", A1, T0, 0)
            .op("lr.d", T1, T0)
            .op("sc.d", T1, T0, 0)
            .op("sc.d", T2, T0, 0) // no reservation any more
            .op("ebreak"));
    bench.untilTrap(100);
    assertThat(bench.hart.x(A0)).isEqualTo(1);
    assertThat(bench.hart.x(A1)).isEqualTo(1);
    assertThat(bench.hart.x(T1)).isZero();
    assertThat(bench.hart.x(T2)).isEqualTo(1);
  }

  @Test
  void misalignedAtomicsTrapAndMisalignedLoadsDoNot() {
    bench.load(
        new Assembler()
            .op("auipc", T0, 1)
            .op("addi", T0, T0, -3) // across the page
            .li(A0, 0x1122334455667788L)
            .op("sd", A0, T0, 0)
            .op("ld", A1, T0, 0)
            .op("amoadd.w", A0, T0, A0));
    assertThat(bench.untilTrap(1000)).isEqualTo(6);
    assertThat(bench.hart.x(A1)).isEqualTo(0x1122334455667788L);
  }

  @Test
  void aTrapEndsAReservation() {
    try (var bench = new Bench()) {
      bench.load(
          new Assembler()
              .li(Assembler.T0, Bench.CODE + 0x1000)
              .li(Assembler.T1, Bench.CODE + 0x80)
              .op("csrrw", 0, 0x305, Assembler.T1) // mtvec
              .op("lr.d", Assembler.A1, Assembler.T0)
              .op("ecall")
              .at(0x80)
              .op("sc.d", Assembler.A0, Assembler.T0, Assembler.A1)
              .label("stay")
              .to("jal", "stay", 0));
      bench.hart.x(Assembler.A0, 77);
      bench.execute(100);
      assertThat(bench.hart.x(Assembler.A0)).isEqualTo(1);
    }
  }

  @Test
  void thereAreNoTriggersAndToLookForThemIsAllowed() {
    try (var bench = new Bench()) {
      bench.load(
          new Assembler()
              .li(Assembler.T0, 1)
              .op("csrrw", 0, 0x7a0, Assembler.T0) // tselect
              .op("csrrs", Assembler.A0, 0x7a0, 0)
              .op("csrrs", Assembler.A1, 0x7a1, 0) // tdata1
              .op("ebreak"));
      bench.hart.x(Assembler.A0, 77);
      bench.hart.x(Assembler.A1, 77);
      assertThat(bench.untilTrap(100)).isEqualTo(3);
      assertThat(bench.hart.x(Assembler.A0)).isZero();
      assertThat(bench.hart.x(Assembler.A1)).isZero();
    }
  }
}
