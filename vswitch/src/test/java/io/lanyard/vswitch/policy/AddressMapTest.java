package io.lanyard.vswitch.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressMapTest {
  /** Guests choose the lower half of an IPv6 address: whatever bits differ, probes stay short. */
  @ParameterizedTest
  @ValueSource(ints = {0, 16, 38, 44, 50, 52})
  void addressesThatDifferInAFewBitsDoNotCollide(int shift) {
    for (long seed = 1; seed <= 3; seed++) {
      AddressMap map = new AddressMap(new SplittableRandom(seed).nextLong());
      for (long i = 0; i < 4096; i++) {
        map.put(0xfd66L << 48, i << shift, i);
      }
      assertThat(map.longestProbe()).isLessThan(200);
    }
  }

  @Test
  void behavesAsAMapUnderRandomUse() {
    SplittableRandom random = new SplittableRandom(4);
    AddressMap map = new AddressMap(random.nextLong());
    Map<Integer, Long> model = new HashMap<>();
    for (int i = 0; i < 200_000; i++) {
      int address = random.nextInt(3000);
      long high = address % 3;
      switch (random.nextInt(4)) {
        case 0 -> {
          map.remove(high, address);
          model.remove(address);
        }
        case 1 -> {
          long owner = random.nextInt(50);
          map.put(high, address, owner);
          model.put(address, owner);
        }
        default ->
            assertThat(map.get(high, address))
                .isEqualTo(model.getOrDefault(address, AddressMap.NOBODY));
      }
    }
    assertThat(map.size()).isEqualTo(model.size());
    model.forEach(
        (address, owner) -> assertThat(map.get(address % 3, address)).isEqualTo(owner.longValue()));
  }
}
