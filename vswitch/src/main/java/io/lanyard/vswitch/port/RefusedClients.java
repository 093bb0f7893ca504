package io.lanyard.vswitch.port;

import io.lanyard.base.Clock;
import io.lanyard.base.RecentCount;

/**
 * The clients that a port has sent away: because it has one, because it takes no more, or because
 * they broke the rules of its protocol. Many within a minute are a problem of the port.
 *
 * <p>Thread: the network's loop only.
 */
public final class RefusedClients {
  /** A number that a person who tries does not reach, and a program that goes on does. */
  private static final int PROBLEM = 20;

  private final Clock clock;
  private final RecentCount recent = new RecentCount();
  private long count;
  private String last = "";

  /**
   * Makes a count of none.
   *
   * @param clock tells what is recent
   */
  public RefusedClients(Clock clock) {
    this.clock = clock;
  }

  /**
   * Counts one.
   *
   * @param cause why it was sent away
   */
  public void add(String cause) {
    count++;
    last = cause;
    recent.event(clock.nanoTime());
  }

  /**
   * The clients that were sent away.
   *
   * @return since the port was made
   */
  public long count() {
    return count;
  }

  /**
   * The port's problem with its remedy.
   *
   * @return empty unless many clients were sent away within a minute
   */
  public String problem() {
    long number = recent.count(clock.nanoTime());
    return number < PROBLEM
        ? ""
        : number
            + " clients were sent away within a minute, the last because "
            + last
            + "; look at what connects to the port";
  }
}
