package io.lanyard.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * README's tour: files in YAML that begin with their name, and terminals, where {@code $} begins a
 * command of the host's shell and {@code / #} one of the guest's.
 *
 * @param files their texts by name
 * @param steps the commands in order
 */
record Tour(Map<String, String> files, List<Step> steps) {
  private static final String INDENT = "    ";
  private static final String HOST = "$ ";
  private static final String GUEST = "/ # ";

  /** Everything, until the line after it. */
  private static final String ANYTHING = "...";

  private static final Pattern TERMINAL_CODE = Pattern.compile("\u001b\\[[0-9;?]*[a-zA-Z]");
  private static final Pattern LOG_LINE = Pattern.compile("\\d{4}-\\d\\d-\\d\\d \\d\\d:.*");

  /** The shell's words on a job, and the launcher's before its first start. */
  private static final Pattern ASIDE =
      Pattern.compile("\\[\\d+] \\d+|lanyard: preparing quick starts, once...");

  /** Times, which differ from run to run; so do numbers with their units, but for addresses. */
  private static final Pattern TIME = Pattern.compile("\\d{4}-\\d\\d-\\d\\d[ T][\\d:.]+Z?");

  private static final Pattern NUMBER =
      Pattern.compile("(?<![\\w.:-])(\\d+(\\.\\d+)?(ms|[BKMGsmhd])?)+(?![\\w.]|:\\d)");

  /** A port that the system chose; those of the file are lower. */
  private static final Pattern EPHEMERAL = Pattern.compile(":(3[2-9]|[4-6]\\d)\\d{3}\\b");

  /**
   * A command.
   *
   * @param command what is typed
   * @param isOfGuest whether it is typed on the guest's console
   * @param output the lines that it prints
   */
  record Step(String command, boolean isOfGuest, List<String> output) {
    /**
     * Whether what was printed is the output: each line in order, and between them nothing but what
     * the daemon logs, or what {@code ...} stands for.
     */
    boolean isAnswered(List<String> printed) {
      List<String> lines =
          printed.stream()
              .map(String::strip)
              .filter(line -> !line.isEmpty() && !ASIDE.matcher(line).matches())
              .toList();
      int at = 0;
      boolean skips = isOfGuest || output.isEmpty();
      for (String expected : output) {
        if (expected.strip().equals(ANYTHING)) {
          skips = true;
          continue;
        }
        boolean isLog = LOG_LINE.matcher(expected).matches();
        while (at < lines.size()
            && !shape(lines.get(at)).equals(shape(expected.strip()))
            && (skips || isLog || LOG_LINE.matcher(lines.get(at)).matches())) {
          at++;
        }
        if (at == lines.size() || !shape(lines.get(at)).equals(shape(expected.strip()))) {
          return false;
        }
        at++;
        skips = isOfGuest;
      }
      return skips || lines.stream().skip(at).allMatch(line -> LOG_LINE.matcher(line).matches());
    }
  }

  /** A text without what a terminal obeys. */
  static String plain(String screen) {
    return TERMINAL_CODE.matcher(screen).replaceAll("").replace("\r", "");
  }

  private static String shape(String line) {
    String text = TIME.matcher(line.replaceAll("\\s+", " ")).replaceAll("TIME");
    text = EPHEMERAL.matcher(text).replaceAll(":PORT");
    return NUMBER.matcher(text).replaceAll("0");
  }

  static Tour read(Path readme) throws IOException {
    Map<String, String> files = new LinkedHashMap<>();
    List<Step> steps = new ArrayList<>();
    @Nullable StringBuilder file = null;
    String name = "";
    @Nullable List<String> output = null;
    boolean isInTour = false;
    for (String line : Files.readAllLines(readme)) {
      if (line.startsWith("## ")) {
        isInTour = line.equals("## A tour");
      }
      if (!isInTour) {
        continue;
      }
      if (line.startsWith("```")) {
        if (file != null) {
          files.put(name, file.toString());
        }
        file = line.equals("```yaml") ? new StringBuilder() : null;
      } else if (file != null) {
        name = file.isEmpty() ? line.substring(2) : name;
        file.append(line).append('\n');
      } else if (!line.startsWith(INDENT)) {
        output = null;
      } else {
        String text = line.substring(INDENT.length());
        boolean isOfGuest = text.startsWith(GUEST);
        if (isOfGuest || text.startsWith(HOST)) {
          output = new ArrayList<>();
          String command = text.substring(isOfGuest ? GUEST.length() : HOST.length());
          steps.add(new Step(command, isOfGuest, output));
        } else if (output != null) {
          output.add(text);
        }
      }
    }
    return new Tour(files, steps);
  }
}
