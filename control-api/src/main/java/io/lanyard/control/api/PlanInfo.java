package io.lanyard.control.api;

import java.util.List;

/**
 * The difference between the configuration that runs and another one, to be applied or applied.
 *
 * @param revision the revision of the configuration that it changes, or that it has become
 * @param changes in the order in which they are made; empty if nothing changes
 * @param ends the guests and flows that it ends, for people; empty if it ends none
 * @param restart the changes that wait for the daemon's next start
 * @param problems what does not work after it, where that was tolerated, and warnings of what runs
 *     but does not reach everything, such as a network whose subnet the host reaches elsewhere; of
 *     a plan, what the host is known to lack for it, and the same warnings
 * @param confirmBy the moment at which it is taken back unless it is confirmed; empty for none
 */
public record PlanInfo(
    long revision,
    List<ChangeInfo> changes,
    List<String> ends,
    List<String> restart,
    List<String> problems,
    String confirmBy) {
  /** Copies the lists. */
  public PlanInfo {
    changes = List.copyOf(changes);
    ends = List.copyOf(ends);
    restart = List.copyOf(restart);
    problems = List.copyOf(problems);
  }
}
