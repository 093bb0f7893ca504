package io.lanyard.daemon.change;

import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.change.Change;
import io.lanyard.daemon.change.ChangeRefusedException.Reason;
import java.util.List;

/**
 * The keys that only the daemon's own file can set: those that are read before the daemon knows
 * where its history is, and programs, which not all who may change networks may run.
 */
final class OwnFileKeys {
  private OwnFileKeys() {}

  /**
   * Refuses changes of such keys that come from elsewhere.
   *
   * @param changes the changes
   * @param next the document that makes them
   * @param revisions tells which file is the daemon's own
   * @throws ChangeRefusedException if there is one
   */
  static void check(List<Change> changes, Document next, Revisions revisions)
      throws ChangeRefusedException {
    boolean isOwn =
        revisions.isOwn(next) && next.edits().stream().noneMatch(edit -> isStart(edit.path()));
    for (Change change : changes) {
      if (change instanceof Change.NeedsRestart && !isOwn) {
        throw new ChangeRefusedException(
            Reason.INVALID,
            change.subject() + " is read from the daemon's own file when it starts",
            List.of(),
            "set it there, and restart the daemon");
      }
      if (change instanceof Change.HooksChanged && !(isOwn && revisions.isFileAsItIs(next))) {
        throw new ChangeRefusedException(
            Reason.INVALID,
            "hooks run programs with the daemon's rights: only its own file can say which",
            List.of(),
            "write them into the file, and have it read again");
      }
    }
  }

  private static boolean isStart(DocumentPath path) {
    List<String> steps = path.steps();
    return switch (steps.getFirst()) {
      case "directories", "hooks" -> true;
      case "api" -> steps.size() == 1 || steps.get(1).equals("socket");
      default -> false;
    };
  }
}
