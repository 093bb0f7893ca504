package io.lanyard.daemon;

import io.lanyard.vmm.VmmException;
import java.lang.System.Logger.Level;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Calls into a VMM plug-in, one at a time, such that a plug-in that throws or never returns costs
 * its callers an exception and nothing else.
 *
 * <p>Each call has a platform thread, because a plug-in may be stuck in native code, where a
 * virtual thread would keep its carrier from everybody. A thread that hangs is left behind; while
 * it does, further calls of the same lane fail after the same patience.
 *
 * <p>Thread: any; {@link #call} blocks.
 */
final class PluginLane {
  private static final System.Logger LOG = System.getLogger(PluginLane.class.getName());

  /**
   * How long a plug-in may take.
   *
   * @param actMillis to do something: opening a large image, or killing a busy guest, takes a
   *     second at most
   * @param readMillis to say a figure, which is at hand or something is wrong
   * @param closeMillis to let go, which is waited for when the daemon stops
   */
  record Patience(long actMillis, long readMillis, long closeMillis) {
    static final Patience USUAL = new Patience(10_000, 500, 3000);
  }

  private final String owner;
  private final long patienceMillis;
  private final ReentrantLock turn = new ReentrantLock();
  private FutureTask<?> running = new FutureTask<>(() -> null);

  /**
   * Makes a lane.
   *
   * @param owner whose calls these are, as a message calls it
   * @param patienceMillis how long a call may take
   */
  PluginLane(String owner, long patienceMillis) {
    this.owner = owner;
    this.patienceMillis = patienceMillis;
    running.run();
  }

  /**
   * Calls.
   *
   * @param what what is done, for a message: "start"
   * @param task calls the plug-in; it may still end when this has given up
   * @throws VmmException what the plug-in says, or that it failed or does not answer
   * @throws IllegalStateException as the interface has it: the guest's state does not allow the
   *     call
   * @throws UnsupportedOperationException as the interface has it
   */
  <T> T call(String what, Callable<T> task) throws VmmException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMillis);
    try {
      if (!turn.tryLock(patienceMillis, TimeUnit.MILLISECONDS)) {
        throw silent(what);
      }
      try {
        await(running, deadline);
        FutureTask<T> next = new FutureTask<>(task);
        running = next;
        Thread.ofPlatform().daemon().name("vmm-" + owner).start(next);
        return next.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
      } finally {
        turn.unlock();
      }
    } catch (TimeoutException e) {
      throw silent(what);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VmmException("interrupted while " + owner + " was asked to " + what, e);
    } catch (ExecutionException e) {
      throw failure(what, Objects.requireNonNullElse(e.getCause(), e));
    }
  }

  private static void await(FutureTask<?> before, long deadline)
      throws InterruptedException, TimeoutException {
    try {
      var _ = before.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      // Its caller was told.
    }
  }

  private VmmException silent(String what) {
    return new VmmException(
        "the VMM of "
            + owner
            + " does not answer: "
            + what
            + " takes more than "
            + patienceMillis
            + " ms");
  }

  private VmmException failure(String what, Throwable cause) {
    return switch (cause) {
      case VmmException told -> told;
      case IllegalStateException contract -> throw contract;
      case UnsupportedOperationException contract -> throw contract;
      default -> {
        LOG.log(Level.WARNING, "vmm failed owner=" + owner + " call=" + what, cause);
        yield new VmmException("the VMM of " + owner + " failed to " + what + ": " + cause, cause);
      }
    };
  }
}
