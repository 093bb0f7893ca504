package io.lanyard.daemon.watch;

import io.lanyard.base.LogEvent;
import io.lanyard.control.api.EventType;
import io.lanyard.daemon.event.EventBus;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells which problems begin and which are over. Components only say which problems they have, so
 * this looks every {@value #SECONDS} s; a problem that is shorter may be missed.
 *
 * <p>Thread: any, one at a time; it looks on a thread of its own.
 */
public final class ProblemEvents implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ProblemEvents.class.getName());

  /** Soon enough for a person; a look costs each network's loop a task. */
  static final int SECONDS = 2;

  private final EventBus events;
  private final Supplier<List<String>> present;

  /** Of the last look; null before the first. */
  private volatile @Nullable Set<String> known;

  private boolean failed;
  private @Nullable Thread thread;

  /**
   * Makes a watch that has seen no problems.
   *
   * @param events hears of them
   * @param present gives the present problems; may block
   */
  public ProblemEvents(EventBus events, Supplier<List<String>> present) {
    this.events = events;
    this.present = present;
  }

  /** Looks from now on, until it is closed. */
  public void start() {
    thread = Thread.ofVirtual().name("problem-events").start(this::watch);
  }

  private void watch() {
    try {
      while (true) {
        boolean _ = tryLook();
        TimeUnit.SECONDS.sleep(SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Looks once; of looks that fail one after another the first is logged.
   *
   * @return whether it was possible
   */
  boolean tryLook() {
    try {
      look();
      failed = false;
      return true;
    } catch (RuntimeException e) {
      if (!failed) {
        LogEvent.of("problem-events-failed").log(LOG, Level.ERROR, e);
      }
      failed = true;
      return false;
    }
  }

  /** Compares the present problems with those of the last look. */
  void look() {
    Set<String> last = known;
    Set<String> before = last == null ? Set.of() : last;
    Set<String> now = new LinkedHashSet<>(present.get());
    List<String> over = new ArrayList<>(before);
    over.removeAll(now);
    List<String> begun = new ArrayList<>(now);
    begun.removeAll(before);
    // A problem in other numbers is the same one.
    Map<String, String> left = new HashMap<>();
    over.forEach(problem -> left.put(withoutNumbers(problem), problem));
    for (String problem : begun) {
      String same = left.remove(withoutNumbers(problem));
      if (same == null) {
        publish(EventType.PROBLEM_BEGAN, problem);
      } else {
        over.remove(same);
      }
    }
    over.forEach(problem -> publish(EventType.PROBLEM_OVER, problem));
    known = now;
  }

  /** How many problems the last look found; NaN before the first. Any thread. */
  public double count() {
    Set<String> last = known;
    return last == null ? Double.NaN : last.size();
  }

  private void publish(EventType type, String problem) {
    events.publish(type, "", "", Map.of("problem", problem));
  }

  private static String withoutNumbers(String problem) {
    return problem.replaceAll("[0-9]+", "#");
  }

  @Override
  public void close() {
    Thread running = thread;
    if (running != null) {
      running.interrupt();
    }
  }
}
