package io.lanyard.daemon.guest;

import io.lanyard.base.LogEvent;
import io.lanyard.base.RunningTimeout;
import io.lanyard.vmm.VmmException;
import java.lang.System.Logger.Level;
import java.time.Duration;
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
 * <p>The log names a call that takes too long once, and {@link #trouble} as long as it takes;
 * likewise a call that fails in a way that the interface does not have, until it succeeds.
 *
 * <p>Each call has a platform thread, because a plug-in may be stuck in native code, where a
 * virtual thread would keep its carrier from everybody. A thread that hangs is left behind; while
 * it does, further calls of the same executor fail after the same timeout.
 *
 * <p>Thread: any; {@link #call} blocks.
 */
public final class PluginExecutor {
  private static final System.Logger LOG = System.getLogger(PluginExecutor.class.getName());

  /**
   * The limits of a plug-in's calls.
   *
   * @param actMillis to do something: opening a large image, or killing a busy guest, takes a
   *     second at most
   * @param readMillis to answer a query, whose answer is at hand or something is wrong
   * @param closeMillis to close, for which the daemon waits when it stops
   */
  public record Timeouts(long actMillis, long readMillis, long closeMillis) {
    public static final Timeouts DEFAULT = new Timeouts(10_000, 500, 3000);
  }

  private final String owner;
  private final long timeoutMillis;
  private final ReentrantLock turn = new ReentrantLock();
  private FutureTask<?> running = new FutureTask<>(() -> null);

  /** The call that takes too long, for a person. */
  private volatile @Nullable Overdue overdue;

  /** The last failures that the interface does not have, by call. */
  private final Map<String, String> failing = new ConcurrentHashMap<>();

  private record Overdue(FutureTask<?> task, String text) {}

  /**
   * Makes an executor.
   *
   * @param owner whose calls these are, as a message calls it
   * @param timeoutMillis how long a call may take
   */
  PluginExecutor(String owner, long timeoutMillis) {
    this.owner = owner;
    this.timeoutMillis = timeoutMillis;
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
    return call(what, timeoutMillis, task);
  }

  /** Calls what may take longer than others do, or less. */
  <T> T call(String what, long millis, Callable<T> task) throws VmmException {
    T answer = answer(what, millis, task);
    if (failing.remove(what) != null) {
      LogEvent.of("vmm-recovered").with("owner", owner).with("call", what).log(LOG, Level.INFO);
    }
    return answer;
  }

  /**
   * The plug-in's problem at this moment.
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

  private <T> T answer(String what, long millis, Callable<T> task) throws VmmException {
    RunningTimeout timeout = new RunningTimeout(Duration.ofMillis(millis));
    try {
      if (!timeout.await(nanos -> turn.tryLock(nanos, TimeUnit.NANOSECONDS))) {
        throw silent(what, millis);
      }
      try {
        if (!hasEnded(running, timeout)) {
          throw late(what, millis, running);
        }
        FutureTask<T> next = new FutureTask<>(task);
        running = next;
        Thread.ofPlatform().daemon().name("vmm-" + owner).start(next);
        if (!hasEnded(next, timeout)) {
          throw late(what, millis, next);
        }
        return next.get();
      } finally {
        turn.unlock();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VmmException("interrupted while " + owner + " was asked to " + what, e);
    } catch (ExecutionException e) {
      throw failure(what, Objects.requireNonNullElse(e.getCause(), e));
    }
  }

  /**
   * Tells of a call once, however many callers wait behind it. The caller has the turn.
   *
   * @return what its caller is told
   */
  @SuppressWarnings("ReferenceEquality") // This very call, not one like it.
  private VmmException late(String what, long millis, FutureTask<?> task) {
    Overdue known = overdue;
    if (known == null || known.task != task) {
      String text = silence(what, millis);
      overdue = new Overdue(task, text);
      LogEvent.of("vmm-silent")
          .with("owner", owner)
          .with("call", what)
          .with("millis", millis)
          .log(LOG, Level.WARNING);
    }
    return silent(what, millis);
  }

  /** Waits for the end of a call, however it ends: its own caller is told that. */
  private static boolean hasEnded(FutureTask<?> call, RunningTimeout timeout)
      throws InterruptedException {
    return timeout.await(nanos -> {
      try {
        var _ = call.get(nanos, TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        return false;
      } catch (ExecutionException e) {
        return true;
      }
      return true;
    });
  }

  private String silence(String what, long millis) {
    return "the VMM of "
        + owner
        + " does not answer: "
        + what
        + " takes more than "
        + millis
        + " ms";
  }

  private VmmException silent(String what, long millis) {
    return new VmmException(silence(what, millis));
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
