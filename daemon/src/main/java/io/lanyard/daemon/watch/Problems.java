package io.lanyard.daemon.watch;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/**
 * The present problems, collected from the components.
 *
 * <p>A component does not report a problem and take it back; it says, whenever it is asked, which
 * it has. So none outlives its cause, and nothing is kept twice. What happened and is over belongs
 * to the log and the counters.
 *
 * <p>Thread: {@link #add} any; {@link #present} the thread that its sources belong to.
 */
public final class Problems {
  /** The most problems that a person reads at once; the rest has the same causes. */
  private static final int MOST = 50;

  private final List<Supplier<List<String>>> sources = new CopyOnWriteArrayList<>();

  public Problems() {}

  /**
   * Asks a component from now on.
   *
   * @param component what it is, as people know it: {@code dhcp}, {@code port qemu1}
   * @param problem gives its present problem and what to do about it, in words; empty for none. It
   *     does not block
   */
  public void add(String component, Supplier<String> problem) {
    sources.add(() -> {
      String present = problem.get();
      return present.isEmpty() ? List.of() : List.of(component + ": " + present);
    });
  }

  /**
   * Asks a component that may have several problems.
   *
   * @param problems gives them, each with the name of what it belongs to
   */
  public void addAll(Supplier<List<String>> problems) {
    sources.add(problems);
  }

  /**
   * The present problems.
   *
   * @return a text for each, some fifty at most; the last one then says how many more there are
   */
  public List<String> present() {
    List<String> all = new ArrayList<>();
    sources.forEach(source -> all.addAll(source.get()));
    return bounded(all);
  }

  /** Cuts a list to what can be read. */
  public static List<String> bounded(List<String> all) {
    if (all.size() <= MOST) {
      return List.copyOf(all);
    }
    List<String> first = new ArrayList<>(all.subList(0, MOST));
    first.add((all.size() - MOST) + " more problems");
    return List.copyOf(first);
  }
}
