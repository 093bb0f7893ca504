package io.lanyard.daemon.watch;

import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Asks each of the daemon's loops for a sign of life, over and over, and passes one on to systemd
 * only when all have given theirs since the last.
 *
 * <p>A loop that does not answer is a problem of the status, and is logged once with what its
 * thread does: after that systemd ends the process, and nobody could look. Time in which the loop's
 * thread waits for a processor does not count: on a busy host a healthy loop answers late.
 *
 * <p>Thread: any; {@link #round} one at a time.
 */
public final class Watchdog implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Watchdog.class.getName());

  /** A healthy loop answers in microseconds. A collection or a busy host may take part of this. */
  private static final long SLOW_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** Often enough to be seen in the status, and nothing for a host that wants to sleep. */
  private static final Duration USUAL_PERIOD = Duration.ofSeconds(2);

  /** Signs of life in the time that systemd waits for one: it asks for two. */
  private static final int SIGNS = 4;

  private static final int SHOWN_FRAMES = 12;

  private final Clock clock;
  private final ProcessorWaits waits;
  private final List<Watched> loops = new CopyOnWriteArrayList<>();
  private @Nullable Thread thread;

  /** A loop, and whether it has answered. */
  private static final class Watched {
    final String name;
    final Executor executor;
    volatile boolean answered = true;
    volatile @Nullable Thread thread;
    volatile long asked;

    /** The time that the last answer took, in nanoseconds. */
    volatile long delay;

    /**
     * The threads that have answered, by the kernel's number, each with how long it had waited for
     * a processor when the loop was last asked. Virtual threads have as many as they have carriers.
     */
    final Map<Long, Long> waited = new ConcurrentHashMap<>();

    final boolean vital;
    int missed;
    boolean logged;

    Watched(String name, Executor executor, boolean vital) {
      this.name = name;
      this.executor = executor;
      this.vital = vital;
    }
  }

  public Watchdog(Clock clock) {
    this(clock, ProcessorWaits.OF_KERNEL);
  }

  Watchdog(Clock clock, ProcessorWaits waits) {
    this.clock = clock;
    this.waits = waits;
  }

  /**
   * Watches a loop.
   *
   * @param name what it is, for the log and the status
   * @param executor runs tasks on it, without waiting for them
   */
  public void watch(String name, Executor executor) {
    loops.add(new Watched(name, executor, true));
  }

  /**
   * Watches a loop that waits for the disk: its silence is logged and is a problem of the status,
   * but does not end the process, because a new one would wait for the same disk.
   *
   * @param name what it is, for the log and the status
   * @param executor runs tasks on it, without waiting for them
   */
  public void watchDisk(String name, Executor executor) {
    loops.add(new Watched(name, executor, false));
  }

  /** The threads that have answered. */
  Set<Thread> threads() {
    return loops.stream()
        .map(loop -> loop.thread)
        .filter(Objects::nonNull)
        .collect(Collectors.toSet());
  }

  /**
   * Watches a loop no longer, because it is about to end.
   *
   * @param name what it was called
   */
  public void forget(String name) {
    loops.removeIf(loop -> loop.name.equals(name));
  }

  /**
   * Begins.
   *
   * @param timeout how long systemd waits for a sign of life; zero if it does not
   * @param alive passes the sign on
   */
  public void start(Duration timeout, Runnable alive) {
    Duration period =
        timeout.isZero() || timeout.dividedBy(SIGNS).compareTo(USUAL_PERIOD) > 0
            ? USUAL_PERIOD
            : timeout.dividedBy(SIGNS);
    thread =
        Thread.ofPlatform()
            .daemon()
            .name("watchdog")
            .start(() -> {
              try {
                while (true) {
                  if (round() && !timeout.isZero()) {
                    alive.run();
                  }
                  Thread.sleep(period);
                }
              } catch (InterruptedException e) {
                // It is closed.
              }
            });
  }

  /**
   * Looks who has answered, and asks those again.
   *
   * @return whether all have that the process cannot do without
   */
  boolean round() {
    boolean all = true;
    for (Watched loop : loops) {
      if (loop.answered) {
        recovered(loop);
        ask(loop);
      } else {
        long silent = silentNanos(loop);
        all &= !loop.vital || silent < SLOW_NANOS;
        complain(loop, silent);
      }
    }
    return all;
  }

  private void ask(Watched loop) {
    loop.waited.replaceAll((thread, _) -> waits.nanos(thread));
    loop.waited.values().removeIf(nanos -> nanos == ProcessorWaits.UNKNOWN);
    loop.asked = clock.nanoTime();
    loop.answered = false;
    try {
      loop.executor.execute(() -> {
        Thread thread = Thread.currentThread();
        if (thread != loop.thread) {
          loop.thread = thread;
          loop.waited.putIfAbsent(waits.caller(), 0L);
        }
        loop.delay = clock.nanoTime() - loop.asked;
        loop.answered = true;
      });
    } catch (RejectedExecutionException e) {
      // A loop that has ended does not answer either.
    }
  }

  /** How long the loop has not answered, whether it had a processor or not. */
  private long unansweredNanos(Watched loop) {
    return loop.answered ? 0 : clock.nanoTime() - loop.asked;
  }

  /**
   * How long the loop could have answered and has not. The time that its thread has waited for a
   * processor is the host's; of several threads, that of the one that has waited longest, on which
   * the question may hang.
   */
  private long silentNanos(Watched loop) {
    if (loop.answered) {
      return 0;
    }
    long waited = 0;
    for (Map.Entry<Long, Long> each : loop.waited.entrySet()) {
      long now = waits.nanos(each.getKey());
      if (now != ProcessorWaits.UNKNOWN) {
        waited = Math.max(waited, now - each.getValue());
      }
    }
    return Math.max(0, unansweredNanos(loop) - waited);
  }

  private void complain(Watched loop, long silent) {
    loop.missed++;
    // Twice: after a pause of the whole process no loop has had its turn yet.
    if (loop.logged || loop.missed < 2 || silent < SLOW_NANOS) {
      return;
    }
    loop.logged = true;
    Thread stuck = loop.thread;
    String where =
        stuck == null || stuck.isVirtual()
            ? ""
            : Arrays.stream(stuck.getStackTrace())
                .limit(SHOWN_FRAMES)
                .map(StackTraceElement::toString)
                .collect(Collectors.joining(" < "));
    LogEvent.of("loop-silent")
        .with("loop", loop.name)
        .with("seconds", unansweredNanos(loop) / 1_000_000_000)
        .with("at", where)
        .with(
            "advice",
            loop.vital
                ? "please report this; the service is started anew if it lasts"
                : "look at the disk of the state directory")
        .log(LOG, Level.ERROR);
  }

  private static void recovered(Watched loop) {
    loop.missed = 0;
    if (loop.logged) {
      loop.logged = false;
      LogEvent.of("loop-answers").with("loop", loop.name).log(LOG, Level.INFO);
    }
  }

  /**
   * The time that each loop took to answer, or has not answered for.
   *
   * @return seconds by the loop's name
   */
  public Map<String, Double> delays() {
    Map<String, Double> delays = new TreeMap<>();
    for (Watched loop : loops) {
      delays.put(loop.name, Math.max(loop.delay, unansweredNanos(loop)) / 1e9);
    }
    return delays;
  }

  /**
   * The loops that do not answer.
   *
   * @return a text for each
   */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    for (Watched loop : loops) {
      if (silentNanos(loop) >= SLOW_NANOS) {
        problems.add(
            loop.name
                + ": it has not answered for "
                + unansweredNanos(loop) / 1_000_000_000
                + " s; the log says what it does, and "
                + (loop.vital
                    ? "a restart of the daemon ends it"
                    : "the disk of the state directory may be why"));
      }
    }
    return problems;
  }

  @Override
  public void close() {
    Thread running = thread;
    if (running != null) {
      running.interrupt();
    }
  }
}
