package io.lanyard.config;

import java.util.List;
import java.util.stream.Collectors;

/** A configuration that cannot be used, with everything that is wrong with it. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1;

  private final transient List<Problem> problems;

  /**
   * Makes one.
   *
   * @param problems at least one, in the order of the file
   */
  public ConfigException(List<Problem> problems) {
    super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
    this.problems = List.copyOf(problems);
  }

  /**
   * The problems of the file.
   *
   * @return at least one problem, in the order of the file
   */
  public List<Problem> problems() {
    return problems;
  }
}
