package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SeqTest {
  private static final int[] EDGES = {
    0,
    1,
    2,
    1000,
    Integer.MAX_VALUE - 1,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    Integer.MIN_VALUE + 1,
    -1000,
    -2,
    -1
  };
  private static final int[] STEPS = {
    1,
    2,
    3,
    255,
    65535,
    65536,
    1 << 24,
    (1 << 30) - 1,
    1 << 30,
    (1 << 30) + 1,
    Integer.MAX_VALUE - 1,
    Integer.MAX_VALUE
  };

  @Test
  void orderHoldsAcrossEveryEdge() {
    for (int a : EDGES) {
      assertThat(Seq.before(a, a)).isFalse();
      assertThat(Seq.after(a, a)).isFalse();
      assertThat(Seq.notBefore(a, a)).isTrue();
      assertThat(Seq.notAfter(a, a)).isTrue();
      for (int step : STEPS) {
        int b = a + step;
        assertThat(Seq.before(a, b)).isTrue();
        assertThat(Seq.after(b, a)).isTrue();
        assertThat(Seq.notAfter(a, b)).isTrue();
        assertThat(Seq.notBefore(b, a)).isTrue();
        assertThat(Seq.before(b, a)).isFalse();
        assertThat(Seq.max(a, b)).isEqualTo(b);
        assertThat(Seq.max(b, a)).isEqualTo(b);
        assertThat(Seq.min(a, b)).isEqualTo(a);
        assertThat(Seq.min(b, a)).isEqualTo(a);
      }
    }
  }

  @Test
  void aRangeHoldsItsFirstAndNotItsEnd() {
    for (int low : EDGES) {
      for (int step : STEPS) {
        int high = low + step;
        assertThat(Seq.within(low, low, high)).isTrue();
        assertThat(Seq.within(high - 1, low, high)).isTrue();
        assertThat(Seq.within(high, low, high)).isFalse();
        assertThat(Seq.within(low - 1, low, high)).isFalse();
      }
      assertThat(Seq.within(low, low, low)).isFalse();
    }
  }
}
