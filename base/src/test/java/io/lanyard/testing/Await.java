package io.lanyard.testing;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * Waits for what another thread or process brings about. A test goes on as soon as it is there; the
 * limit fails one that would never go on.
 */
public final class Await {
  /** Longer than a guest takes to boot on a busy machine. */
  private static final Duration LIMIT = Duration.ofSeconds(90);

  /** Most of what a test waits for comes within microseconds. */
  private static final Duration SPIN = Duration.ofMillis(1);

  /** Soon enough that nobody waits, and seldom enough that a condition may ask a daemon. */
  private static final long LONGEST_PAUSE_MILLIS = 20;

  private Await() {}

  /** A condition that something else brings about. */
  @FunctionalInterface
  public interface Condition {
    /**
     * Whether it is there.
     *
     * @return asked again while it is not
     * @throws Exception ends the wait, and fails the test
     */
    boolean holds() throws Exception;
  }

  /**
   * Waits until a condition holds.
   *
   * @param condition on the test's thread
   */
  public static void until(Condition condition) {
    until("the condition", condition);
  }

  /**
   * Waits until a condition holds.
   *
   * @param what what is waited for, in the message of a test that has waited without success
   * @param condition on the test's thread
   */
  public static void until(String what, Condition condition) {
    until(() -> what, condition);
  }

  /**
   * Waits until a condition holds.
   *
   * @param state what there is instead, asked for when the limit is over
   * @param condition on the test's thread
   */
  public static void until(Callable<String> state, Condition condition) {
    long begin = System.nanoTime();
    long pause = 1;
    try {
      while (!condition.holds()) {
        if (System.nanoTime() - begin > LIMIT.toNanos()) {
          throw new AssertionError(
              LIMIT.toSeconds() + " s have passed without success: " + state.call());
        }
        if (System.nanoTime() - begin < SPIN.toNanos()) {
          Thread.onSpinWait();
          continue;
        }
        TimeUnit.MILLISECONDS.sleep(pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while a test waited", e);
    } catch (Exception e) {
      throw new AssertionError("a condition cannot be tried", e);
    }
  }
}
