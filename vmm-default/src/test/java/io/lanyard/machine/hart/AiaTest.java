package io.lanyard.machine.hart;

import static io.lanyard.machine.hart.Assembler.A0;
import static io.lanyard.machine.hart.Assembler.A1;
import static io.lanyard.machine.hart.Assembler.T0;
import static io.lanyard.machine.hart.Assembler.T1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.Ram;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** RISC-V Advanced Interrupt Architecture 1.0, rule by rule, through the hart's CSRs. */
class AiaTest {
  private static final int SISELECT = 0x150;
  private static final int SIREG = 0x151;
  private static final int STOPEI = 0x15c;
  private static final int STOPI = 0xdb0;
  private static final int MVIEN = 0x308;
  private static final int MVIP = 0x309;
  private static final int MIP = 0x344;
  private static final int MISELECT = 0x350;
  private static final int MIREG = 0x351;
  private static final int MTOPEI = 0x35c;
  private static final int MTOPI = 0xfb0;
  private static final int DELIVERY = 0x70;
  private static final int THRESHOLD = 0x72;
  private static final int PENDING = 0x80;
  private static final int ENABLED = 0xc0;
  private static final long SEIP = 1L << Hart.SEI;

  private final Ram ram = Ram.allocate(1 << 20);
  private final Bus bus = new Bus(ram);
  private final Hart hart =
      new Hart(0, bus, new Timebase(), Firmware.NONE, true, new CodeBudget(1 << 20).open());
  private final Csrs csrs = hart.core().csrs;

  @BeforeEach
  void reset() {
    hart.reset(Ram.BASE, false);
    csrs.mideleg = SEIP | 1L << Hart.SSI | 1L << Hart.STI;
  }

  @AfterEach
  void close() {
    ram.close();
  }

  private void write(int register, long value) {
    hart.csr(SISELECT, register);
    hart.csr(SIREG, value);
  }

  private long read(int register) {
    hart.csr(SISELECT, register);
    return hart.csr(SIREG);
  }

  private void signal(int identity) {
    hart.interruptFile(Hart.SEI).signal(identity);
  }

  private boolean raised() {
    return (hart.csr(MIP) & SEIP) != 0;
  }

  private void deliverAll() {
    write(DELIVERY, 1);
    for (int i = 0; i < 8; i += 2) {
      write(ENABLED + i, -1);
    }
  }

  /** Executes a program in machine mode up to its ebreak. */
  private void execute(Assembler program) {
    ram.put(Ram.BASE, program.op("ebreak").bytes());
    csrs.mtvec = Ram.BASE + 0x8000;
    ram.putInt(csrs.mtvec, 0x0000_006f);
    hart.pc(Ram.BASE);
    hart.core().granted = 1000;
    hart.core().budget = 1000;
    Interpreter.run(hart.core());
    assertThat(hart.csr(0x342)).as("mcause").isEqualTo(3);
  }

  @Test
  void aMessageOfAnEnabledIdentityRaisesTheExternalInterruptOfItsLevelOnly() {
    deliverAll();
    signal(7);
    assertThat(hart.csr(MIP)).isEqualTo(SEIP);
    assertThat(hart.csr(STOPEI)).isEqualTo(7 << 16 | 7);
    assertThat(hart.csr(MTOPEI)).isZero();
  }

  @Test
  void anIdentityThatIsNotEnabledStaysPendingUntilItIs() {
    write(DELIVERY, 1);
    signal(200);
    assertThat(raised()).isFalse();
    assertThat(hart.csr(STOPEI)).isZero();
    assertThat(read(PENDING + 6)).isEqualTo(1L << (200 - 192));
    write(ENABLED + 6, 1L << (200 - 192));
    assertThat(raised()).isTrue();
  }

  @Test
  void deliveryThatIsOffHidesTheInterruptButNotTheTop() {
    deliverAll();
    write(DELIVERY, 0);
    signal(3);
    assertThat(raised()).isFalse();
    assertThat(hart.csr(STOPEI)).isEqualTo(3 << 16 | 3);
    write(DELIVERY, 1);
    assertThat(raised()).isTrue();
  }

  @Test
  void theLowestIdentityComesFirstAndAWriteClaimsIt() {
    deliverAll();
    for (int identity : new int[] {255, 64, 63, 1}) {
      signal(identity);
    }
    for (int identity : new int[] {1, 63, 64, 255}) {
      assertThat(hart.csr(STOPEI)).isEqualTo((long) identity << 16 | identity);
      hart.csr(STOPEI, 0x1234);
    }
    assertThat(hart.csr(STOPEI)).isZero();
    assertThat(raised()).isFalse();
    hart.csr(STOPEI, 0);
    assertThat(raised()).isFalse();
  }

