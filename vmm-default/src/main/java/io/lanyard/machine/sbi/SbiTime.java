package io.lanyard.machine.sbi;

import io.lanyard.machine.hart.Hart;

/** Section 6: the timer, for kernels that do not use Sstc. */
final class SbiTime implements SbiExtension {
  @Override
  public int id() {
    return 0x54494d45; // "TIME"
  }

  @Override
  public SbiReturn call(Hart hart, int function) {
    if (function != 0) {
      return SbiReturn.NOT_SUPPORTED;
    }
    hart.supervisorTimer(Sbi.argument(hart, 0));
    return SbiReturn.SUCCESS;
  }
}
