package io.lanyard.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** The words of a command line in the order in which the commands know them. */
final class CommandWords {
  /** Options that nearly all commands have, with a value. */
  private static final Set<String> WITH_VALUE =
      Set.of("--socket", "--connect", "--ca-file", "--token-file");

  private static final String JSON = "--json";

  private CommandWords() {}

  /**
   * Puts the options that say which daemon is meant behind the command, where the command has them.
   * Other programs take such options before the command, so people type them there.
   *
   * @param arguments the command line
   * @return the same words
   */
  static String[] ordered(String... arguments) {
    int command = 0;
    while (command < arguments.length && isCommon(arguments[command])) {
      command += WITH_VALUE.contains(arguments[command]) ? 2 : 1;
    }
    if (command == 0 || command >= arguments.length) {
      return arguments;
    }
    boolean hasVerb =
        command + 1 < arguments.length
            && Lanyard.isNoun(arguments[command])
            && !arguments[command + 1].startsWith("-");
    int behind = command + (hasVerb ? 2 : 1);
    List<String> words = new ArrayList<>(Arrays.asList(arguments).subList(command, behind));
    words.addAll(Arrays.asList(arguments).subList(0, command));
    words.addAll(Arrays.asList(arguments).subList(behind, arguments.length));
    return words.toArray(String[]::new);
  }

  private static boolean isCommon(String word) {
    int equals = word.indexOf('=');
    return word.equals(JSON) || WITH_VALUE.contains(equals < 0 ? word : word.substring(0, equals));
  }
}
