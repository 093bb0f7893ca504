package io.lanyard.machine.hart;

/** Floating point. */
final class FloatOps {
  private FloatOps() {}

  static boolean execute(Core core, long op) {
    return core.illegal((int) (op >>> 32));
  }
}
