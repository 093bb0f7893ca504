package io.lanyard.machine.sbi;

import io.lanyard.machine.hart.Hart;
import java.util.List;

/** Section 7: interrupts from hart to hart. */
final class SbiIpi implements SbiExtension {
  private final Platform platform;

  SbiIpi(Platform platform) {
    this.platform = platform;
  }

  @Override
  public int id() {
    return 0x735049; // "sPI"
  }

  @Override
  public SbiReturn call(Hart hart, int function) {
    if (function != 0) {
      return SbiReturn.NOT_SUPPORTED;
    }
    List<Hart> targets =
        HartMask.select(platform.harts(), Sbi.argument(hart, 0), Sbi.argument(hart, 1));
    if (targets == null) {
      return SbiReturn.INVALID_PARAMETER;
    }
    targets.forEach(target -> target.setInterrupt(Hart.SSI, true));
    return SbiReturn.SUCCESS;
  }
}
