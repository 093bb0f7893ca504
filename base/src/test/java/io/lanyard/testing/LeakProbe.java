package io.lanyard.testing;

/**
 * Makes a leak detector say what it has found, in the log, where {@link LogWatch} reads it. A
 * service: this module knows no detector.
 */
@FunctionalInterface
public interface LeakProbe {
  /** Runs after each test class, when what was leaked has been collected. */
  void provoke();
}
