package io.lanyard.machine.hart;

import static io.lanyard.machine.hart.Assembler.A0;
import static io.lanyard.machine.hart.Assembler.A1;
import static io.lanyard.machine.hart.Assembler.A2;
import static io.lanyard.machine.hart.Assembler.T0;
import static io.lanyard.machine.hart.Assembler.T1;
import static io.lanyard.machine.hart.Assembler.T2;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.Ram;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A hart on its thread: starting, pausing, waiting, stopping; and several at once. */
@Timeout(240)
class HartTest {
  private static final long SECONDS = TimeUnit.SECONDS.toNanos(20);

  @Test
  void aWaitingHartUsesNoProcessorAndWakesForAnInterrupt() throws Exception {
    var woken = new CountDownLatch(1);
    try (var bench = new Bench()) {
      bench.bus.map("latch", 0x2000_0000, 8, Bench.writes((offset, value) -> woken.countDown()));
      bench.load(
          new Assembler()
              .op("addi", T0, 0, 1 << Hart.MSI)
              .op("csrrs", 0, 0x304, T0)
              .op("wfi")
              .li(T1, 0x2000_0000)
              .op("sd", T0, T1, 0)
              .label("loop")
              .op("wfi")
              .to("jal", "loop", 0));
      Thread thread = Thread.ofPlatform().start(bench.hart);
      while (thread.getState() != Thread.State.TIMED_WAITING) {
        Thread.onSpinWait();
      }
      assertThat(bench.hart.instructions()).isLessThan(10);
      bench.hart.setInterrupt(Hart.MSI, true);
      assertThat(woken.await(60, TimeUnit.SECONDS)).isTrue();
      bench.hart.requestStop();
      thread.join();
    }
  }

  @Test
  void aPausedHartStandsStillUntilItIsResumed() throws Exception {
    try (var bench = new Bench()) {
      bench.load(new Assembler().label("loop").op("addi", A0, A0, 1).to("jal", "loop", 0));
      Thread thread = Thread.ofPlatform().start(bench.hart);
      bench.hart.requestPause();
      assertThat(bench.hart.awaitPaused(SECONDS)).isTrue();
      long stood = bench.hart.x(A0);
      long instructions = bench.hart.instructions();
      bench.hart.resume();
      while (bench.hart.instructions() == instructions) {
        Thread.onSpinWait();
      }
      bench.hart.requestPause();
      assertThat(bench.hart.awaitPaused(SECONDS)).isTrue();
      assertThat(bench.hart.x(A0)).isGreaterThan(stood);
      bench.hart.requestStop();
      thread.join();
      assertThat(bench.hart.processorNanos()).isPositive();
    }
  }

  @Test
  void aHaltedHartStartsInSupervisorMode() throws Exception {
    var called = new CountDownLatch(1);
    long[] arguments = new long[2];
    Firmware firmware =
        hart -> {
          arguments[0] = hart.x(A0);
          arguments[1] = hart.x(A1);
          called.countDown();
          hart.halt();
          return true;
        };
    try (var bench = new Bench(16 << 20, firmware)) {
      bench.load(new Assembler().op("ecall"));
      bench.hart.reset(0, true);
      Thread thread = Thread.ofPlatform().start(bench.hart);
      assertThat(bench.hart.start(Bench.CODE, 99)).isTrue();
      assertThat(called.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(arguments).containsExactly(0, 99);
      assertThat(bench.hart.privilege()).isEqualTo(1);
      bench.hart.requestStop();
      thread.join();
      assertThat(bench.hart.halted()).isTrue();
    }
  }

  /** Two harts count in one word, one with lr/sc and one with an atomic addition. */
  @Test
  void atomicsOfTwoHartsLoseNothing() throws Exception {
    int times = 200_000;
    try (Ram ram = Ram.allocate(16 << 20)) {
      long counter = Ram.BASE + 0x10_0000;
      var bus = new Bus(ram);
      var time = new Timebase();
      List<Hart> harts = new ArrayList<>();
      for (int id = 0; id < 2; id++) {
        harts.add(new Hart(id, bus, time, Firmware.NONE));
      }
      bus.map(
          "done",
          0x10_0000,
          8,
          Bench.writes((offset, value) -> harts.get((int) value).requestStop()));
      ram.put(
          Ram.BASE,
          new Assembler()
              .op("addi", A1, A0, 0)
              .li(T0, counter)
              .li(T1, times)
              .op("addi", A2, 0, 1)
              .to("beq", "add", A0, 0)
              .label("retry")
              .op("lr.d", T2, T0)
              .op("addi", T2, T2, 1)
              .op("sc.d", T2, T0, T2)
              .to("bne", "retry", T2, 0)
              .op("addi", T1, T1, -1)
              .to("bne", "retry", T1, 0)
              .to("jal", "done", 0)
              .label("add")
              .op("amoadd.d", 0, T0, A2)
              .op("addi", T1, T1, -1)
              .to("bne", "add", T1, 0)
              .label("done")
              .li(T0, 0x10_0000)
              .op("sd", A1, T0, 0)
              .label("end")
              .to("jal", "end", 0)
              .bytes());
      List<Thread> threads = new ArrayList<>();
      for (Hart hart : harts) {
        hart.reset(Ram.BASE, false);
        threads.add(Thread.ofPlatform().start(hart));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(ram.getLong(counter)).isEqualTo(2L * times);
    }
  }

  @Test
  void aRemoteFenceIsDoneWhenItReturns() throws Exception {
    try (var bench = new Bench()) {
      bench.load(new Assembler().label("loop").to("jal", "loop", 0));
      Thread thread = Thread.ofPlatform().start(bench.hart);
      var other = new Hart(1, bench.bus, bench.time, Firmware.NONE);
      List<Hart> both = List.of(bench.hart, other);
      for (int i = 0; i < 100; i++) {
        other.fence(both, new Fence.Instructions());
        other.fence(both, new Fence.Addresses(0x1000, 0x3000, -1));
        other.fence(both, new Fence.Addresses(0, 0, 5));
      }
      bench.hart.requestStop();
      thread.join();
    }
  }

  @Test
  void aHartThatIsToStopDoesNotFinishShowingTheCompilerTheInterpreter() {
    int[] looks = new int[1];
    assertThat(Primer.rehearse(() -> ++looks[0] == 3)).isFalse();
    assertThat(looks[0]).isEqualTo(3);
    assertThat(Primer.rehearse(() -> false)).isTrue();
  }
}
