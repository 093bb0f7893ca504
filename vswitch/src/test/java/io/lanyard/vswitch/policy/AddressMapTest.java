package io.lanyard.vswitch.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AddressMapTest {
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
