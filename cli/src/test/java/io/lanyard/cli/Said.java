package io.lanyard.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs commands in this process and keeps their output. */
@SuppressWarnings("SystemOut")
final class Said implements AutoCloseable {
  private final PrintStream realOut = System.out;
  private final PrintStream realErr = System.err;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  Said() {
    System.setOut(new PrintStream(out, true, UTF_8));
    System.setErr(new PrintStream(err, true, UTF_8));
  }

  /** Runs a command, whose words have no blanks in them. */
  int run(Path socket, String command) {
    return run(socket, List.of(command.split(" ")));
  }

  int run(Path socket, List<String> words) {
    List<String> all = new ArrayList<>(words);
    all.addAll(List.of("--socket", socket.toString()));
    return execute(all);
  }

  /** Runs a command as it is. */
  int execute(List<String> words) {
    out.reset();
    err.reset();
    return Lanyard.execute(words.toArray(String[]::new));
  }

  String out() {
    return out.toString(UTF_8);
  }

  String err() {
    return err.toString(UTF_8);
  }

  @Override
  public void close() {
    System.setOut(realOut);
    System.setErr(realErr);
  }
}
