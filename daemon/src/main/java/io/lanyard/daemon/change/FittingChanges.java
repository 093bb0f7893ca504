package io.lanyard.daemon.change;

import io.lanyard.config.ConfigException;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.config.Problem;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Lays changes over a text for which they were not made, such as an edited file: those that fit.
 *
 * <p>The edits of one command stay or go together, because half of a command was never asked for:
 * {@code port add} makes an edit for each key, and none of them is good alone. A command that needs
 * another one's edits (a port that was made by one command and changed by a later one, whose edit
 * has taken the place of the first one's) is tried with it again.
 */
final class FittingChanges {
  /** More problems of one command are not read in a status. */
  private static final int MOST_PROBLEMS = 3;

  /** Fewer steps name no thing: {@code networks.vmnet8} is the shortest that does. */
  private static final int SHORTEST_SUBJECT = 2;

  private RunningConfiguration present;
  private final List<Command> waiting = new ArrayList<>();

  private FittingChanges(RunningConfiguration present) {
    this.present = present;
  }

  /** Who said something when. Two commands of one person in the same millisecond count as one. */
  private record Said(String who, Instant when) {}

  /**
   * The edits of one command.
   *
   * @param edits by their place among all
   * @param cause why they do not fit; empty where that is not known yet
   */
  private record Command(SortedMap<Integer, Edit> edits, String cause) {
    Command because(ConfigException e) {
      return new Command(edits, FittingChanges.cause(e));
    }

    String reason() {
      return subject() + " (" + first().source() + "): " + cause;
    }

    private Edit first() {
      return edits.sequencedValues().getFirst();
    }

    /** The thing that all edits are about, or the first edit's path. */
    private String subject() {
      List<String> common = first().path().steps();
      for (Edit edit : edits.values()) {
        List<String> steps = edit.path().steps();
        int same = 0;
        while (same < Math.min(common.size(), steps.size())
            && common.get(same).equals(steps.get(same))) {
          same++;
        }
        common = common.subList(0, same);
      }
      return common.size() < SHORTEST_SUBJECT
          ? first().path() + " and " + (edits.size() - 1) + " more"
          : new DocumentPath(common).toString();
    }
  }

  /**
   * Lays changes over a file.
   *
   * @param file a valid document without changes
   * @param edits the changes, in order
   * @param left gets the commands that do not fit, with the reasons
   * @return what runs
   * @throws ConfigException if the file has problems
   */
  static RunningConfiguration over(Document file, List<Edit> edits, List<String> left)
      throws ConfigException {
    try {
      return RunningConfiguration.of(file.with(edits));
    } catch (ConfigException e) {
      // At least one command does not fit; it is found below.
    }
    FittingChanges fitting = new FittingChanges(RunningConfiguration.of(file));
    commands(edits).forEach(fitting::lay);
    fitting.waiting.forEach(command -> left.add(command.reason()));
    return fitting.present;
  }

  /**
   * The commands in the order of their last edits: an edit that replaces an older one has its place
   * among all, which is before what was there when the command was given.
   */
  private static List<Command> commands(List<Edit> edits) {
    Map<Said, Command> commands = new LinkedHashMap<>();
    for (int i = 0; i < edits.size(); i++) {
      Edit edit = edits.get(i);
      commands
          .computeIfAbsent(new Said(edit.who(), edit.when()), _ -> new Command(new TreeMap<>(), ""))
          .edits
          .put(i, edit);
    }
    List<Command> ordered = new ArrayList<>(commands.values());
    ordered.sort((a, b) -> Integer.compare(a.edits.lastKey(), b.edits.lastKey()));
    return ordered;
  }

  private void lay(Command command) {
    ConfigException refused = refusal(command.edits);
    if (refused == null) {
      return;
    }
    Set<String> missing = missing(command);
    List<Command> related =
        waiting.stream()
            .filter(other -> missing(other).stream().anyMatch(missing::contains))
            .toList();
    SortedMap<Integer, Edit> together = new TreeMap<>(command.edits);
    related.forEach(other -> together.putAll(other.edits));
    if (!related.isEmpty() && refusal(together) == null) {
      waiting.removeAll(related);
    } else {
      waiting.add(command.because(refused));
    }
  }

  /** Lays edits if they fit; else says why they do not. */
  private @Nullable ConfigException refusal(SortedMap<Integer, Edit> edits) {
    try {
      present = RunningConfiguration.of(present.document().with(List.copyOf(edits.values())));
      return null;
    } catch (ConfigException e) {
      return e;
    }
  }

  /** The things that a command changes and that are not there. */
  private Set<String> missing(Command command) {
    Set<String> missing = new TreeSet<>();
    for (Edit edit : command.edits.values()) {
      List<String> steps = edit.path().steps();
      for (int i = 1; i <= steps.size(); i++) {
        DocumentPath path = new DocumentPath(steps.subList(0, i));
        if (!present.document().says(path)) {
          missing.add(path.toString());
          break;
        }
      }
    }
    return missing;
  }

  private static String cause(ConfigException e) {
    List<Problem> problems = e.problems();
    int more = problems.size() - MOST_PROBLEMS;
    return problems.stream()
            .limit(MOST_PROBLEMS)
            .map(one -> (one.path().isEmpty() ? "" : one.path() + ": ") + one.message())
            .collect(Collectors.joining("; "))
            .replace('\n', ' ')
        + (more > 0 ? "; and " + more + " more" : "");
  }
}
