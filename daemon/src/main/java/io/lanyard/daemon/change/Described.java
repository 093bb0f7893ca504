package io.lanyard.daemon.change;

import io.lanyard.config.change.Change;
import io.lanyard.control.api.ChangeInfo;
import io.lanyard.control.api.PlanInfo;
import java.util.ArrayList;
import java.util.List;

/**
 * Changes in words, as they are before they are made: afterwards nobody can tell any more which
 * guests had to start anew.
 *
 * @param made those that are made while the daemon runs
 * @param restart those that need a restart of the daemon
 */
record Described(List<ChangeInfo> made, List<String> restart) {
  static Described of(List<Change> changes, Steps steps) {
    List<ChangeInfo> made = new ArrayList<>();
    List<String> restart = new ArrayList<>();
    for (Change change : changes) {
      if (change instanceof Change.NeedsRestart) {
        restart.add(change.describe());
      } else {
        made.add(info(change, steps));
      }
      if (change instanceof Change.NetworkReplaced replaced) {
        // A part that frees what another thing is to have stands in the list itself.
        replaced.parts().stream()
            .filter(part -> !changes.contains(part))
            .map(part -> info(part, steps))
            .forEach(made::add);
      }
    }
    return new Described(made, restart);
  }

  private static ChangeInfo info(Change change, Steps steps) {
    return new ChangeInfo(
        Steps.kind(change), change.network(), change.subject(), steps.describe(change));
  }

  /** The plan of these changes, done or not. */
  PlanInfo plan(long revision, List<String> problems, String confirmBy, List<String> ends) {
    return new PlanInfo(revision, made, ends, restart, problems, confirmBy);
  }
}
