package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SharedLimitTest {
  private static final long LIMIT = 1600;

  private final SharedLimit limit = new SharedLimit(LIMIT);

  private static void fill(SharedLimit.Share share) {
    share.changed(Math.max(0, share.most() - share.held()));
  }

  @Test
  void oneThatIsAloneHasNearlyAll() {
    assertThat(limit.share(true).most()).isEqualTo(1500);
    assertThat(new SharedLimit(LIMIT).share(false).most()).as("without a floor").isEqualTo(800);
  }

  @Test
  void thoseThatTakeAllTheyMayLeaveTheLastItsFloor() {
    List<SharedLimit.Share> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      all.add(limit.share(true));
    }
    all.subList(1, 8).forEach(SharedLimitTest::fill);
    assertThat(all.getFirst().most()).isGreaterThanOrEqualTo(100);
    fill(all.getFirst());
    assertThat(limit.held()).isLessThanOrEqualTo(LIMIT);
    all.forEach(each -> assertThat(each.held()).isGreaterThanOrEqualTo(100));
  }

  @Test
  void thoseThatCameBeforeHoldMoreThanTheirPartByHalfOfAllAtMost() {
    List<SharedLimit.Share> all = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      SharedLimit.Share share = limit.share(true);
      fill(share);
      all.add(share);
    }
    assertThat(limit.held()).isBetween(LIMIT, LIMIT + LIMIT / 2);
    assertThat(all.getFirst().most()).as("what it should give back").isLessThan(100);
    all.forEach(SharedLimit.Share::close);
    assertThat(limit.held()).isZero();
    assertThat(limit.share(true).most()).isEqualTo(1500);
  }

  @Test
  void onesWithoutAFloorHaveWhatIsInThePool() {
    SharedLimit.Share first = limit.share(true);
    SharedLimit.Share second = limit.share(true);
    SharedLimit.Share without = limit.share(false);
    assertThat(without.most()).isEqualTo(400);
    fill(first);
    assertThat(without.most()).isEqualTo(200);
    fill(second);
    assertThat(without.most()).isEqualTo(100);
  }
}
