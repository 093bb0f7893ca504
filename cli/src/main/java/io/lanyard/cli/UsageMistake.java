package io.lanyard.cli;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The mistake of a command line, in the words of all other messages and not in picocli's. */
final class UsageMistake {
  private static final Pattern WRONG_PARAMETER =
      Pattern.compile("^Invalid value for positional parameter at index \\S+ \\((.*?)\\): ");
  private static final Pattern WRONG_OPTION =
      Pattern.compile("^Invalid value for option '(\\S+?)'(?: \\(.*?\\))?: ");
  private static final Pattern NO_VALUE =
      Pattern.compile("^Missing required parameter for option '(\\S+?)'.*", Pattern.DOTALL);
  private static final Pattern NAME = Pattern.compile("'(--[a-z-]+|[^']+)[^']*'");
  private static final Pattern ERROR = Pattern.compile("^Error: ");

  private UsageMistake() {}

  /** The message of a mistake; the command's own message where it is not one of picocli's. */
  static String of(ParameterException mistake) {
    String text = String.valueOf(mistake.getMessage());
    if (mistake instanceof UnmatchedArgumentException unmatched && unmatched.isUnknownOption()) {
      return "there is no option " + unmatched.getUnmatched().getFirst();
    }
    if (NO_VALUE.matcher(text).matches()) {
      return NO_VALUE.matcher(text).replaceFirst("$1 needs a value");
    }
    if (mistake instanceof MissingParameterException) {
      // The exception has the first parameter that is missing, its message has all of them.
      List<String> names = NAME.matcher(text).results().map(found -> found.group(1)).toList();
      if (names.isEmpty()) {
        return text;
      }
      return names.size() == 1
          ? names.getFirst() + " is missing"
          : names.stream().limit(names.size() - 1L).collect(Collectors.joining(", "))
              + " and "
              + names.getLast()
              + " are missing";
    }
    text = WRONG_PARAMETER.matcher(text).replaceFirst("$1: ");
    text = WRONG_OPTION.matcher(text).replaceFirst("$1: ");
    return ERROR.matcher(text).replaceFirst("");
  }

  /** Whether a command takes keys of the file as words, for which people write options. */
  static boolean takesKeys(CommandLine command) {
    return command.getCommandSpec().positionalParameters().stream()
        .anyMatch(parameter -> parameter.paramLabel().contains("KEY=VALUE"));
  }
}
