package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vswitch.MacTable.Learning;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MacTableTest {
  /** Random in all its bits, as the daemon's are: addresses are spread over the cells. */
  private static final long SEED = 0x9e37_79b9_7f4a_7c15L;

  /** By a small multiplier most addresses are in one run of cells. */
  private final MacTable table = new MacTable(0x5eed);

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
          if (random.nextInt(100) == 0) {
            int port = random.nextInt(40);
            table.forgetLearned(port);
            model.values().removeIf(v -> v == port);
          }
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
  void anAddressIsWhereItWasWhileTheVersionIsTheSame() {
    table.learn(0, 1, 3, 0);
    int version = table.version();
    int cell = table.cell();
    table.learn(0, 1, 3, 2);
    assertThat(table.find(0, 1, 2)).isEqualTo(3);
    assertThat(table.cell()).isEqualTo(cell);
    table.heard(cell, 5);
    assertThat(table.fresh(cell, 7)).isEqualTo(5 + MacTable.AGEING_NANOS);
    assertThat(table.find(0, 1, 5 + MacTable.AGEING_NANOS)).isEqualTo(3);
    assertThat(table.version()).isEqualTo(version);

    table.learn(0, 1, 4, 5); // moves
    assertThat(table.version()).isNotEqualTo(version);
    version = table.version();
    table.learn(0, 2, 4, 5); // may take the cell of another
    assertThat(table.version()).isNotEqualTo(version);
    version = table.version();
    table.find(0, 1, 6 + MacTable.AGEING_NANOS); // has aged
    assertThat(table.version()).isNotEqualTo(version);
    version = table.version();
    table.forgetPort(9); // knows nothing, and its number may be another port's soon
    assertThat(table.version()).isNotEqualTo(version);
  }

  @Test
  void anAddressThatIsNowhereHasNoCell() {
    table.find(0, 1, 0);
    assertThat(table.cell()).isEqualTo(MacTable.UNKNOWN);
    for (int mac = 1; mac <= MacTable.CAPACITY; mac++) {
      table.pin(mac, 1, 0);
    }
    assertThat(table.learn(0, MacTable.CAPACITY + 1, 2, 0)).isEqualTo(MacTable.Learning.DONE);
    assertThat(table.cell()).isEqualTo(MacTable.UNKNOWN);
    table.learn(7, 1, 1, 0); // pinned in all VLANs
    assertThat(table.cell()).isEqualTo(MacTable.UNKNOWN);
  }

  @Test
  void aPinnedAddressStaysFresh() {
    table.pin(1, 3, 0);
    table.find(0, 1, 2 * MacTable.AGEING_NANOS);
    assertThat(table.fresh(table.cell(), 2 * MacTable.AGEING_NANOS))
        .isEqualTo(3 * MacTable.AGEING_NANOS);
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
  void aPinnedAddressNeitherAgesNorMovesNorIsPinnedElsewhere() {
    assertThat(table.pin(1, 3, 0)).isTrue();
    assertThat(table.learn(0, 1, 4, 0)).isEqualTo(Learning.ELSEWHERE);
    assertThat(table.learn(0, 1, 3, 0)).isEqualTo(Learning.DONE);
    assertThat(table.find(0, 1, Long.MAX_VALUE / 2)).isEqualTo(3);
    assertThat(table.moves()).isZero();
    assertThat(table.pin(1, 4, 0)).isFalse();
    assertThat(table.pin(1, 3, 0)).isTrue();
  }

  @Test
  void aPinnedAddressIsPinnedInEveryVlan() {
    assertThat(table.pin(1, 3, 0)).isTrue();
    assertThat(table.learn(10, 1, 4, 0)).isEqualTo(Learning.ELSEWHERE);
    assertThat(table.learn(4095, 1, 3, 0)).isEqualTo(Learning.DONE);
    assertThat(table.find(10, 1, 0)).isEqualTo(3);
    table.learn(10, 2, 4, 0);
    assertThat(table.pin(2, 3, 0)).isTrue();
    assertThat(table.learn(10, 2, 4, 0)).isEqualTo(Learning.ELSEWHERE);
  }

  @Test
  void pinningTakesAnAddressFromThePortThatHasLearnedIt() {
    table.learn(0, 1, 4, 0);
    assertThat(table.pin(1, 3, 0)).isTrue();
    assertThat(table.find(0, 1, 0)).isEqualTo(3);
    assertThat(table.learned(4)).isZero();
  }

  @Test
  void aPortThatHoldsItsAddressesLosesThemToNobody() {
    table.rule(3, 2, true);
    table.learn(0, 1, 3, 0);
    assertThat(table.learn(0, 1, 4, 1)).isEqualTo(Learning.ELSEWHERE);
    assertThat(table.find(0, 1, 2 * MacTable.AGEING_NANOS)).isEqualTo(3);
    table.forgetLearned(3);
    assertThat(table.learn(0, 1, 4, 2)).isEqualTo(Learning.DONE);
    assertThat(table.find(0, 1, 2)).isEqualTo(4);
  }

  /** The source of a frame with a tag is the same guest of the guarded port. */
  @Test
  void anAddressThatAPortHoldsIsItsInEveryVlan() {
    table.rule(3, 2, true);
    table.rule(5, 2, true);
    table.learn(7, 1, 4, 0);
    table.learn(0, 1, 3, 0);
    for (int vlan : new int[] {0, 7, 8}) {
      assertThat(table.learn(vlan, 1, 4, 1)).isEqualTo(Learning.ELSEWHERE);
      assertThat(table.learn(vlan, 1, 5, 1)).isEqualTo(Learning.ELSEWHERE);
      assertThat(table.learn(vlan, 1, 3, 1)).isEqualTo(Learning.DONE);
      assertThat(table.find(vlan, 1, 1)).isEqualTo(3);
    }
    assertThat(table.learn(9, 2, 3, 1)).isEqualTo(Learning.DONE);
    assertThat(table.learn(0, 2, 5, 1)).isEqualTo(Learning.ELSEWHERE);
    assertThat(table.learned(3)).isEqualTo(2);
  }

  @Test
  void aPortHoldsWhatItHasLearnedBeforeItHadToInEveryVlan() {
    table.learn(0, 1, 3, 0);
    table.learn(7, 2, 3, 0);
    table.learn(8, 2, 3, 0);
    table.rule(3, 2, true);
    for (long mac = 1; mac <= 2; mac++) {
      assertThat(table.learn(0, mac, 4, 1)).isEqualTo(Learning.ELSEWHERE);
      assertThat(table.learn(7, mac, 4, 1)).isEqualTo(Learning.ELSEWHERE);
      assertThat(table.learn(8, mac, 3, 1)).isEqualTo(Learning.DONE);
      assertThat(table.find(0, mac, 2 * MacTable.AGEING_NANOS)).isEqualTo(3);
    }
    assertThat(table.learned(3)).isEqualTo(2);
  }

  @Test
  void anAddressMovesAgainOnceItsPortHoldsItNoLonger() {
    table.rule(3, 2, true);
    table.learn(0, 1, 3, 0);
    table.rule(3, 2, false);
    assertThat(table.find(0, 1, 1)).isEqualTo(3);
    assertThat(table.learned(3)).isEqualTo(1);
    assertThat(table.learn(0, 1, 4, 1)).isEqualTo(Learning.DONE);
    assertThat(table.find(0, 1, 1)).isEqualTo(4);
    assertThat(table.learned(3)).isZero();
  }

  @Test
  void aChangeOfAPortsRulesLosesNoAddress() {
    MacTable large = new MacTable(SEED);
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 6_000; i++) {
      large.learn(random.nextInt(2), 1 + i, i % 3, 0);
    }
    for (int round = 0; round < 8; round++) {
      large.rule(1, Integer.MAX_VALUE, round % 2 == 0);
      assertThat(large.learned(1)).isEqualTo(2_000);
      assertThat(large.size()).isEqualTo(6_000);
    }
    for (int i = 0; i < 6_000; i++) {
      boolean untagged = large.find(0, 1 + i, 0) == i % 3;
      assertThat(untagged || large.find(1, 1 + i, 0) == i % 3).as("address " + i).isTrue();
    }
  }

  @Test
  void aPortLearnsNoMoreAddressesThanItMayAndOthersAreNotMovedThere() {
    table.rule(40, 2, false);
    assertThat(table.pin(9, 40, 0)).isTrue();
    assertThat(table.learn(0, 1, 40, 0)).isEqualTo(Learning.DONE);
    assertThat(table.learn(5, 1, 40, 0)).isEqualTo(Learning.DONE);
    assertThat(table.learn(0, 2, 40, 0)).isEqualTo(Learning.LIMIT);
    table.learn(0, 3, 1, 0);
    assertThat(table.learn(0, 3, 40, 0)).isEqualTo(Learning.LIMIT);
    assertThat(table.find(0, 3, 0)).isEqualTo(1);
    assertThat(table.learn(0, 9, 40, 0)).isEqualTo(Learning.DONE);
    table.forgetPort(40);
    assertThat(table.learn(0, 2, 40, 0)).isEqualTo(Learning.DONE);
    assertThat(table.learn(0, 4, 40, 0)).isEqualTo(Learning.DONE);
    assertThat(table.learn(0, 5, 40, 0)).isEqualTo(Learning.DONE);
  }

  @Test
  void aTableFullOfHeldAddressesStillForwardsToThem() {
    table.rule(2, Integer.MAX_VALUE, true);
    for (int i = 0; i < MacTable.CAPACITY; i++) {
      table.learn(0, 100 + i, 2, 0);
    }
    assertThat(table.learn(0, 1, 1, 0)).isEqualTo(Learning.DONE);
    assertThat(table.find(0, 1, 0)).isEqualTo(MacTable.UNKNOWN);
    assertThat(table.find(0, 100, 0)).isEqualTo(2);
  }

  @Test
  void forgettingWhatAPortLearnedLeavesItsPinsAndOtherPorts() {
    assertThat(table.pin(9, 1, 0)).isTrue();
    table.learn(0, 1, 1, 0);
    table.learn(0, 2, 2, 0);
    table.forgetLearned(1);
    table.forgetLearned(700);
    assertThat(table.find(0, 1, 0)).isEqualTo(MacTable.UNKNOWN);
    assertThat(table.find(0, 2, 0)).isEqualTo(2);
    assertThat(table.find(0, 9, 0)).isEqualTo(1);
  }

  @Test
  void anAddressThatIsUnpinnedIsLearnedAgainWhereverItIsHeard() {
    assertThat(table.pin(9, 1, 0)).isTrue();
    int version = table.version();
    table.unpin(9, 2);
    assertThat(table.find(3, 9, 0)).isEqualTo(1);
    table.unpin(9, 1);
    assertThat(table.version()).isNotEqualTo(version);
    assertThat(table.find(3, 9, 0)).isEqualTo(MacTable.UNKNOWN);
    assertThat(table.learn(0, 9, 2, 0)).isEqualTo(Learning.DONE);
    table.unpin(9, 2); // it is not pinned
    assertThat(table.find(0, 9, 0)).isEqualTo(2);
    assertThat(table.size()).isEqualTo(1);
  }

  @Test
  void addressZeroIsNowhereThoughAPinnedAddressWasInItsCell() {
    long multiplier = 0x9e3779b97f4a7c15L;
    MacTable known = new MacTable(multiplier);
    long[] macs = colliding(multiplier, 500);
    // Address 0 belongs into the very first cell.
    assertThat(Arrays.stream(macs).anyMatch(mac -> (mac * multiplier) >>> 50 == 0)).isTrue();
    for (long mac : macs) {
      assertThat(known.pin(mac, 1, 0)).isTrue();
      known.unpin(mac, 1);
      known.unpin(0, 1);
      assertThat(known.find(0, 0, 0)).isEqualTo(MacTable.UNKNOWN);
    }
    assertThat(known.size()).isZero();
  }

  /** Addresses that a table with a multiplier that is known puts into few cells. */
  private static long[] colliding(long multiplier, int count) {
    long[] macs = new long[count];
    int found = 0;
    for (long mac = 0x02_0000_000000L; found < count; mac++) {
      if ((mac * multiplier) >>> 54 == 0) { // 16 of 16,384 cells
        macs[found++] = mac;
      }
    }
    return macs;
  }

  @Test
  void addressesThatCollideUnderAKnownMultiplierDoNotUnderASecretOne() {
    long[] macs = colliding(0x9e3779b97f4a7c15L, 8000);
    MacTable known = new MacTable(0x9e3779b97f4a7c15L);
    for (long mac : macs) {
      known.learn(0, mac, 1, 0);
    }
    assertThat(known.longestProbe()).isGreaterThan(7000);
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 20; i++) {
      MacTable secret = new MacTable(random.nextLong());
      for (long mac : macs) {
        secret.learn(0, mac, 1, 0);
      }
      assertThat(secret.longestProbe()).isLessThan(400);
    }
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
    MacTable table = new MacTable(SEED);
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
  void thePortThatHasLearnedMostGivesUpWhatItHasHadForLongest() {
    MacTable table = new MacTable(SEED);
    for (int i = 0; i < MacTable.CAPACITY; i++) {
      table.learn(0, 1 + i, i % 4 == 0 ? 1 : 2, 0);
    }
    for (int i = 0; i < MacTable.CAPACITY / 4; i++) {
      table.learn(0, 1_000_000 + i, 3, 0);
    }
    assertThat(table.learned(1)).isEqualTo(MacTable.CAPACITY / 4);
    assertThat(table.learned(2)).isEqualTo(MacTable.CAPACITY / 2);
    for (int i = 0; i < MacTable.CAPACITY; i++) {
      boolean given = i % 4 != 0 && i <= MacTable.CAPACITY / 3;
      assertThat(table.find(0, 1 + i, 0) == MacTable.UNKNOWN).as("address " + i).isEqualTo(given);
    }
  }

  @Test
  void theCellsOfEachPortAreKnownUnderRandomUse() {
    MacTable table = new MacTable(SEED);
    SplittableRandom random = new SplittableRandom(11);
    for (int i = 0; i < 200_000; i++) {
      long mac = 1L + random.nextInt(12_000);
      int port = (int) Math.sqrt(random.nextInt(400));
      switch (random.nextInt(50)) {
        case 0 -> table.pin(mac, port, 0);
        case 1 -> table.unpin(mac, port);
        case 2 -> {
          if (random.nextInt(200) == 0) {
            table.forgetLearned(port);
          }
        }
        default -> table.learn(0, mac, port, 0);
      }
    }
    assertThat(table.evictions()).isPositive();
    int[] learned = new int[20];
    table.forEach(
        0, (vlan, mac, port, hold, age) -> learned[port] += hold == MacTable.Hold.LEARNED ? 1 : 0);
    for (int port = 0; port < learned.length; port++) {
      assertThat(table.learned(port)).isEqualTo(learned[port]);
    }
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
  void aTableFullOfPinnedAddressesLearnsNothingMore() {
    for (int i = 0; i < MacTable.CAPACITY; i++) {
      assertThat(table.pin(1 + i, 1, 0)).isTrue();
    }
    table.learn(0, 1_000_000, 2, 0);
    assertThat(table.find(0, 1_000_000, 0)).isEqualTo(MacTable.UNKNOWN);
    assertThat(table.pin(1_000_000, 2, 0)).isFalse();
    assertThat(table.find(0, 1, 0)).isEqualTo(1);
  }

  @Test
  void anAddressThatIsKeptForAPortToComeIsNobodysUntilItIsPinned() {
    assertThat(table.pin(1, MacTable.UNKNOWN, 0)).isTrue();
    assertThat(table.learn(0, 1, 3, 0)).isEqualTo(MacTable.Learning.ELSEWHERE);
    assertThat(table.learn(7, 1, 3, 0)).isEqualTo(MacTable.Learning.ELSEWHERE);
    assertThat(table.find(0, 1, 0)).isEqualTo(MacTable.UNKNOWN);
    assertThat(table.pin(1, 4, 0)).isTrue();
    assertThat(table.learn(0, 1, 4, 0)).isEqualTo(MacTable.Learning.DONE);
    assertThat(table.find(0, 1, 0)).isEqualTo(4);
    assertThat(table.pin(1, 5, 0)).isFalse();
  }
}
