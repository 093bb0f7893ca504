package io.lanyard.machine.device;

/** A wire that is high while its device wants attention. */
@FunctionalInterface
public interface InterruptLine {
  /**
   * Drives the wire. Thread: any; a call that changes nothing costs little.
   *
   * @param high whether the device wants attention
   */
  void set(boolean high);
}
