package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.DescriptorBudget.Holder;
import io.lanyard.base.DescriptorBudget.Share;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DescriptorBudgetTest {
  private final SteppedClock clock = new SteppedClock();

  @BeforeEach
  void expectTheWarning() {
    LogWatch.expect("no-descriptor");
  }

  private DescriptorBudget budget(int total) {
    return new DescriptorBudget(() -> total, clock);
  }

  private static int takeAll(Holder holder) {
    while (holder.take()) {
      // Greedy.
    }
    return holder.held();
  }

  @Test
  void oneGreedyPortLeavesHalfOfItsNetwork() {
    Share share = budget(1000).share("a");
    assertThat(takeAll(share.holder("greedy"))).isEqualTo(500);
    Holder honest = share.holder("honest");
    for (int i = 0; i < 200; i++) {
      assertThat(honest.take()).isTrue();
    }
  }

  @Test
  void manyGreedyPortsLeaveAPartForTheNext() {
    Share share = budget(1000).share("a");
    List<Holder> greedy = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      greedy.add(share.holder("greedy" + i));
    }
    boolean more = true;
    while (more) {
      more = false;
      for (Holder holder : greedy) {
        more |= holder.take();
      }
    }
    assertThat(greedy.getFirst().held()).isBetween(95, 105);
    assertThat(1000 - share.used()).isBetween(95, 105);
    assertThat(share.holder("honest").take()).isTrue();
  }

  /** As many greedy holders as it takes to have all that a network can have. */
  private static int takeAll(Share share) {
    int before;
    do {
      before = share.used();
      takeAll(share.holder("greedy"));
    } while (share.used() > before);
    return share.used();
  }

  @Test
  void aNetworkHasItsFloorWhateverTheOthersTake() {
    DescriptorBudget budget = budget(1000);
    Share a = budget.share("a");
    Share b = budget.share("b");
    // Half of the pool of 500, and the floor of 250.
    assertThat(takeAll(a)).isEqualTo(500);
    assertThat(takeAll(b)).isGreaterThanOrEqualTo(250);
  }

  @Test
  void whatIsGivenBackCanBeTakenAgain() {
    DescriptorBudget budget = budget(1000);
    Share a = budget.share("a");
    Share b = budget.share("b");
    Holder one = a.holder("one");
    int held = takeAll(one);
    for (int i = 0; i < held; i++) {
      one.giveBack();
    }
    assertThat(a.used()).isZero();
    assertThat(takeAll(b)).isEqualTo(500);
    assertThat(takeAll(one)).isGreaterThan(100);
  }

  @Test
  void aClosedNetworkReturnsItsPartToTheOthers() {
    DescriptorBudget budget = budget(1000);
    Share a = budget.share("a");
    try (Share b = budget.share("b")) {
      assertThat(takeAll(b)).isEqualTo(500);
    }
    assertThat(takeAll(a)).isEqualTo(1000);
  }

  @Test
  void aShortageIsAProblemUntilAMinuteAfterTheLastRefusal() {
    Share share = budget(100).share("a");
    assertThat(share.problem()).isEmpty();
    Holder holder = share.holder("qemu1");
    takeAll(holder);
    assertThat(share.problem()).contains("qemu1").contains("50").contains("LimitNOFILE");
    clock.advance(Duration.ofSeconds(59));
    assertThat(holder.take()).isFalse();
    clock.advance(Duration.ofSeconds(59));
    assertThat(share.problem()).isNotEmpty();
    clock.advance(Duration.ofSeconds(2));
    assertThat(share.problem()).isEmpty();
  }

  @Test
  void theDivisionFollowsALimitThatIsChangedBeforeTheKernelRefuses() {
    AtomicInteger limit = new AtomicInteger(1000);
    DescriptorBudget budget = new DescriptorBudget(limit::get, clock);
    Holder holder = budget.share("a").holder("one");
    for (int i = 0; i < 150; i++) {
      assertThat(holder.take()).isTrue();
    }
    limit.set(200);
    assertThat(holder.take()).as("within the second").isTrue();
    clock.advance(Duration.ofSeconds(1));
    assertThat(holder.take()).isFalse();
    assertThat(budget.total()).isEqualTo(200);
    limit.set(2000);
    clock.advance(Duration.ofSeconds(1));
    assertThat(holder.take()).isTrue();
    assertThat(budget.total()).isEqualTo(2000);
  }

  @Test
  void aLimitThatWasLoweredIsLearntFromTheKernelsRefusal() {
    AtomicInteger limit = new AtomicInteger(1000);
    DescriptorBudget budget = new DescriptorBudget(limit::get, clock);
    Share share = budget.share("a");
    Holder holder = share.holder("one");
    for (int i = 0; i < 150; i++) {
      assertThat(holder.take()).isTrue();
    }
    assertThat(holder.take()).isTrue();
    limit.set(200);
    clock.advance(Duration.ofSeconds(2));
    holder.kernelRefused();
    holder.giveBack();
    assertThat(budget.total()).isEqualTo(200);
    assertThat(holder.take()).isFalse();
    assertThat(share.holder("two").take()).isTrue();
  }

  @Test
  void theSumNeverPassesTheTotalWhateverTheOrder() {
    SplittableRandom random = new SplittableRandom(7);
    DescriptorBudget budget = budget(500);
    List<Share> shares = new ArrayList<>();
    List<Holder> holders = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Share share = budget.share("n" + i);
      shares.add(share);
      for (int j = 0; j < 4; j++) {
        holders.add(share.holder("p" + j));
      }
    }
    for (int i = 0; i < 100_000; i++) {
      Holder holder = holders.get(random.nextInt(holders.size()));
      if (random.nextInt(100) < 55) {
        holder.take();
      } else if (holder.held() > 0) {
        holder.giveBack();
      }
      assertThat(shares.stream().mapToInt(Share::used).sum()).isLessThanOrEqualTo(500);
    }
  }
}
