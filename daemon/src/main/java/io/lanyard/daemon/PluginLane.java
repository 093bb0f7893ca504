package io.lanyard.daemon;

import io.lanyard.base.LogEvent;
import io.lanyard.vmm.VmmException;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Calls into a VMM plug-in, one at a time, such that a plug-in that throws or never returns costs
 * its callers an exception and nothing else.
 *
 * <p>A call that takes longer than it may is told of in the log once, and by {@link #trouble} for
 * as long as it takes; so is one that fails in a way that the interface does not have, until it
 * succeeds.
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

  /** The call that takes too long, for a person. */
  private volatile @Nullable Overdue overdue;

  /** What failed last in a way that it must not, by call. */
  private final Map<String, String> failing = new ConcurrentHashMap<>();

  private record Overdue(FutureTask<?> task, String text) {}

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
    T answer = answer(what, task);
    if (failing.remove(what) != null) {
      LogEvent.of("vmm-recovered").with("owner", owner).with("call", what).log(LOG, Level.INFO);
    }
    return answer;
  }

  /**
   * What is wrong with the plug-in at this moment.
   *
   * @return for a person; empty if it answers
   */
  String trouble() {
    Overdue late = overdue;
    if (late != null && !late.task.isDone()) {
      return late.text;
    }
    return failing.values().stream().findFirst().orElse("");
  }

  private <T> T answer(String what, Callable<T> task) throws VmmException {
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
      } catch (TimeoutException e) {
        late(what, running);
        throw e;
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

  /** With the turn: tells of a call once, whoever waits behind it. */
  @SuppressWarnings("ReferenceEquality") // This very call, not one like it.
  private void late(String what, FutureTask<?> task) {
    Overdue known = overdue;
    if (known == null || known.task != task) {
      String text = silence(what);
      overdue = new Overdue(task, text);
      LogEvent.of("vmm-silent")
          .with("owner", owner)
          .with("call", what)
          .with("millis", patienceMillis)
          .log(LOG, Level.WARNING);
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

  private String silence(String what) {
    return "the VMM of "
        + owner
        + " does not answer: "
        + what
        + " takes more than "
        + patienceMillis
        + " ms";
  }

  private VmmException silent(String what) {
    return new VmmException(silence(what));
  }

  private VmmException failure(String what, Throwable cause) {
    return switch (cause) {
      case VmmException told -> told;
      case IllegalStateException contract -> throw contract;
      case UnsupportedOperationException contract -> throw contract;
      default -> {
        String text = "the VMM of " + owner + " failed to " + what + ": " + cause;
        if (failing.put(what, text) == null) {
          LogEvent.of("vmm-failed")
              .with("owner", owner)
              .with("call", what)
              .log(LOG, Level.WARNING, cause);
        }
        yield new VmmException(text, cause);
      }
    };
  }
}
