package io.lanyard.machine.sbi;

import io.lanyard.machine.hart.Hart;

/** Section 10: powering off and restarting (SRST). */
final class SbiReset implements SbiExtension {
  private static final int SHUTDOWN = 0;
  private static final int COLD_REBOOT = 1;
  private static final int WARM_REBOOT = 2;
  private static final int NO_REASON = 0;
  private static final int REASON_FAILURE = 1;

  private final Platform platform;

  SbiReset(Platform platform) {
    this.platform = platform;
  }

  @Override
  public int id() {
    return 0x53525354; // "SRST"
  }

  @Override
  public SbiReturn call(Hart hart, int function) {
    if (function != 0) {
      return SbiReturn.NOT_SUPPORTED;
    }
    int reason = (int) Sbi.argument(hart, 1);
    if (reason != NO_REASON && reason != REASON_FAILURE) {
      return SbiReturn.INVALID_PARAMETER; // reserved, or somebody else's
    }
    switch ((int) Sbi.argument(hart, 0)) {
      case SHUTDOWN -> platform.power().off(reason == REASON_FAILURE ? 1 : 0);
      case COLD_REBOOT, WARM_REBOOT -> platform.power().reset();
      default -> {
        return SbiReturn.INVALID_PARAMETER;
      }
    }
    // The call does not return: nothing more is executed until the machine has ended.
    hart.halt();
    return SbiReturn.SUCCESS;
  }
}
