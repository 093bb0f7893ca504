package io.lanyard.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Collects what is wrong with a file and the changes that are laid over it, so that all of it is
 * reported at once.
 */
final class Problems {
  /** More than anybody reads; a hostile file cannot make a report without end. */
  private static final int MOST = 100;

  private final String source;
  private final List<Problem> problems = new ArrayList<>();
  private int more;

  /** The document that the paths lead through; null until it has been read. */
  private @Nullable YamlNode tree;

  Problems(String source) {
    this.source = source;
  }

  /** Says what the paths of later problems lead through. */
  void of(YamlNode document) {
    tree = document;
  }

  /** The same problems, to which others can be added. */
  Problems copy() {
    Problems copy = new Problems(source);
    copy.problems.addAll(problems);
    copy.more = more;
    copy.tree = tree;
    return copy;
  }

  /** Problems of the same source, without those that there are. */
  Problems separate() {
    Problems separate = new Problems(source);
    separate.tree = tree;
    return separate;
  }

  /** Adds the problems of a reading in whose place a word would have been right, too. */
  void addWithWord(Problems others, String word) {
    for (Problem other : others.problems) {
      add(
          new Problem(
              other.source(),
              other.line(),
              other.column(),
              other.path(),
              other.message().replaceFirst("^expected ", "expected " + word + " or "),
              other.malformed()));
    }
  }

  /** Adds what another configuration might have. */
  void add(Place place, String path, String message) {
    add(place, path, message, false);
  }

  /** Adds what no configuration could have. */
  void malformed(Place place, String path, String message) {
    add(place, path, message, true);
  }

  private void add(Place place, String path, String message, boolean malformed) {
    Edit edit = place.edit();
    String where = edit == null ? source : edit.source();
    add(new Problem(where, place.line(), place.column(), named(path, place), message, malformed));
  }

  /**
   * A path as people know it: where a place in the file says which item is meant, as it is, and in
   * a change by the items' names.
   */
  String named(String path, Place place) {
    return tree == null || place.edit() == null ? path : ItemNames.in(tree, path);
  }

  private void add(Problem problem) {
    if (problems.size() < MOST) {
      problems.add(problem);
    } else {
      more++;
    }
  }

  /** Adds the problems of another reading, except for those that are known of the same place. */
  void addOthers(Problems others) {
    for (Problem other : others.problems) {
      if (problems.stream().anyMatch(known -> isSame(known, other))) {
        continue;
      }
      add(other);
    }
    more = Math.max(more, others.more);
  }

  /** Paths may differ, because places in lists shift. */
  private static boolean isSame(Problem a, Problem b) {
    return a.source().equals(b.source())
        && a.line() == b.line()
        && a.column() == b.column()
        && a.message().equals(b.message());
  }

  /** The number of problems so far. */
  int count() {
    return problems.size();
  }

  /**
   * Adds an explanation to problems.
   *
   * @param from the number of those before the first that may need it
   * @param text what their messages contain
   * @param explanation continues a message
   */
  void explain(int from, String text, String explanation) {
    for (int i = from; i < problems.size(); i++) {
      Problem problem = problems.get(i);
      if (problem.message().contains(text)) {
        problems.set(
            i,
            new Problem(
                problem.source(),
                problem.line(),
                problem.column(),
                problem.path(),
                problem.message() + explanation,
                problem.malformed()));
      }
    }
  }

  boolean isEmpty() {
    return problems.isEmpty();
  }

  ConfigException exception() {
    problems.sort(
        Comparator.comparing((Problem problem) -> !problem.source().equals(source))
            .thenComparing(Problem::source)
            .thenComparingInt(Problem::line)
            .thenComparingInt(Problem::column));
    if (more > 0) {
      boolean malformed = problems.stream().allMatch(Problem::malformed);
      problems.add(new Problem(source, 0, 0, "", "and " + more + " more problems", malformed));
    }
    return new ConfigException(problems);
  }
}
