package io.lanyard.linux;

import java.io.File;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The process's descriptors: how many there may be, and how many there are.
 *
 * <p>Thread: any.
 */
public final class OpenFiles {
  private static final int RLIMIT_NOFILE = 7;

  /** The kernel's own limit (fs.nr_open has no larger default). */
  private static final int MOST = 1 << 20;

  private OpenFiles() {}

  /**
   * The limit of open files (RLIMIT_NOFILE, the soft one; the JVM raises it to the hard one when it
   * starts).
   *
   * @return descriptors, at most 1048576
   */
  public static int limit() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment limit = arena.allocate(ValueLayout.JAVA_LONG, 2);
      if (Libc.getrlimit(RLIMIT_NOFILE, limit.address()) < 0) {
        return MOST;
      }
      long soft = limit.get(ValueLayout.JAVA_LONG, 0);
      // RLIM_INFINITY is all ones.
      return soft < 0 || soft > MOST ? MOST : (int) soft;
    }
  }

  /**
   * How many descriptors are open now.
   *
   * @return descriptors; 0 where /proc does not tell
   */
  public static int count() {
    String[] entries = new File("/proc/self/fd").list();
    return entries == null ? 0 : entries.length;
  }
}
