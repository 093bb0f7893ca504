package io.lanyard.daemon.event;

import java.io.Serial;

/** Events were overwritten before a reader had read them. */
public final class MissedException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private final long count;

  MissedException(long count) {
    super(count + " events were missed");
    this.count = count;
  }

  /**
   * How many were missed.
   *
   * @return events
   */
  public long count() {
    return count;
  }
}
