package io.lanyard.daemon.adversary;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A Python program that goes on until it is killed. */
final class Program implements AutoCloseable {
  private final Process process;
  private volatile boolean closed;

  /**
   * Starts it.
   *
   * @param directory where it runs
   * @param before what runs it in turn; empty for itself
   * @param text the program
   * @param arguments its own
   */
  Program(Path directory, List<String> before, String text, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(before);
    command.addAll(List.of("python3", "-c", text));
    command.addAll(List.of(arguments));
    process =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
  }

  /** Waits until it is killed; it must not end before. */
  void await() {
    String said;
    try {
      said = new String(process.getInputStream().readAllBytes(), UTF_8);
    } catch (IOException e) {
      said = e.toString();
    }
    if (!closed) {
      throw new AssertionError("the program has ended: " + said);
    }
  }

  @Override
  public void close() {
    closed = true;
    process.destroyForcibly().onExit().join();
  }
}
