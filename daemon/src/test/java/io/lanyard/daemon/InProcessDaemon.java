package io.lanyard.daemon;

import io.lanyard.base.Directories;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Document;
import java.nio.file.Path;

/** A test's daemon in this process, with its files in a directory of the test's own. */
public final class InProcessDaemon {
  private InProcessDaemon() {}

  /**
   * The places of a daemon's files.
   *
   * @param home the test's directory
   * @return state in {@code s}, sockets in {@code r}, images in {@code i}: short, as the path of a
   *     socket must be
   */
  public static Directories directories(Path home) {
    return new Directories(home.resolve("s"), home.resolve("r"), home.resolve("i"));
  }

  /**
   * Starts a daemon, and none of its guests yet.
   *
   * @param home the test's directory, also that of the configuration's relative paths
   * @param configuration YAML
   * @return the daemon, to be closed
   */
  public static Daemon open(Path home, String configuration)
      throws ConfigException, StartException {
    return open(home, Document.of("test", configuration, home));
  }

  /**
   * Starts a daemon, and none of its guests yet.
   *
   * @param home the test's directory
   * @param configuration its file
   * @return the daemon, to be closed
   */
  public static Daemon open(Path home, Document configuration) throws StartException {
    return Daemon.open(Daemon.Settings.of(configuration, directories(home)));
  }
}
