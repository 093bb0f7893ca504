package io.lanyard.daemon.log;

import java.util.logging.LogManager;

/**
 * A log manager that keeps its handlers while the JVM shuts down: the JDK's own takes them away in
 * a shutdown hook, and the daemon's last lines, said in another hook, would be lost at times.
 *
 * <p>Thread: any.
 */
public final class LastingLogManager extends LogManager {
  private static volatile boolean lasting;

  /** Made by {@link LogManager} itself. */
  public LastingLogManager() {}

  /** From now on the handlers stay. */
  static void keepHandlers() {
    lasting = true;
  }

  @Override
  public void reset() {
    if (!lasting) {
      super.reset();
    }
  }
}
