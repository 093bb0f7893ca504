package io.lanyard.daemon.change;

import io.lanyard.config.ConfigException;
import io.lanyard.config.Document;
import java.time.Duration;

/**
 * A change of the configuration that somebody asks for.
 *
 * @param change makes the new configuration from the present one; on the conductor's thread
 * @param who who asks, for the log and the history
 * @param why what is asked for, for the log and the history
 * @param revision the revision that the caller knows, or {@link #ANY}
 * @param force whether guests and flows may end by it
 * @param tolerate whether a new port or forward that does not work yet is kept, and tried again
 * @param confirm how long until it is taken back, unless it is confirmed; zero for never
 */
public record ChangeRequest(
    Change change,
    String who,
    String why,
    long revision,
    boolean force,
    boolean tolerate,
    Duration confirm) {
  /** A caller that takes whatever configuration runs. */
  public static final long ANY = -1;

  /** Makes the new configuration. */
  @FunctionalInterface
  public interface Change {
    /**
     * Makes the new configuration.
     *
     * @param present the present one
     * @return the new one
     * @throws ConfigException if the change does not fit it
     */
    Document of(Document present) throws ConfigException;
  }
}
