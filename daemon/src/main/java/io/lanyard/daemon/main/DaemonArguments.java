package io.lanyard.daemon.main;

import io.lanyard.base.Nearest;
import io.lanyard.control.launch.DaemonOption;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the options of {@code lanyard daemon}.
 *
 * <p>By hand, and not with the library that reads the commands' options: loading its classes and
 * looking at annotations would be a third of the daemon's start.
 */
final class DaemonArguments {
  private DaemonArguments() {}

  /**
   * Reads a command line: {@code --option value} or {@code --option=value}, each option once.
   *
   * @param words what follows {@code lanyard daemon}
   * @return the command, filled in; null where the help is asked for, whatever else is said
   * @throws UsageException if a word makes no sense
   */
  static @Nullable DaemonCommand parse(String... words) throws UsageException {
    Map<DaemonOption, String> values = new EnumMap<>(DaemonOption.class);
    UsageException mistake = null;
    int i = 0;
    while (i < words.length) {
      String word = words[i++];
      int equals = word.startsWith("--") ? word.indexOf('=') : -1;
      String name = equals < 0 ? word : word.substring(0, equals);
      DaemonOption option = DaemonOption.of(name);
      if (option == DaemonOption.HELP) {
        return null;
      }
      String value = equals < 0 ? "" : word.substring(equals + 1);
      if (option != null && option.takesValue() && equals < 0 && i < words.length) {
        // What looks like an option is one, so that a forgotten value is not taken from it.
        value = words[i].startsWith("-") ? "" : words[i++];
      }
      String wrong = complaint(word, option, value, equals >= 0);
      if (wrong == null && option != null && values.putIfAbsent(option, value) != null) {
        wrong = "option " + option.word() + " is given twice";
      }
      if (wrong != null && mistake == null) {
        mistake = new UsageException(wrong);
      }
    }
    if (mistake != null) {
      throw mistake;
    }
    return command(values);
  }

  /** The problem of a word, or null. */
  private static @Nullable String complaint(
      String word, @Nullable DaemonOption option, String value, boolean inline) {
    if (option == null) {
      if (!word.startsWith("-")) {
        return "\"" + word + "\" is not expected: all that the daemon is told are options";
      }
      String nearest = Nearest.to(word.replaceFirst("=.*", ""), DaemonOption.words());
      return "no such option: " + word + (nearest == null ? "" : "; did you mean " + nearest + "?");
    }
    if (option.takesValue() && value.isEmpty()) {
      return "option " + option.word() + " needs a value: " + option.label();
    }
    if (!option.takesValue() && inline) {
      return "option " + option.word() + " takes no value";
    }
    return null;
  }

  private static DaemonCommand command(Map<DaemonOption, String> values) throws UsageException {
    DaemonCommand command = new DaemonCommand();
    command.config = path(DaemonOption.CONFIG, values);
    command.state = path(DaemonOption.STATE_DIR, values);
    command.runtime = path(DaemonOption.RUNTIME_DIR, values);
    command.images = path(DaemonOption.IMAGES, values);
    command.plugins = path(DaemonOption.PLUGINS, values);
    command.group = values.get(DaemonOption.GROUP);
    command.whileInput = values.containsKey(DaemonOption.WHILE_INPUT);
    return command;
  }

  private static @Nullable Path path(DaemonOption option, Map<DaemonOption, String> values)
      throws UsageException {
    String value = values.get(option);
    try {
      return value == null ? null : Path.of(value);
    } catch (InvalidPathException e) {
      // In a locale without UTF-8, the JVM has no path for other characters than ASCII.
      throw new UsageException("option " + option.word() + " names no path: " + e.getMessage());
    }
  }
}
