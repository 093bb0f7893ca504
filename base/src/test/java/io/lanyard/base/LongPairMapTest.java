package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LongPairMapTest {
  @Test
  void aMapKeepsEveryKeyThroughGrowthAndRemoval() {
    LongPairMap<Integer> map = new LongPairMap<>(7);
    for (int i = 0; i < 10_000; i++) {
      map.put(i % 7, i, i);
    }
    for (int i = 0; i < 10_000; i += 3) {
      map.remove(i % 7, i);
      map.remove(i % 7, i);
    }
    for (int i = 0; i < 10_000; i++) {
      assertThat(map.get(i % 7, i)).isEqualTo(i % 3 == 0 ? null : Integer.valueOf(i));
    }
    assertThat(map.size()).isEqualTo(6_666);
    assertThat(map.values()).hasSize(6_666).doesNotHaveDuplicates();
  }

  @Test
  void aMapThatIsEmptiedTakesKeysAgain() {
    LongPairMap<Integer> map = new LongPairMap<>(7, 2);
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 1000; i++) {
        map.put(0, i, i);
      }
      for (int i = 0; i < 1000; i++) {
        assertThat(map.get(0, i)).isEqualTo(i);
        map.remove(0, i);
      }
      assertThat(map.size()).isZero();
      assertThat(map.get(0, 1)).isNull();
    }
  }
}
