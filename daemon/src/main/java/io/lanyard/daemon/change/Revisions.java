package io.lanyard.daemon.change;

import io.lanyard.base.Causes;
import io.lanyard.base.Clock;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Document;
import io.lanyard.control.api.RevisionInfo;
import io.lanyard.daemon.change.ChangeRefusedException.Reason;
import io.lanyard.daemon.history.History;
import io.lanyard.daemon.history.Revision;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * The history as the conductor writes it: numbers that are used once, and the daemon's own file as
 * it was read last, by which the next start sees whether somebody has changed it since.
 *
 * <p>Thread: the conductor's; {@link #list} any.
 */
final class Revisions {
  private final History history;
  private final Document file;
  private final Clock clock;

  /** The time at which the daemon began to run what it found. */
  private final Instant started;

  /** The digest of the daemon's own file, as it was read last. */
  private String own;

  /**
   * Makes one.
   *
   * @param history where configurations are kept
   * @param file the daemon's own file
   * @param clock tells the time of a revision
   */
  Revisions(History history, Document file, Clock clock) {
    this.history = history;
    this.file = file;
    this.clock = clock;
    this.started = now();
    this.own = Recovery.digest(file);
  }

  /** Whether a document stands on the daemon's own file. */
  boolean isOwn(Document document) {
    return document.source().equals(file.source());
  }

  /** Whether a document is the daemon's own file as it is on the disk now, or the built-in one. */
  boolean isFileAsItIs(Document document) {
    try {
      return file.isBuiltIn()
          ? document.isBuiltIn()
          : Document.load(Path.of(file.source())).text().equals(document.text());
    } catch (ConfigException | InvalidPathException e) {
      return false;
    }
  }

  /** The time of the next revision. */
  Instant now() {
    return clock.now().truncatedTo(ChronoUnit.MILLIS);
  }

  /**
   * The number of the next revision. What ran at first is kept before the first change, so that it
   * can be gone back to.
   */
  long next(RunningConfiguration before) throws ChangeRefusedException {
    try {
      long highest = history.highest();
      if (highest == 0 && before.revision() == 0) {
        history.add(first(before));
      }
      return Math.max(highest, before.revision()) + 1;
    } catch (IOException e) {
      throw notKept(e);
    }
  }

  /** The configuration that the daemon began with, before any change. */
  private Revision first(RunningConfiguration running) {
    return revision(0, started, "lanyard", "as it started", running.document(), own, false);
  }

  /**
   * Keeps a configuration. When this returns, it outlives a crash.
   *
   * @param unconfirmed whether it waits for a confirmation
   */
  Revision keep(long number, String who, String why, Document document, boolean unconfirmed)
      throws ChangeRefusedException {
    String digest = isOwn(document) ? Recovery.digest(document) : own;
    Revision revision = revision(number, now(), who, why, document, digest, unconfirmed);
    try {
      history.add(revision);
    } catch (IOException e) {
      throw notKept(e);
    }
    own = digest;
    return revision;
  }

  private Revision revision(
      long number,
      Instant at,
      String who,
      String why,
      Document document,
      String digest,
      boolean unconfirmed) {
    return new Revision(
        number,
        at,
        who,
        why,
        document.source(),
        document.directory(),
        document.text(),
        digest,
        document.edits(),
        unconfirmed);
  }

  /**
   * Notes that the daemon's own file, or the one that was applied, has another text that says the
   * same: the next start must not take it for news.
   */
  void reread(long number, Document document) throws ChangeRefusedException {
    String digest = isOwn(document) ? Recovery.digest(document) : own;
    Revision known = history.find(number);
    if (known != null) {
      try {
        history.replace(
            new Revision(
                known.number(),
                known.at(),
                known.who(),
                known.why(),
                document.source(),
                document.directory(),
                document.text(),
                digest,
                document.edits(),
                known.unconfirmed()));
      } catch (IOException e) {
        throw notKept(e);
      }
    }
    own = digest;
  }

  /** Notes that a revision was confirmed. */
  void confirm(Revision revision) throws ChangeRefusedException {
    try {
      history.confirm(revision);
    } catch (IOException e) {
      throw notKept(e);
    }
  }

  /** A revision that is kept, or the one that runs since the start. */
  Revision find(long number, RunningConfiguration running) throws ChangeRefusedException {
    Revision found = history.find(number);
    if (found == null && number == 0 && running.revision() == 0) {
      return first(running);
    }
    if (found == null) {
      throw new ChangeRefusedException(
          Reason.UNKNOWN,
          "there is no revision " + number,
          List.of(),
          "\"lanyard config history\" lists them");
    }
    return found;
  }

  /** The revisions that are kept, the newest first; the one that runs where none is kept yet. */
  List<RevisionInfo> list(RunningConfiguration running) throws ChangeRefusedException {
    try {
      List<RevisionInfo> kept = history.list().stream().map(Revisions::info).toList();
      return kept.isEmpty() && running.revision() == 0 ? List.of(info(first(running))) : kept;
    } catch (IOException e) {
      throw new ChangeRefusedException(
          Reason.NOT_KEPT, "the history cannot be read: " + Causes.of(e), List.of(), "");
    }
  }

  private static RevisionInfo info(Revision revision) {
    return new RevisionInfo(
        revision.number(),
        revision.at().toString(),
        revision.who(),
        revision.unconfirmed() ? revision.why() + " (not confirmed)" : revision.why(),
        revision.source(),
        revision.edits().size());
  }

  private static ChangeRefusedException notKept(IOException e) {
    return new ChangeRefusedException(
        Reason.NOT_KEPT,
        "the change cannot be kept: " + Causes.of(e),
        List.of(),
        "make room in the state directory, or let the daemon write to it");
  }
}
