package io.lanyard.machine.sbi;

/**
 * The result of a call (section 3).
 *
 * @param error goes to a0
 * @param value goes to a1
 */
record SbiReturn(long error, long value) {
  static final SbiReturn SUCCESS = new SbiReturn(0, 0);
  static final SbiReturn NOT_SUPPORTED = new SbiReturn(-2, 0);
  static final SbiReturn INVALID_PARAMETER = new SbiReturn(-3, 0);
  static final SbiReturn INVALID_ADDRESS = new SbiReturn(-5, 0);
  static final SbiReturn ALREADY_AVAILABLE = new SbiReturn(-6, 0);

  static SbiReturn of(long value) {
    return new SbiReturn(0, value);
  }
}