  @Test
  void aThresholdHoldsItsIdentityAndHigherOnesBack() {
    deliverAll();
    write(THRESHOLD, 5);
    signal(5);
    signal(6);
    assertThat(raised()).isFalse();
    assertThat(hart.csr(STOPEI)).isZero();
    signal(4);
    assertThat(hart.csr(STOPEI)).isEqualTo(4 << 16 | 4);
    hart.csr(STOPEI, 0);
    assertThat(raised()).isFalse();
    write(THRESHOLD, 0);
    assertThat(hart.csr(STOPEI)).isEqualTo(5 << 16 | 5);
    assertThat(raised()).isTrue();
  }

  @Test
  void identitiesThatDoNotExistAreIgnored() {
    deliverAll();
    for (int identity : new int[] {0, 256, 2047, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      signal(identity);
    }
    assertThat(raised()).isFalse();
    write(PENDING, -1);
    assertThat(read(PENDING)).as("there is no identity 0").isEqualTo(-2);
    assertThat(read(ENABLED)).isEqualTo(-2);
    write(ENABLED + 8, -1);
    write(PENDING + 8, -1);
    assertThat(read(ENABLED + 8)).as("nor 256").isZero();
    assertThat(read(PENDING + 62)).isZero();
  }

  @Test
  void registersOfOddNumberOrOutOfRangeAreIllegal() {
    for (int register : new int[] {0, 0x2f, 0x31, 0x3f, 0x6f, 0x81, 0xbf, 0xc1, 0xff, 0x100}) {
      hart.csr(SISELECT, register);
      assertThat(csrs.read(SIREG, 1)).as("register %x", register).isFalse();
      assertThat(csrs.write(SIREG, 0, 1)).as("register %x", register).isFalse();
    }
    for (int register : new int[] {0x30, 0x3e, 0x71, 0x73, 0x7f}) {
      write(register, -1);
      assertThat(csrs.read(SIREG, 1)).as("register %x", register).isTrue();
      assertThat(csrs.value).as("register %x", register).isZero();
    }
  }

  @Test
  void selectRegistersHoldWhatTheyMust() {
    hart.csr(SISELECT, -1);
    hart.csr(MISELECT, -1);
    assertThat(hart.csr(SISELECT)).isEqualTo(0x1ff);
    assertThat(hart.csr(MISELECT)).isEqualTo(0xff);
    write(DELIVERY, 0x4000_0000);
    assertThat(read(DELIVERY)).isZero();
  }

  @Test
  void machineLevelHasItsOwnFile() {
    hart.csr(MISELECT, DELIVERY);
    hart.csr(MIREG, 1);
    hart.csr(MISELECT, ENABLED);
    hart.csr(MIREG, 1 << 9);
    hart.interruptFile(Hart.MEI).signal(9);
    assertThat(hart.csr(MIP)).isEqualTo(1L << Hart.MEI);
    assertThat(hart.csr(MTOPEI)).isEqualTo(9 << 16 | 9);
    assertThat(hart.csr(STOPEI)).isZero();
    csrs.mie = -1;
    assertThat(hart.csr(MTOPI)).isEqualTo(Hart.MEI << 16 | 1);
    assertThat(hart.csr(STOPI)).isZero();
  }

  @Test
  void theTopInterruptFollowsTheDefaultOrderAndTheEnables() {
    deliverAll();
    assertThat(hart.csr(STOPI)).isZero();
    hart.csr(MVIP, 1L << Hart.SSI | 1L << Hart.STI);
    signal(2);
    assertThat(hart.csr(STOPI)).as("none is enabled").isZero();
    csrs.mie = 1L << Hart.STI;
    assertThat(hart.csr(STOPI)).isEqualTo(Hart.STI << 16 | 1);
    csrs.mie |= 1L << Hart.SSI;
    assertThat(hart.csr(STOPI)).isEqualTo(Hart.SSI << 16 | 1);
    csrs.mie |= SEIP;
    assertThat(hart.csr(STOPI)).isEqualTo(Hart.SEI << 16 | 1);
    assertThat(hart.csr(MTOPI)).isZero();
    assertThat(csrs.write(STOPI, 0, 3)).as("it is read only").isFalse();
  }

  @Test
  void virtualPendingBitsAreThoseOfMipThatSoftwareCanWrite() {
    hart.csr(MVIEN, -1);
    assertThat(hart.csr(MVIEN)).isZero();
    hart.csr(MVIP, -1);
    assertThat(hart.csr(MVIP)).isEqualTo(SEIP | 1L << Hart.SSI | 1L << Hart.STI);
    assertThat(hart.csr(MIP)).isEqualTo(SEIP | 1L << Hart.SSI | 1L << Hart.STI);
    hart.csr(0x30a, 1L << 63); // Sstc: STIP is the timer's
    assertThat(hart.csr(MVIP)).isEqualTo(SEIP | 1L << Hart.SSI);
    deliverAll();
    hart.csr(MVIP, 0);
    signal(1);
    assertThat(hart.csr(MVIP)).as("what the file raises is not software's").isZero();
  }

  @Test
  void oneInstructionClaimsWhatItReads() {
    deliverAll();
    signal(9);
    signal(4);
    execute(new Assembler().op("csrrw", A0, STOPEI, 0).op("csrrw", A1, STOPEI, 0));
    assertThat(hart.x(A0)).isEqualTo(4 << 16 | 4);
    assertThat(hart.x(A1)).isEqualTo(9 << 16 | 9);
    assertThat(raised()).isFalse();
  }

  @Test
  void aMessageBetweenReadAndWriteOfOneInstructionIsNotLost() {
    deliverAll();
    hart.csr(SISELECT, PENDING);
    signal(3);
    csrs.read(SIREG, 3);
    long seen = csrs.value;
    signal(5);
    csrs.write(SIREG, 0, 3, seen, -1); // csrrw
    assertThat(read(PENDING)).isEqualTo(1 << 5);
    csrs.read(STOPEI, 3);
    seen = csrs.value;
    signal(2);
    csrs.write(STOPEI, 0, 3, seen, -1);
    assertThat(hart.csr(STOPEI)).isEqualTo(2 << 16 | 2);
    csrs.write(SIREG, 1 << 2 | 1 << 9, 3, 1 << 2, 1 << 9); // csrrs of bit 9
    assertThat(read(PENDING)).isEqualTo(1 << 2 | 1 << 9);
  }

  @Test
  void aHartWithoutMessagesHasNoneOfTheRegisters() {
    Hart plain = new Hart(1, bus, new Timebase(), Firmware.NONE);
    for (int n :
        new int[] {SISELECT, SIREG, STOPEI, STOPI, MVIEN, MVIP, MISELECT, MIREG, MTOPEI, MTOPI}) {
      assertThat(plain.core().csrs.read(n, 3)).as("csr %x", n).isFalse();
      assertThat(plain.core().csrs.write(n, 0, 3)).as("csr %x", n).isFalse();
      assertThat(csrs.read(n, 0)).as("csr %x in user mode", n).isFalse();
    }
    assertThatThrownBy(() -> plain.interruptFile(Hart.SEI))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void resetEmptiesBothFiles() {
    deliverAll();
    signal(1);
    hart.reset(Ram.BASE, false);
    assertThat(raised()).isFalse();
    assertThat(read(DELIVERY)).isZero();
    assertThat(read(PENDING)).isZero();
    assertThat(read(ENABLED)).isZero();
  }

  /** One thread sends, the hart sleeps, claims and counts: each message must wake it. */
  @Test
  void everyMessageWakesAParkedHart() throws Exception {
    int messages = 2000;
    var counted = new CountDownLatch(messages);
    bus.map("counter", 0x10_0000, 8, Bench.writes((offset, value) -> counted.countDown()));
    deliverAll();
    csrs.mideleg = 0;
    csrs.mie = SEIP;
    ram.put(
        Ram.BASE,
        new Assembler()
            .li(T0, 0x10_0000)
            .label("sleep")
            .op("wfi")
            .label("claim")
            .op("csrrw", T1, STOPEI, 0)
            .to("beq", "sleep", T1, 0)
            .op("sd", T1, T0, 0)
            .to("jal", "claim", 0)
            .bytes());
    Thread thread = Thread.ofPlatform().start(hart);
    for (int i = 0; i < messages; i++) {
      long before = counted.getCount();
      signal(1 + i % InterruptFile.IDENTITIES);
      long end = System.nanoTime() + 60_000_000_000L;
      while (counted.getCount() == before) {
        assertThat(System.nanoTime()).as("message %d did not wake the hart", i).isLessThan(end);
        Thread.onSpinWait();
      }
    }
    hart.requestStop();
    thread.join();
  }
}
