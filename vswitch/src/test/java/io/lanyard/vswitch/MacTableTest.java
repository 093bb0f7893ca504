package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MacTableTest {
  private final MacTable table = new MacTable();

  @Test
  void behavesAsAMapUnderRandomUse() {
    SplittableRandom random = new SplittableRandom(3);
    Map<Long, Integer> model = new HashMap<>();
    for (int i = 0; i < 100_000; i++) {
      long mac = 1L + random.nextInt(6000);
      int vlan = random.nextInt(2);
      long key = (long) vlan << 48 | mac;
      switch (random.nextInt(10)) {
        case 0 -> {
          table.forget(vlan, mac);
          model.remove(key);
        }
        case 1, 2, 3 -> {
          if (model.size() < 8000 || model.containsKey(key)) {
            int port = random.nextInt(40);
            table.learn(vlan, mac, port, 0);
            model.put(key, port);
          }
        }
        default ->
            assertThat(table.find(vlan, mac, 0))
                .isEqualTo(model.getOrDefault(key, MacTable.UNKNOWN));
      }
    }
    assertThat(table.size()).isEqualTo(model.size());
    for (int port = 0; port < 40; port++) {
      int p = port;
      assertThat(table.learned(port))
          .isEqualTo((int) model.values().stream().filter(v -> v == p).count());
    }
    table.forgetPort(7);
    model.values().removeIf(v -> v == 7);
    assertThat(table.size()).isEqualTo(model.size());
    model.forEach((key, port) ->
        assertThat(table.find((int) (key >>> 48), key & 0xffff_ffff_ffffL, 0)).isEqualTo(port));
  }

  @Test
  void anAddressAgesAfterFiveMinutesOfSilence() {
    table.learn(0, 1, 3, 0);
    table.learn(0, 1, 3, 1_000_000_000L);
    assertThat(table.find(0, 1, 301_000_000_000L)).isEqualTo(3);
    assertThat(table.find(0, 1, 301_000_000_001L)).isEqualTo(MacTable.UNKNOWN);
    assertThat(table.expiries()).isEqualTo(1);
    assertThat(table.size()).isZero();
  }

  @Test
  void aStaticEntryNeitherAgesNorMoves() {
    assertThat(table.pin(0, 1, 3, 0)).isTrue();
    table.learn(0, 1, 4, 0);
    assertThat(table.find(0, 1, Long.MAX_VALUE / 2)).isEqualTo(3);
    assertThat(table.moves()).isZero();
  }

  @Test
  void theSameAddressInTwoVlansIsTwoEntries() {
    table.learn(1, 9, 1, 0);
    table.learn(2, 9, 2, 0);
    assertThat(table.find(1, 9, 0)).isEqualTo(1);
    assertThat(table.find(2, 9, 0)).isEqualTo(2);
    assertThat(table.find(0, 9, 0)).isEqualTo(MacTable.UNKNOWN);
  }

  @Test
  void movesAreCounted() {
    table.learn(0, 1, 1, 0);
    table.learn(0, 1, 2, 0);
    table.learn(0, 1, 2, 0);
    assertThat(table.moves()).isEqualTo(1);
    assertThat(table.find(0, 1, 0)).isEqualTo(2);
    assertThat(table.learned(1)).isZero();
    assertThat(table.learned(2)).isEqualTo(1);
  }

  @Test
  void aPortThatFloodsTheTableLosesItsOwnEntries() {
    for (int i = 0; i < 10; i++) {
      table.learn(0, 100 + i, 1, 0);
    }
    for (int i = 0; i < 100_000; i++) {
      table.learn(0, 1_000_000 + i, 2, 0);
    }
    assertThat(table.size()).isEqualTo(MacTable.CAPACITY);
    for (int i = 0; i < 10; i++) {
      assertThat(table.find(0, 100 + i, 0)).isEqualTo(1);
    }
    assertThat(table.evictions()).isEqualTo(100_010 - MacTable.CAPACITY);
    table.learn(0, 5, 3, 0);
    assertThat(table.find(0, 5, 0)).isEqualTo(3);
  }

  @Test
  void aFullTableGivesUpOldEntriesFirst() {
    for (int i = 0; i < MacTable.CAPACITY; i++) {
      table.learn(0, 1 + i, 1, 0);
    }
    long later = MacTable.AGEING_NANOS + 1;
    table.learn(0, 1_000_000, 2, later);
    assertThat(table.evictions()).isZero();
    assertThat(table.size()).isEqualTo(1);
  }

  @Test
  void aTableFullOfStaticEntriesLearnsNothingMore() {
    for (int i = 0; i < MacTable.CAPACITY; i++) {
      assertThat(table.pin(0, 1 + i, 1, 0)).isTrue();
    }
    table.learn(0, 1_000_000, 2, 0);
    assertThat(table.find(0, 1_000_000, 0)).isEqualTo(MacTable.UNKNOWN);
    assertThat(table.pin(0, 1_000_000, 2, 0)).isFalse();
    assertThat(table.pin(0, 1, 2, 0)).isTrue();
    assertThat(table.find(0, 1, 0)).isEqualTo(2);
  }
}
