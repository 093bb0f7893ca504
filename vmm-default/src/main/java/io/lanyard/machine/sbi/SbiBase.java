package io.lanyard.machine.sbi;

import io.lanyard.machine.hart.Hart;
import java.util.function.IntPredicate;

/** Section 4: what this firmware is and has. */
final class SbiBase implements SbiExtension {
  /** Major version in bits 24 to 30, minor below. */
  private static final long SPECIFICATION = 2L << 24;

  /** Not one of the registered implementations: "LANY". */
  private static final long IMPLEMENTATION = 0x4c41_4e59;

  private static final long IMPLEMENTATION_VERSION = 1;

  private final IntPredicate has;

  SbiBase(IntPredicate has) {
    this.has = has;
  }

  @Override
  public int id() {
    return 0x10;
  }

  @Override
  public SbiReturn call(Hart hart, int function) {
    return switch (function) {
      case 0 -> SbiReturn.of(SPECIFICATION);
      case 1 -> SbiReturn.of(IMPLEMENTATION);
      case 2 -> SbiReturn.of(IMPLEMENTATION_VERSION);
      case 3 -> SbiReturn.of(has.test((int) Sbi.argument(hart, 0)) ? 1 : 0);
      case 4, 5, 6 -> SbiReturn.of(0); // mvendorid, marchid, mimpid: not implemented
      default -> SbiReturn.NOT_SUPPORTED;
    };
  }
}
