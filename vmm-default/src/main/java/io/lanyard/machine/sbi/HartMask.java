package io.lanyard.machine.sbi;

import io.lanyard.machine.hart.Hart;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Section 3.1: a set of harts as a bit mask and the number of its first bit. */
final class HartMask {
  private HartMask() {}

  /** The harts that the mask names, or null if it names one that is not there. */
  static @Nullable List<Hart> select(List<Hart> harts, long mask, long base) {
    if (base == -1) {
      return harts;
    }
    List<Hart> chosen = new ArrayList<>();
    for (long left = mask; left != 0; left &= left - 1) {
      long number = base + Long.numberOfTrailingZeros(left);
      if (base < 0 || number < 0 || number >= harts.size()) {
        return null;
      }
      chosen.add(harts.get((int) number));
    }
    return chosen;
  }
}
