package io.lanyard.daemon.history;

import io.lanyard.config.Edit;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * A configuration that has run.
 *
 * @param number each has the next one
 * @param at when it began to run
 * @param who who asked for it
 * @param why what was asked for
 * @param source the file that it stands on; empty for the built-in one
 * @param directory what relative paths in the file are relative to
 * @param text the file's text
 * @param own the text's digest of the daemon's own file at that time, which may be another file
 * @param edits the changes that lie over the file, in order
 * @param unconfirmed whether it waits for a confirmation
 */
public record Revision(
    long number,
    Instant at,
    String who,
    String why,
    String source,
    Path directory,
    String text,
    String own,
    List<Edit> edits,
    boolean unconfirmed) {
  /** Copies the list. */
  public Revision {
    edits = List.copyOf(edits);
  }

  /**
   * The same configuration, run again.
   *
   * @param next the number from now on
   * @param when when it began to run
   * @param by who asked for it
   * @param cause why
   * @return a revision that needs no confirmation
   */
  Revision again(long next, Instant when, String by, String cause) {
    return new Revision(next, when, by, cause, source, directory, text, own, edits, false);
  }

  /**
   * The same, confirmed.
   *
   * @return a copy
   */
  Revision confirmed() {
    return new Revision(number, at, who, why, source, directory, text, own, edits, false);
  }
}
