package io.lanyard.daemon.change;

import io.lanyard.base.Clock;
import io.lanyard.base.LogEvent;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Document;
import io.lanyard.config.Edit;
import io.lanyard.daemon.history.History;
import io.lanyard.daemon.history.Revision;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Finds what a daemon that starts is to run: its own file, or what it ran last.
 *
 * <p>The newest revision of the history is what somebody said last, unless the daemon's own file
 * has changed since. Then the file is, with those changes over it that were made over the file
 * before and still fit.
 */
final class Recovery {
  private static final System.Logger LOG = System.getLogger(Recovery.class.getName());

  private Recovery() {}

  /**
   * The digest of a file's text, by which a later start sees whether it has changed.
   *
   * @param document the file
   * @return hexadecimal digits
   */
  static String digest(Document document) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(document.text().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * Finds what to run. The state directory is this process's own.
   *
   * @param file the daemon's own file, or the built-in one
   * @param state the state directory
   * @param clock tells the time
   * @return what to run
   * @throws ConfigException if the file has problems and there is nothing else
   */
  static RunningConfiguration recover(Document file, Path state, Clock clock)
      throws ConfigException {
    Path directory = state.resolve(Conductor.DIRECTORY);
    Revision last;
    try {
      last = History.in(directory).recover(clock.now());
    } catch (IOException e) {
      LogEvent.of("history-unreadable")
          .with("directory", directory)
          .with("cause", e)
          .with("advice", "the configuration's file is used, without what was changed over it")
          .log(LOG, Level.WARNING);
      last = null;
    }
    if (last == null) {
      return RunningConfiguration.of(new ChosenSubnets(state).atStart(file, clock.now()));
    }
    if (last.own().equals(digest(file))) {
      try {
        Document ran = Conductor.documentOf(last).with(file.nicAddresses());
        Document document = new ChosenSubnets(state).atStart(ran, clock.now());
        RunningConfiguration present = RunningConfiguration.of(document);
        long number =
            document.equals(ran)
                ? last.number()
                : kept(document, file, last, state, clock, "the host routes the subnet elsewhere");
        return new RunningConfiguration(document, present.configuration(), number);
      } catch (ConfigException e) {
        LogEvent.of("revision-unusable")
            .with("revision", last.number())
            .with("cause", e)
            .with("advice", "the configuration's file is used, with the changes that fit it")
            .log(LOG, Level.WARNING);
      }
    }
    boolean same = last.source().equals(file.source());
    if (!same) {
      LogEvent.of("applied-file-left-out")
          .with("file", last.source())
          .with("revision", last.number())
          .with("own", file.source())
          .with(
              "advice",
              "the daemon's own file has changed since, and counts; apply the other again")
          .log(LOG, Level.WARNING);
    }
    List<Edit> edits = same ? last.edits() : List.of();
    // Choices are made anew: what they were for may be another thing in the file now.
    List<Edit> made = edits.stream().filter(edit -> !ChosenSubnets.isChoice(edit)).toList();
    return changed(file, made, last, state, clock);
  }

  /** The file with those changes over it that fit, as a revision of its own. */
  private static RunningConfiguration changed(
      Document file, List<Edit> edits, Revision last, Path state, Clock clock)
      throws ConfigException {
    List<String> left = new ArrayList<>();
    Document fitting = FittingChanges.over(file, edits, left).document();
    Document document = new ChosenSubnets(state).atStart(fitting, clock.now());
    RunningConfiguration present = RunningConfiguration.of(document);
    for (String reason : left) {
      LogEvent.of("change-left-out")
          .with("cause", reason)
          .with("advice", "the file has changed, and the change no longer fits it; make it again")
          .log(LOG, Level.WARNING);
    }
    long number =
        kept(
            document,
            file,
            last,
            state,
            clock,
            "the file was changed while the daemon did not run");
    return new RunningConfiguration(document, present.configuration(), number, left);
  }

  /** Keeps a document as a revision of the daemon's own; returns its number. */
  private static long kept(
      Document document, Document file, Revision last, Path state, Clock clock, String why) {
    long number = last.number() + 1;
    History history = History.in(state.resolve(Conductor.DIRECTORY));
    try {
      number = history.highest() + 1;
      history.add(
          new Revision(
              number,
              clock.now(),
              "lanyard",
              why,
              document.source(),
              document.directory(),
              document.text(),
              digest(file),
              document.edits(),
              false));
    } catch (IOException e) {
      LogEvent.of("revision-not-kept").with("cause", e).log(LOG, Level.WARNING);
    }
    return number;
  }
}
