package io.lanyard.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects what is wrong with one file, so that all of it is reported at once. */
final class Problems {
  /** More than anybody reads; a hostile file cannot make a report without end. */
  private static final int MOST = 100;

  private final String source;
  private final List<Problem> problems = new ArrayList<>();
  private int more;

  Problems(String source) {
    this.source = source;
  }

  void add(Place place, String path, String message) {
    if (problems.size() < MOST) {
      problems.add(new Problem(source, place.line(), place.column(), path, message));
    } else {
      more++;
    }
  }

  boolean isEmpty() {
    return problems.isEmpty();
  }

  ConfigException exception() {
    problems.sort(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column));
    if (more > 0) {
      problems.add(new Problem(source, 0, 0, "", "and " + more + " more problems"));
    }
    return new ConfigException(problems);
  }
}
