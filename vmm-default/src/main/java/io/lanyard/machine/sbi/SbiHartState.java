package io.lanyard.machine.sbi;

import io.lanyard.machine.hart.Hart;

/** Section 9: starting and stopping harts (HSM). */
final class SbiHartState implements SbiExtension {
  private static final int STARTED = 0;
  private static final int STOPPED = 1;
  private static final int RETENTIVE_SUSPEND = 0;
  private static final int NON_RETENTIVE_SUSPEND = 0x8000_0000;

  private final Platform platform;

  SbiHartState(Platform platform) {
    this.platform = platform;
  }

  @Override
  public int id() {
    return 0x48534d; // "HSM"
  }

  @Override
  public SbiReturn call(Hart hart, int function) {
    return switch (function) {
      case 0 -> start(hart);
      case 1 -> {
        hart.halt();
        yield SbiReturn.SUCCESS;
      }
      case 2 -> status(Sbi.argument(hart, 0));
      case 3 -> suspend(hart);
      default -> SbiReturn.NOT_SUPPORTED;
    };
  }

  private SbiReturn start(Hart hart) {
    long number = Sbi.argument(hart, 0);
    long address = Sbi.argument(hart, 1);
    if (number < 0 || number >= platform.harts().size()) {
      return SbiReturn.INVALID_PARAMETER;
    }
    if (!platform.ram().contains(address, 2)) {
      return SbiReturn.INVALID_ADDRESS;
    }
    Hart target = platform.harts().get((int) number);
    return target.start(address, Sbi.argument(hart, 2))
        ? SbiReturn.SUCCESS
        : SbiReturn.ALREADY_AVAILABLE;
  }

  private SbiReturn status(long number) {
    if (number < 0 || number >= platform.harts().size()) {
      return SbiReturn.INVALID_PARAMETER;
    }
    return SbiReturn.of(platform.harts().get((int) number).halted() ? STOPPED : STARTED);
  }

  private static SbiReturn suspend(Hart hart) {
    return switch ((int) Sbi.argument(hart, 0)) {
      case RETENTIVE_SUSPEND -> {
        hart.waitForInterrupt();
        yield SbiReturn.SUCCESS;
      }
      case NON_RETENTIVE_SUSPEND -> SbiReturn.NOT_SUPPORTED;
      default -> SbiReturn.INVALID_PARAMETER; // reserved, or a platform's
    };
  }
}
