package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class ArrivalListTest {
  private static final class Guest extends ArrivalList.Member<Guest> {}

  @Test
  void itIsAListFromWhichAnyMemberLeaves() {
    SplittableRandom random = new SplittableRandom(3);
    ArrivalList<Guest> list = new ArrivalList<>();
    List<Guest> expected = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      switch (random.nextInt(expected.size() > 20 ? 2 : 4)) {
        case 0 -> {
          if (!expected.isEmpty()) {
            list.remove(expected.get(0));
            expected.remove(0);
          }
        }
        case 1 -> {
          if (!expected.isEmpty()) {
            Guest moved = expected.remove(random.nextInt(expected.size()));
            list.renew(moved);
            expected.add(moved);
            Guest gone = expected.remove(random.nextInt(expected.size()));
            list.remove(gone);
          }
        }
        default -> {
          Guest guest = new Guest();
          list.append(guest);
          expected.add(guest);
        }
      }
      assertThat(list.size()).isEqualTo(expected.size());
      assertThat(list.oldest()).isSameAs(expected.isEmpty() ? null : expected.get(0));
    }
    while (!expected.isEmpty()) {
      assertThat(list.oldest()).isSameAs(expected.get(0));
      list.remove(expected.remove(0));
    }
    assertThat(list.oldest()).isNull();
  }
}
