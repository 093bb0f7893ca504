package io.lanyard.machine.hart;

import static io.lanyard.machine.hart.Assembler.A0;
import static io.lanyard.machine.hart.Assembler.A1;
import static io.lanyard.machine.hart.Assembler.RA;
import static io.lanyard.machine.hart.Assembler.T0;
import static io.lanyard.machine.hart.Assembler.T1;
import static io.lanyard.machine.hart.Assembler.T2;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.Ram;
import io.lanyard.testing.Await;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CodeCacheTest {
  /** Where {@link #hog}'s pages of code begin. */
  private static final int PAGES = 1 << 20;

  /** The most bytes of a page that was decoded whole: 2,048 micro-ops and some. */
  private static final long WHOLE_PAGE = 50_000;

  /** A program that fills pages with {@code c.nop ... ret}, and calls each, again and again. */
  private static Assembler hog(int pages) {
    return new Assembler()
        .li(A0, Bench.CODE + PAGES)
        .li(A1, Bench.CODE + PAGES + pages * 4096L)
        .li(T1, 0x0001_0001_0001_0001L)
        .op("addi", T0, A0, 0)
        .label("fill")
        .op("sd", T1, T0, 0)
        .op("addi", T0, T0, 8)
        .to("bltu", "fill", T0, A1)
        .li(T1, 0x8082)
        .li(T2, 4096)
        .op("addi", T0, A0, 0)
        .label("end")
        .op("add", T0, T0, T2)
        .op("sh", T1, T0, -2)
        .to("bltu", "end", T0, A1)
        .op("fence.i")
        .label("again")
        .op("addi", T0, A0, 0)
        .label("call")
        .op("jalr", RA, T0, 0)
        .op("add", T0, T0, T2)
        .to("bltu", "call", T0, A1)
        .to("jal", "again", 0);
  }

  private static Bench bench(CodeBudget budget) {
    return new Bench(16 << 20, Firmware.NONE, budget.open());
  }

  @Test
  void aProgramThatMakesAllItsMemoryCodeStaysInTheBudget() {
    CodeBudget budget = new CodeBudget(4 << 20);
    try (Bench bench = bench(budget)) {
      bench.load(hog(1024));
      long most = 0;
      for (int i = 0; i < 4000; i++) {
        bench.execute(2500);
        most = Math.max(most, budget.used());
      }
      assertThat(most).isBetween(3L << 20, budget.size());
    }
  }

  @Test
  void whatIsEvictedIsDecodedAgainAndDoesTheSame() {
    // Each page adds its number, and goes to another page, in an order that has no locality.
    int pages = 250;
    var random = new SplittableRandom(11);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < pages; i++) {
      order.add(random.nextInt(i + 1), i);
    }
    Assembler program = new Assembler().li(T2, 3).op("addi", A0, 0, 0).label("again");
    program.to("jal", "p" + order.getFirst(), 0);
    program.label("round").op("addi", T2, T2, -1).to("bne", "again", T2, 0).op("ebreak");
    for (int i = 0; i < pages; i++) {
      program.at(4096 * (i + 1)).label("p" + i).op("addi", A0, A0, i);
      int place = order.indexOf(i);
      program.to("jal", place + 1 < pages ? "p" + order.get(place + 1) : "round", 0);
    }
    CodeBudget budget = new CodeBudget(CodeBudget.LEAST_SHARE);
    try (Bench bench = bench(budget)) {
      bench.load(program);
      bench.untilTrap(20_000);
      assertThat(bench.hart.x(A0)).isEqualTo(3L * pages * (pages - 1) / 2);
      assertThat(budget.used()).isLessThanOrEqualTo(budget.size());
    }
  }

  @Test
  void pagesInUseSurviveThoseThatAreNot() {
    CodeBudget budget = new CodeBudget(CodeBudget.LEAST_SHARE);
    try (Bench bench = bench(budget)) {
      CodeCache cache = bench.core.cache;
      bench.load(new Assembler().op("jalr", 0, RA, 0));
      CodePage hot = cache.page(Bench.CODE);
      for (int i = 1; i < 1000; i++) {
        cache.page(Bench.CODE + 4096L * i);
        assertThat(cache.page(Bench.CODE)).as("after %s others", i).isSameAs(hot);
      }
      assertThat(budget.used()).isBetween(budget.size() / 2, budget.size());
    }
  }

  @Test
  void pagesAreFoundWhateverIsEvictedAroundThem() {
    CodeBudget budget = new CodeBudget(CodeBudget.LEAST_SHARE);
    var random = new SplittableRandom(12);
    try (Bench bench = bench(budget)) {
      CodeCache cache = bench.core.cache;
      for (int i = 0; i < 100_000; i++) {
        long address = Bench.CODE + 4096L * random.nextInt(4096);
        CodePage page = java.util.Objects.requireNonNull(cache.page(address));
        assertThat(page.address).isEqualTo(address);
        assertThat(cache.page(address)).isSameAs(page);
        if (i % 1000 == 0) {
          cache.newGeneration();
        }
      }
      cache.clear();
      assertThat(budget.used()).isZero();
    }
  }

  @Test
  void bytesThatChangeAndChangeBackAreNotDecodedAsWhatTheyWereBetween() {
    try (Bench bench = new Bench()) {
      int one = Assembler.encode("addi", A0, A0, 1);
      bench.load(
          new Assembler()
              .to("jal", "first", RA)
              .li(T0, Bench.CODE + 0x900)
              .li(T1, Assembler.encode("addi", A0, A0, 16))
              .op("sw", T1, T0, 0)
              .to("jal", "second", RA) // not yet decoded, and without a fence: either is right
              .op("addi", A1, A0, 0)
              .li(T1, one)
              .op("sw", T1, T0, 0)
              .op("fence.i")
              .op("addi", A0, 0, 0)
              .to("jal", "second", RA)
              .op("ebreak")
              .at(0x800)
              .label("first")
              .op("jalr", 0, RA, 0)
              .at(0x900)
              .label("second")
              .word(one)
              .op("jalr", 0, RA, 0));
      bench.untilTrap(1000);
      assertThat(bench.hart.x(A1)).isIn(1L, 16L);
      assertThat(bench.hart.x(A0)).isEqualTo(1);
    }
  }

  @Test
  void aGuestThatNeedsItsShareGetsItFromOneThatSleepsOnMore() throws Exception {
    CodeBudget budget = new CodeBudget(4 << 20);
    CodeBudget.Share first = budget.open();
    try (Bench sleeper = new Bench(16 << 20, Firmware.NONE, first)) {
      sleeper.load(
          new Assembler()
              .li(A0, Bench.CODE + PAGES)
              .li(A1, Bench.CODE + PAGES + 700 * 4096L)
              .li(T2, 4096)
              .li(T1, 0x8082) // ret
              .op("addi", T0, A0, 0)
              .label("call")
              .op("sh", T1, T0, 0)
              .op("jalr", RA, T0, 0)
              .op("add", T0, T0, T2)
              .to("bltu", "call", T0, A1)
              .label("sleep")
              .op("wfi")
              .to("jal", "sleep", 0));
      Thread asleep = start(sleeper.hart);
      Await.until(() -> first.used() > 3 << 20 && asleep.getState() == Thread.State.TIMED_WAITING);
      try (CodeBudget.Share second = budget.open();
          Bench busy = new Bench(16 << 20, Firmware.NONE, second)) {
        busy.load(hog(1024));
        Thread running = start(busy.hart);
        Await.until(() -> second.used() > (2 << 20) - WHOLE_PAGE * 5);
        assertThat(first.used()).isLessThanOrEqualTo(2 << 20);
        stop(busy.hart, running);
      }
      stop(sleeper.hart, asleep);
    }
  }

  @Test
  void aPausedGuestGivesBackWhatItHasAboveItsShare() throws Exception {
    CodeBudget budget = new CodeBudget(4 << 20);
    CodeBudget.Share first = budget.open();
    try (Bench paused = new Bench(16 << 20, Firmware.NONE, first)) {
      paused.load(hog(1024));
      Thread one = start(paused.hart);
      Await.until(() -> first.used() > 3 << 20);
      paused.hart.requestPause();
      assertThat(paused.hart.awaitPaused(10_000_000_000L)).isTrue();
      try (CodeBudget.Share second = budget.open();
          Bench busy = new Bench(16 << 20, Firmware.NONE, second)) {
        busy.load(hog(1024));
        Thread two = start(busy.hart);
        Await.until(() -> second.used() > (2 << 20) - WHOLE_PAGE * 5 && first.used() <= 2 << 20);
        stop(busy.hart, two);
      }
      stop(paused.hart, one);
    }
  }

  @Test
  void aHartThatEndsGivesEverythingBack() throws Exception {
    CodeBudget budget = new CodeBudget(4 << 20);
    try (Bench bench = bench(budget)) {
      bench.load(hog(100));
      Thread thread = start(bench.hart);
      Await.until(() -> budget.used() > 2 << 20);
      stop(bench.hart, thread);
      assertThat(budget.used()).isZero();
    }
  }

  @Test
  void aHartDoesNotCostHeapForMemoryThatItHasNotExecuted() {
    long before = heap();
    try (Ram ram = Ram.allocate(256L << 30)) {
      Hart hart = new Hart(0, new Bus(ram), new Timebase(), Firmware.NONE);
      assertThat(heap() - before).isLessThan(4 << 20);
      assertThat(hart.pc()).isZero();
    }
  }

  private static long heap() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static Thread start(Hart hart) {
    return Thread.ofPlatform().daemon().start(hart);
  }

  private static void stop(Hart hart, Thread thread) throws InterruptedException {
    hart.requestStop();
    assertThat(thread.join(java.time.Duration.ofSeconds(10))).isTrue();
  }
}
