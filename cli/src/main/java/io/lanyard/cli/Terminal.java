package io.lanyard.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** The terminal that a command was started from. */
final class Terminal {
  private Terminal() {}

  /** Whether standard input (0), output (1) or error (2) is a terminal. */
  static boolean isOn(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * The width of the terminal that standard output is.
   *
   * @return columns; 0 if it is none, or does not say
   */
  static int columns() {
    return isOn(1) ? size()[1] : 0;
  }

  /** Rows and columns of the terminal; zeros if it does not say. */
  static int[] size() {
    try {
      String[] words = stty("-F", "/dev/tty", "size").strip().split(" ", 2);
      return new int[] {Integer.parseInt(words[0]), Integer.parseInt(words[1])};
    } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
      return new int[2];
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new int[2];
    }
  }

  /** Whether standard output is a terminal that shows colours, and the user wants them. */
  static boolean hasColours() {
    return isOn(1)
        && System.getenv("NO_COLOR") == null
        && !"dumb".equals(System.getenv().getOrDefault("TERM", "dumb"));
  }

  /**
   * Turns off echo, line editing and signals, so that every key goes to the guest.
   *
   * @return puts it back as it was; may be called from a shutdown hook
   */
  static Runnable raw() throws IOException, InterruptedException {
    return mode("raw", "-echo");
  }

  /**
   * Turns off echo and line editing, so that each key is read when it is pressed. Ctrl-C stays a
   * signal.
   *
   * @return puts it back as it was; may be called from a shutdown hook
   */
  static Runnable keys() throws IOException, InterruptedException {
    return mode("-icanon", "-echo", "min", "1", "time", "0");
  }

  private static Runnable mode(String... settings) throws IOException, InterruptedException {
    String before = stty("-g").strip();
    stty(settings);
    return () -> {
      try {
        stty(before);
      } catch (IOException e) {
        System.err.println("lanyard: cannot restore the terminal; type: stty sane");
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    };
  }

  private static String stty(String... arguments) throws IOException, InterruptedException {
    String[] command = new String[arguments.length + 1];
    command[0] = "stty";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Process process =
        new ProcessBuilder(command)
            .redirectInput(ProcessBuilder.Redirect.INHERIT)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String output =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
    if (!process.waitFor(5, TimeUnit.SECONDS) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IOException("stty " + Arrays.toString(arguments) + " failed");
    }
    return output;
  }
}
