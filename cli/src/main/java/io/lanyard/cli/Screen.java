package io.lanyard.cli;

import io.lanyard.base.Signals;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Shows something anew every second until Ctrl-C: in place on a terminal, where the key q leaves
 * too, elsewhere again after each change.
 */
final class Screen {
  private static final String OPEN = "\u001b[?1049h\u001b[?25l";
  private static final String CLOSE = "\u001b[?25h\u001b[?1049l";
  private static final String TO_TOP = "\u001b[H";
  private static final String TO_END_OF_LINE = "\u001b[K\n";
  private static final String CLEAR_BELOW = "\u001b[J";

  private final long intervalMillis;
  private final boolean isInPlace;
  private final CountDownLatch left = new CountDownLatch(1);
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

  /** Whether the key q leaves. */
  static boolean hasKeys() {
    return Terminal.isOn(0) && Terminal.isOn(1);
  }

  /** Leaves at the key q. Returns when it was pressed, or when there are no more keys. */
  void leaveAt(InputStream keys) {
    try {
      for (int key = keys.read(); key >= 0; key = keys.read()) {
        if (key == 'q' || key == 'Q') {
          left.countDown();
          return;
        }
      }
    } catch (IOException e) {
      // The terminal has gone; the signal of its end ends the command.
    }
  }

  /**
   * Shows pictures until the reader has gone. A daemon that cannot be asked is waited for, but for
   * the first picture.
   */
  int show(Supplier<List<String>> picture) {
    List<String> next = picture.get();
    Signals.on("INT", () -> System.exit(Lanyard.DONE));
    if (isInPlace) {
      open();
    }
    while (true) {
      draw(next);
      if (Output.isGone()) {
        return Lanyard.DONE;
      }
      try {
        if (left.await(intervalMillis, TimeUnit.MILLISECONDS)) {
          return Lanyard.DONE;
        }
        next = picture.get();
      } catch (Failure e) {
        next = ("lanyard: " + e.text()).lines().toList();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Lanyard.DONE;
      }
    }
  }

  private void open() {
    Runnable restore = hasKeys() ? readKeys() : () -> {};
    Thread close =
        new Thread(
            () -> {
              write(CLOSE);
              restore.run();
            },
            "restore-terminal");
    Runtime.getRuntime().addShutdownHook(close);
    write(OPEN);
  }

  private Runnable readKeys() {
    try {
      Runnable restore = Terminal.keys();
      Thread.ofPlatform().daemon().name("keys").start(() -> leaveAt(System.in));
      return restore;
    } catch (IOException e) {
      // Without stty there is Ctrl-C.
      return () -> {};
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return () -> {};
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
