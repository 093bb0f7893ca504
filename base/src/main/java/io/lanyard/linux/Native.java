package io.lanyard.linux;

import java.lang.foreign.MemorySegment;

/** Memory by its address, for what is next to a system call and comes as a number. */
final class Native {
  /**
   * All of it. Nothing is checked: the caller makes sure that the memory is there.
   *
   * <p>One segment for all: to make one for each call would allocate.
   */
  @SuppressWarnings("restricted") // the daemon is given native access on its command line
  static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private Native() {}
}
