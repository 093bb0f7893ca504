package io.lanyard.daemon.network;

import io.lanyard.base.Causes;
import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The parts of a network that are still to be started: one that cannot start is tried again, after
 * a second at first, and after a minute in the end.
 *
 * <p>Thread: one at a time; {@link #problems} and {@link #isDue} any.
 */
final class StartingParts {
  private static final System.Logger LOG = System.getLogger(StartingParts.class.getName());
  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final Duration LAST = Duration.ofMinutes(1);

  private final String network;
  private final Clock clock;
  private final List<Part> waiting = new ArrayList<>();
  private volatile List<String> problems = List.of();
  private Duration pause = FIRST;
  private volatile long dueNanos;

  /** A part that is to be started, and why it could not be. */
  private static final class Part {
    private final String name;
    private final Runnable start;
    private String problem = "";

    Part(String name, Runnable start) {
      this.name = name;
      this.start = start;
    }
  }

  /**
   * Has nothing to start yet.
   *
   * @param network the network's name
   * @param clock tells when a part is tried again
   */
  StartingParts(String network, Clock clock) {
    this.network = network;
    this.clock = clock;
  }

  /**
   * Adds a part, after those that are to start before it.
   *
   * @param name the part in a sentence, such as {@code its gateway}
   * @param start starts it, or throws and leaves nothing behind
   */
  void add(String name, Runnable start) {
    waiting.add(new Part(name, start));
  }

  /** Starts all that waits. What cannot start does not keep the others from it. */
  void start() {
    for (Iterator<Part> parts = waiting.iterator(); parts.hasNext(); ) {
      if (starts(parts.next())) {
        parts.remove();
      }
    }
    problems = waiting.stream().map(StartingParts::problem).toList();
    dueNanos = clock.nanoTime() + pause.toNanos();
  }

  /** Whether a part waits to be tried again, and its time has come. */
  boolean isDue() {
    return !problems.isEmpty() && clock.nanoTime() - dueNanos >= 0;
  }

  /** Tries those again that could not start. */
  void startAgain() {
    pause = pause.multipliedBy(2).compareTo(LAST) < 0 ? pause.multipliedBy(2) : LAST;
    start();
  }

  private boolean starts(Part part) {
    try {
      part.start.run();
      if (!part.problem.isEmpty()) {
        event("network-recovered", part).log(LOG, Level.INFO);
      }
      return true;
    } catch (RuntimeException e) {
      String cause = Causes.of(e);
      if (!part.problem.equals(cause)) {
        part.problem = cause;
        event("network-failed", part)
            .with("advice", "it is tried again by itself")
            .log(LOG, Level.ERROR, e);
      }
      return false;
    }
  }

  private LogEvent event(String event, Part part) {
    return LogEvent.of(event).with("network", network).with("part", part.name);
  }

  private static String problem(Part part) {
    return part.name + " cannot run: " + part.problem + "; it is tried again by itself";
  }

  /** The parts that cannot run, for people. */
  List<String> problems() {
    return problems;
  }
}
