package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class RankingTest {
  private static final class Port extends Ranking.Member {}

  private static Port[] ports(int number) {
    return IntStream.range(0, number).mapToObj(i -> new Port()).toArray(Port[]::new);
  }

  @Test
  void theLargestIsKnownAfterEveryChange() {
    SplittableRandom random = new SplittableRandom(5);
    Ranking<Port> ranking = new Ranking<>();
    Port[] ports = ports(20);
    int[] held = new int[ports.length];
    for (int i = 0; i < 20_000; i++) {
      int which = random.nextInt(ports.length);
      int change = random.nextInt(4) == 0 ? -held[which] : random.nextInt(-held[which], 20);
      held[which] += change;
      ranking.count(ports[which], change);
      Port largest = ranking.largest();
      int most = IntStream.of(held).max().orElse(0);
      assertThat(largest == null ? 0 : largest.count()).isEqualTo(most);
      assertThat(ports[which].count()).isEqualTo(held[which]);
      assertThat(ranking.size()).isEqualTo((int) IntStream.of(held).filter(n -> n > 0).count());
      assertThat(ranking.members().stream().mapToInt(Port::count).sum())
          .isEqualTo(IntStream.of(held).sum());
    }
  }

  @Test
  void takingFromTheLargestTakesFromNobodyBelowItsFairShare() {
    Ranking<Port> ranking = new Ranking<>();
    Port[] ports = ports(10);
    for (int i = 0; i < ports.length; i++) {
      ranking.count(ports[i], 100 * (i + 1));
    }
    for (int total = 5_500; total > 1_000; total--) {
      ranking.count(Objects.requireNonNull(ranking.largest()), -1);
    }
    for (Port port : ports) {
      assertThat(port.count()).isEqualTo(100);
    }
  }
}
