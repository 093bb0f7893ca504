package io.lanyard.control.client;

import io.lanyard.control.api.ProblemInfo;
import java.io.IOException;
import java.io.Serial;

/** The daemon answers that a request cannot be met. */
public final class RefusedException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  private final transient ProblemInfo problem;

  RefusedException(ProblemInfo problem) {
    super(problem.title());
    this.problem = problem;
  }

  /**
   * The daemon's reason.
   *
   * @return what it says went wrong, and what to do about it
   */
  public ProblemInfo problem() {
    return problem;
  }

  /**
   * Whether the request is at fault: repeated, it is refused again.
   *
   * @return false while the daemon is at fault, for example because it has too much to do
   */
  public boolean isFinal() {
    return problem.status() < 500;
  }
}
