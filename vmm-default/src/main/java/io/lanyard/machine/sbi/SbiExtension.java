package io.lanyard.machine.sbi;

import io.lanyard.machine.hart.Hart;

/** One extension of the interface. */
interface SbiExtension {
  /** Its number: a7. */
  int id();

  /**
   * Does a call. Arguments are in a0 to a5, which {@link Sbi#argument} reads.
   *
   * @param hart who calls
   * @param function a6
   * @return what goes to a0 and a1
   */
  SbiReturn call(Hart hart, int function);
}
