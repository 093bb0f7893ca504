package io.lanyard.control.client;

/** An operator's ways to act on a guest. */
public enum GuestAction {
  /** Powers it on. */
  START,
  /** Presses its power button. */
  STOP,
  /** Powers it off at once. */
  KILL,
  /** Presses its reset button. */
  RESET,
  /** Stops its processors. */
  PAUSE,
  /** Lets it go on. */
  RESUME
}
