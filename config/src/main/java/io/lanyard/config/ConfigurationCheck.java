package io.lanyard.config;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Checks what the format cannot know, because it depends on the host: whether the guests' VMMs can
 * make them, and whether there is what uplinks need. Found by {@link java.util.ServiceLoader}; the
 * daemon's program has one, which works without a daemon that runs.
 *
 * <p>Thread: any; it blocks. It changes nothing.
 */
public interface ConfigurationCheck {
  /**
   * The findings.
   *
   * @param problems what stands in the way, in the order of the guests, each with its place
   * @param doubts what may go wrong
   * @param left what is not checked, because only a daemon that runs finds it
   */
  record Report(List<Problem> problems, List<Problem> doubts, List<String> left) {
    /** Copies the lists. */
    public Report {
      problems = List.copyOf(problems);
      doubts = List.copyOf(doubts);
      left = List.copyOf(left);
    }
  }

  /**
   * Checks a configuration.
   *
   * @param document the document
   * @param configuration its model
   * @param plugins a directory of VMM plug-ins, or null for none but the daemon's own
   * @param images the image store, or null for this user's
   * @return the findings
   */
  Report check(
      Document document,
      Configuration configuration,
      @Nullable Path plugins,
      @Nullable Path images);
}
