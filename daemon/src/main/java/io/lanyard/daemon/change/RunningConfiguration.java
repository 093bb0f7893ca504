package io.lanyard.daemon.change;

import io.lanyard.base.Clock;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import java.nio.file.Path;
import java.util.List;

/**
 * A configuration that runs, or that a starting daemon is to run.
 *
 * @param document what was said
 * @param configuration what that means
 * @param revision its number
 * @param leftOut the changes that the file has no place for any more, since it was edited while the
 *     daemon did not run; a line for each
 */
public record RunningConfiguration(
    Document document, Configuration configuration, long revision, List<String> leftOut) {
  /** Copies the list. */
  public RunningConfiguration {
    leftOut = List.copyOf(leftOut);
  }

  RunningConfiguration(Document document, Configuration configuration, long revision) {
    this(document, configuration, revision, List.of());
  }

  /**
   * A configuration that has not run before.
   *
   * @param document what was said
   * @return it with its meaning, as revision 0
   * @throws ConfigException if it has problems
   */
  public static RunningConfiguration of(Document document) throws ConfigException {
    return new RunningConfiguration(document, document.configuration(), 0);
  }

  /**
   * The configuration that a starting daemon runs: its own file, or what it ran last.
   *
   * @param file the daemon's own file, or the built-in one
   * @param state the state directory, which is this process's own
   * @param clock tells the time
   * @return what to run
   * @throws ConfigException if the file has problems and there is nothing else
   */
  public static RunningConfiguration recover(Document file, Path state, Clock clock)
      throws ConfigException {
    return Recovery.recover(file, state, clock);
  }

  /** The same with another meaning. */
  public RunningConfiguration with(Configuration other) {
    return new RunningConfiguration(document, other, revision, leftOut);
  }
}
