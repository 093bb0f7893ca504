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
  private volatile Set<String> known = Set.of();
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
        look();
        TimeUnit.SECONDS.sleep(SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LogEvent.of("problem-events-failed").log(LOG, Level.ERROR, e);
    }
  }

  /** Compares the present problems with those of the last look. */
  void look() {
    Set<String> now = new LinkedHashSet<>(present.get());
    List<String> over = new ArrayList<>(known);
    over.removeAll(now);
    List<String> begun = new ArrayList<>(now);
    begun.removeAll(known);
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

  /** How many problems the last look found. Any thread. */
  public int count() {
    return known.size();
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
