package io.lanyard.cli;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code lanyard daemon} without picocli, where every word is plain: a known option and its
 * value, each once.
 *
 * <p>Picocli's classes are older than what the JVM links ahead of time: loading them and looking at
 * the annotations is a third of the daemon's start. Whatever is not plain (a request for help, a
 * mistake) still goes to picocli, so that there is one voice for usage and errors.
 */
final class DaemonArguments {
  private static final Map<String, BiConsumer<DaemonCommand, String>> OPTIONS =
      Map.of(
          "--config", (command, value) -> command.config = Path.of(value),
          "--state-dir", (command, value) -> command.state = Path.of(value),
          "--runtime-dir", (command, value) -> command.runtime = Path.of(value),
          "--images", (command, value) -> command.images = Path.of(value),
          "--plugins", (command, value) -> command.plugins = Path.of(value),
          "--group", (command, value) -> command.group = value);

  private DaemonArguments() {}

  /**
   * The options that are known here: all of the command's that take a value.
   *
   * @return their names
   */
  static Set<String> options() {
    return OPTIONS.keySet();
  }

  /**
   * The command that a command line asks for.
   *
   * @param arguments the command line
   * @return the command, filled in; null where it is not the daemon's or not plain
   */
  static @Nullable DaemonCommand plain(String... arguments) {
    if (arguments.length == 0 || !arguments[0].equals("daemon")) {
      return null;
    }
    DaemonCommand command = new DaemonCommand();
    Set<String> seen = new HashSet<>();
    for (int i = 1; i < arguments.length; i += 2) {
      BiConsumer<DaemonCommand, String> option = OPTIONS.get(arguments[i]);
      String value = i + 1 < arguments.length ? arguments[i + 1] : "";
      // Picocli reads quotes, files of arguments (@) and further options in a value's place.
      boolean plain = !value.isEmpty() && "-@\"'".indexOf(value.charAt(0)) < 0;
      if (option == null || !plain || value.indexOf('\0') >= 0 || !seen.add(arguments[i])) {
        return null;
      }
      option.accept(command, value);
    }
    return command;
  }
}
