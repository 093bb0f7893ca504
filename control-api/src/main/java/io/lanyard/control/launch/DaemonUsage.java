package io.lanyard.control.launch;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** The help of {@code lanyard daemon}, in the form that all commands' help has. */
public final class DaemonUsage {
  /** The command's purpose. */
  public static final String DESCRIPTION = "Runs the daemon in the foreground.";

  private static final int WIDTH = 79;
  private static final int TEXT_COLUMN = 26;
  private static final int CONTINUATION = TEXT_COLUMN + 2;

  private DaemonUsage() {}

  /**
   * The help.
   *
   * @return lines of at most 79 characters, the last one ended as well
   */
  public static String text() {
    StringBuilder text = new StringBuilder();
    String start = "Usage: lanyard daemon";
    // Flags come first.
    List<String> synopsis =
        Arrays.stream(DaemonOption.values())
            .sorted(Comparator.comparing(DaemonOption::takesValue))
            .map(option -> option == DaemonOption.HELP ? "[-h]" : "[" + withLabel(option) + "]")
            .toList();
    wrap(text, start, start.length() + 1, synopsis);
    text.append(DESCRIPTION).append('\n');
    for (DaemonOption option : DaemonOption.values()) {
      String shortForm = option == DaemonOption.HELP ? "  -h, " : "      ";
      String names = shortForm + withLabel(option);
      wrap(
          text,
          names + " ".repeat(TEXT_COLUMN - 1 - names.length()),
          CONTINUATION,
          List.of(option.description().split(" ")));
    }
    return text.toString();
  }

  private static String withLabel(DaemonOption option) {
    return option.takesValue() ? option.word() + "=" + option.label() : option.word();
  }

  /** Writes words, each after a blank, and begins a line where one would not fit. */
  private static void wrap(StringBuilder text, String start, int indent, List<String> words) {
    text.append(start);
    int column = start.length();
    for (String word : words) {
      if (column + 1 + word.length() > WIDTH) {
        text.append('\n').repeat(' ', indent - 1);
        column = indent - 1;
      }
      text.append(' ').append(word);
      column += 1 + word.length();
    }
    text.append('\n');
  }
}
