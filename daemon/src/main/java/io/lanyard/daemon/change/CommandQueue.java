package io.lanyard.daemon.change;

import io.lanyard.base.LogEvent;
import io.lanyard.base.RunningTimeout;
import io.lanyard.daemon.change.ChangeRefusedException.Reason;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The conductor's commands: done one at a time, in their order, on one thread.
 *
 * <p>A command whose turn does not come in time, because another one waits for guests to stop, is
 * refused and told what that one does.
 *
 * <p>Thread: any.
 */
final class CommandQueue implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CommandQueue.class.getName());

  /** A change that ends guests may take minutes; who asks for another one is told before that. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

  private static final int STOP_SECONDS = 5;

  private final ScheduledExecutorService queue =
      Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "conductor");
        thread.setDaemon(true);
        return thread;
      });

  /** The doings of the present command, for those who wait; empty for none. */
  private volatile String doing = "";

  private volatile Duration turn = LONGEST_WAIT;

  /**
   * Has a task done again and again between the commands.
   *
   * @param seconds the time between two runs
   */
  void every(int seconds, Runnable task) {
    var _ = queue.scheduleWithFixedDelay(task, seconds, seconds, TimeUnit.SECONDS);
  }

  /** Has a task done in its turn after a time. */
  Future<?> after(Duration time, Runnable task) {
    return queue.schedule(task, time.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Says what the present command does; empty when it has done it. */
  void doing(String what) {
    doing = what;
  }

  /** Sets how long a command waits for its turn, for a test. */
  void turn(Duration wait) {
    turn = wait;
  }

  /**
   * Has a command done in its turn.
   *
   * @return its answer; fails with a {@link ChangeRefusedException} if its turn does not come in
   *     time
   */
  <T extends @Nullable Object> CompletableFuture<T> submit(Callable<T> command) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    AtomicBoolean taken = new AtomicBoolean();
    CompletableFuture<Void> wait = new CompletableFuture<>();
    var _ =
        wait.completeOnTimeout(null, turn.toMillis(), TimeUnit.MILLISECONDS)
            .thenRun(() -> {
              if (taken.compareAndSet(false, true)) {
                answer.completeExceptionally(busy());
              }
            });
    try {
      queue.execute(() -> {
        if (taken.compareAndSet(false, true)) {
          boolean _ = wait.cancel(false);
          complete(answer, command);
        }
      });
    } catch (RejectedExecutionException e) {
      answer.completeExceptionally(
          new ChangeRefusedException(Reason.BUSY, "the daemon stops", List.of(), ""));
    }
    return answer;
  }

  /** Completes an answer by what a command returns or throws. On the calling thread. */
  static <T extends @Nullable Object> void complete(
      CompletableFuture<T> answer, Callable<T> command) {
    try {
      answer.complete(command.call());
    } catch (Exception | LinkageError e) {
      answer.completeExceptionally(e);
    }
  }

  private ChangeRefusedException busy() {
    String now = doing;
    return new ChangeRefusedException(
        Reason.BUSY,
        now.isEmpty() ? "other changes are being made" : now,
        List.of(),
        "nothing was changed; repeat it when that is done");
  }

  /** Ends the commands: the one that is being done is finished, the others are not begun. */
  @Override
  public void close() {
    queue.shutdownNow();
    try {
      RunningTimeout timeout = new RunningTimeout(Duration.ofSeconds(STOP_SECONDS));
      if (!timeout.await(nanos -> queue.awaitTermination(nanos, TimeUnit.NANOSECONDS))) {
        LogEvent.of("conductor-not-stopped").log(LOG, Level.WARNING);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
