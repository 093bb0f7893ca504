package io.lanyard.cli;

import io.lanyard.base.Signals;
import java.util.List;
import java.util.function.Supplier;

/**
 * Shows something anew every second until Ctrl-C: in place on a terminal, elsewhere again after
 * each change.
 */
final class Screen {
  private static final String OPEN = "\u001b[?1049h\u001b[?25l";
  private static final String CLOSE = "\u001b[?25h\u001b[?1049l";
  private static final String TO_TOP = "\u001b[H";
  private static final String TO_END_OF_LINE = "\u001b[K\n";
  private static final String CLEAR_BELOW = "\u001b[J";

  private final long intervalMillis;
  private final boolean isInPlace;
  private List<String> before = List.of();

  /**
   * Makes a screen; shows nothing yet.
   *
   * @param intervalMillis from one picture to the next
   * @param isInPlace whether each picture takes the place of the one before
   */
  Screen(long intervalMillis, boolean isInPlace) {
    this.intervalMillis = intervalMillis;
    this.isInPlace = isInPlace;
  }

  static Screen everySecond(boolean json) {
    return new Screen(1000, !json && Terminal.isOn(1));
  }

  /**
   * Shows pictures until the reader has gone. A daemon that cannot be asked is waited for, but for
   * the first picture.
   */
  int show(Supplier<List<String>> picture) {
    List<String> next = picture.get();
    Signals.on("INT", () -> System.exit(Lanyard.DONE));
    if (isInPlace) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> write(CLOSE), "restore-terminal"));
      write(OPEN);
    }
    while (true) {
      draw(next);
      if (Output.isGone()) {
        return Lanyard.DONE;
      }
      try {
        Thread.sleep(intervalMillis);
        next = picture.get();
      } catch (Failure e) {
        next = ("lanyard: " + e.text()).lines().toList();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Lanyard.DONE;
      }
    }
  }

  private void draw(List<String> lines) {
    if (isInPlace) {
      int rows = Terminal.size()[0];
      StringBuilder all = new StringBuilder(TO_TOP);
      lines.stream()
          .limit(rows > 1 ? rows - 1 : Long.MAX_VALUE)
          .forEach(line -> all.append(line).append(TO_END_OF_LINE));
      write(all.append(CLEAR_BELOW).toString());
    } else if (!lines.equals(before)) {
      write((before.isEmpty() || lines.size() == 1 ? "" : "\n") + String.join("\n", lines) + "\n");
      before = lines;
    }
  }

  @SuppressWarnings("SystemOut") // The picture is the command's result.
  private static void write(String text) {
    System.out.print(text);
    System.out.flush();
  }
}
