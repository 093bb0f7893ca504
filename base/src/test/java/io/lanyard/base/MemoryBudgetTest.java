package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.MemoryBudget.Holder;
import io.lanyard.base.MemoryBudget.Share;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
  private static final int MEBIBYTE = 1 << 20;
  private static final int FRAME = 64 << 10;

  private final SteppedClock clock = new SteppedClock();
  private final MemoryBudget budget = new MemoryBudget(64 * MEBIBYTE, clock);

  private static long takeAll(Holder holder) {
    LogWatch.expect("no-port-memory");
    while (holder.take(FRAME)) {
      // Greedy.
    }
    return holder.held();
  }

  private static List<Holder> holders(Share share, int count) {
    List<Holder> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(share.holder("port" + i));
    }
    return all;
  }

  @Test
  void buffersCountAsTheAllocatorRoundsThem() {
    assertThat(MemoryBudget.sizeClass(1)).isEqualTo(16);
    assertThat(MemoryBudget.sizeClass(2048)).isEqualTo(2048);
    assertThat(MemoryBudget.sizeClass(2049)).isEqualTo(2560);
    assertThat(MemoryBudget.sizeClass(65_566)).isEqualTo(80 << 10);
    assertThat(MemoryBudget.sizeClass(128 << 10)).isEqualTo(128 << 10);
  }

  @Test
  void aPortThatIsAloneHasHalf() {
    Holder alone = budget.share("a").holder("alone");
    assertThat(takeAll(alone)).isEqualTo(32 * MEBIBYTE);
  }

  @Test
  void greedyPortsLeaveEachOtherItsFloor() {
    Share share = budget.share("a");
    List<Holder> greedy = holders(share, 63);
    Holder honest = share.holder("honest");
    greedy.forEach(MemoryBudgetTest::takeAll);
    assertThat(takeAll(honest)).isGreaterThanOrEqualTo(32 * MEBIBYTE / 64);
    assertThat(budget.used()).isLessThanOrEqualTo(budget.limit());
  }

  @Test
  void aGreedyNetworkLeavesTheOthersTheirFloors() {
    Share greedy = budget.share("greedy");
    Share honest = budget.share("honest");
    holders(greedy, 10).forEach(MemoryBudgetTest::takeAll);
    Holder port = honest.holder("port");
    assertThat(takeAll(port)).isGreaterThanOrEqualTo(8 * MEBIBYTE);
    assertThat(budget.used()).isLessThanOrEqualTo(budget.limit());
  }

  @Test
  void greedyNetworksAndPortsStayWithinTheLimit() {
    List<Holder> all = new ArrayList<>();
    for (int network = 0; network < 5; network++) {
      all.addAll(holders(budget.share("n" + network), 9));
    }
    all.forEach(MemoryBudgetTest::takeAll);
    assertThat(budget.used()).isLessThanOrEqualTo(budget.limit());
    assertThat(all).allMatch(holder -> holder.held() >= 300 << 10);
  }

  @Test
  void networksThatComeLaterDoNotPassTheLimitByMoreThanAHalf() {
    for (int network = 0; network < 40; network++) {
      holders(budget.share("n" + network), 3).forEach(MemoryBudgetTest::takeAll);
    }
    assertThat(budget.used()).isLessThanOrEqualTo(budget.limit() * 3 / 2);
  }

  @Test
  void bytesThatWereGivenBackCanBeHadByOthers() {
    Share first = budget.share("first");
    Holder holder = first.holder("port");
    long all = takeAll(holder);
    for (long held = all; held > 0; held -= FRAME) {
      holder.give(FRAME);
    }
    assertThat(budget.used()).isZero();
    holder.close();
    first.close();
    assertThat(takeAll(budget.share("second").holder("port"))).isEqualTo(all);
  }

  @Test
  void threadsThatTakeAndGiveLeaveNothingBehind() throws Exception {
    Share share = budget.share("a");
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Holder holder = share.holder("port" + i % 2);
      SplittableRandom random = new SplittableRandom(i);
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                int held = 0;
                for (int step = 0; step < 20_000; step++) {
                  if (random.nextBoolean() && holder.take(FRAME)) {
                    held++;
                  } else if (held > 0) {
                    holder.give(FRAME);
                    held--;
                  }
                }
                for (; held > 0; held--) {
                  holder.give(FRAME);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(budget.used()).isZero();
    assertThat(takeAll(budget.share("b").holder("port"))).isGreaterThan(8 * MEBIBYTE);
  }

  @Test
  void aShortageIsAProblemUntilAMinuteAfterItsLastRefusal() {
    Share share = budget.share("a");
    assertThat(share.problem()).isEmpty();
    takeAll(share.holder("guest"));
    assertThat(share.problem()).contains("port guest", "32768 KiB");
    clock.advance(Duration.ofSeconds(61));
    assertThat(share.problem()).isEmpty();
  }
}
