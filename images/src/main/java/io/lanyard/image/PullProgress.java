package io.lanyard.image;

/** Hears how a pull goes on. Called by the thread that pulls. */
public interface PullProgress {
  /**
   * A step begins.
   *
   * @param name what is being done, a few words
   * @param total bytes to do, or -1 if nobody knows
   */
  void step(String name, long total);

  /**
   * The present step went on.
   *
   * @param done bytes done of it
   */
  void at(long done);
}
