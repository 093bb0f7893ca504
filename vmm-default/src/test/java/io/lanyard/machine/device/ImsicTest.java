package io.lanyard.machine.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImsicTest {
  private final List<Integer> first = new ArrayList<>();
  private final List<Integer> third = new ArrayList<>();
  private final Imsic imsic = new Imsic(List.of(first::add, x -> {}, third::add));

  @Test
  void aWordWrittenToAHartsPageIsItsMessage() {
    imsic.write(0, 4, 5);
    imsic.write(0x2000, 4, 0xffff_ffffL);
    assertThat(first).containsExactly(5);
    assertThat(third).containsExactly(-1);
  }

  @Test
  void otherWidthsOtherRegistersAndPagesWithoutAHartDoNothing() {
    for (int size : new int[] {1, 2, 8}) {
      imsic.write(0, size, 5);
    }
    imsic.write(4, 4, 5 << 24);
    imsic.write(0xffc, 4, 5);
    imsic.write(0x3000, 4, 5);
    assertThat(first).isEmpty();
    assertThat(imsic.read(0, 4)).isZero();
    assertThat(imsic.read(0x3ffc, 4)).isZero();
  }

  @Test
  void theRangeIsAPowerOfTwoOfPages() {
    assertThat(Imsic.size(1)).isEqualTo(0x1000);
    assertThat(Imsic.size(2)).isEqualTo(0x2000);
    assertThat(Imsic.size(3)).isEqualTo(0x4000);
    assertThat(Imsic.size(8)).isEqualTo(0x8000);
  }
}
