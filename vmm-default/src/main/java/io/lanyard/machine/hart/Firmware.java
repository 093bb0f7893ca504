package io.lanyard.machine.hart;

/**
 * Answers a hart's environment calls from supervisor mode where no guest firmware runs in machine
 * mode: the built-in SBI.
 */
@FunctionalInterface
public interface Firmware {
  /** For a machine whose firmware is guest code: calls trap to machine mode. */
  Firmware NONE = hart -> false;

  /**
   * Answers one {@code ecall}. Arguments are in a0 to a7 ({@code hart.x(10)} to {@code x(17)});
   * results go to a0 and a1. The hart goes on at the instruction after the call, unless this sets
   * {@code pc}.
   *
   * <p>Thread: the hart's own. May call anything of the hart, also {@link Hart#halt} and {@link
   * Hart#requestStop}.
   *
   * @param hart who calls
   * @return false if the call shall instead trap, as if there were no built-in firmware
   */
  boolean ecall(Hart hart);
}
