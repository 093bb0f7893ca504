package io.lanyard.testing;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** The bytes that a piece of work leaves on the heap. */
public final class Garbage {
  private static final int MOST_ROUNDS = 60;

  private Garbage() {}

  /**
   * Does work time and again until a round of it leaves next to nothing. While the JVM still
   * interprets and compiles it, even work that makes no object leaves some; so the best round
   * counts. Work that makes an object each time never has a good one.
   *
   * @param enough bytes that are nothing: less than one object for each of a round's frames
   * @param round the work, done on the caller's thread
   * @return the bytes that the last round has allocated: less than {@code enough}, or those of the
   *     last of many
   */
  public static long of(long enough, Runnable round) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long garbage = Long.MAX_VALUE;
    for (int i = 0; i < MOST_ROUNDS && garbage >= enough; i++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      round.run();
      garbage = threads.getCurrentThreadAllocatedBytes() - before;
    }
    return garbage;
  }
}
