package io.lanyard.config;

import io.lanyard.base.Directories;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where a daemon looks for its configuration when nobody says. */
public final class ConfigFile {
  private static final Path SYSTEM = Path.of("/etc/lanyard/lanyard.yaml");

  private ConfigFile() {}

  /**
   * The first that is there of: the user's own ({@code $XDG_CONFIG_HOME/lanyard/lanyard.yaml}) and
   * the system's.
   *
   * @return a file, or null for the built-in configuration
   */
  public static @Nullable Path find() {
    String xdg = System.getenv("XDG_CONFIG_HOME");
    Path home =
        xdg != null && xdg.startsWith("/") ? Path.of(xdg) : Directories.home().resolve(".config");
    Path own = home.resolve("lanyard/lanyard.yaml");
    return Files.exists(own) ? own : Files.exists(SYSTEM) ? SYSTEM : null;
  }
}
