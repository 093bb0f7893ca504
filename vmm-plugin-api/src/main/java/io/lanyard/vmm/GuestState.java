package io.lanyard.vmm;

/** A guest's place in its life. */
public enum GuestState {
  /** Made, never started. */
  CREATED,
  /** Its processors run. */
  RUNNING,
  /** Its processors stand still. */
  PAUSED,
  /** Powered off, by itself or from outside. */
  STOPPED,
  /** The machine could not go on. */
  FAILED
}
