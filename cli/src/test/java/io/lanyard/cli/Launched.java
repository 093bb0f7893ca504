package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.lanyard.control.client.LanyardClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program started by the launcher of this checkout, as a user starts it. */
final class Launched implements AutoCloseable {
  static final ObjectMapper JSON = new ObjectMapper();
  private static final Path LAUNCHER = Path.of("../lanyard").toAbsolutePath().normalize();
  private static final int START_SECONDS = 90;

  final Process process;
  private final Path out;
  private final Path err;

  private Launched(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /**
   * Starts the program.
   *
   * @param home where its output goes
   * @param before what is put before the launcher
   * @param arguments its arguments
   */
  static Launched start(Path home, List<String> before, String... arguments) throws IOException {
    // What runs the tests may have them ignore signals (a shell in the background Ctrl-C, nohup the
    // hang-up), and a child inherits that.
    List<String> command = new ArrayList<>(List.of("env", "--default-signal"));
    command.addAll(before);
    command.add(LAUNCHER.toString());
    command.addAll(List.of(arguments));
    Path out = Files.createTempFile(home, "out", "");
    Path err = Files.createTempFile(home, "err", "");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .redirectInput(ProcessBuilder.Redirect.PIPE);
    // Built by Maven just now; the cache of classes is kept from run to run.
    builder.environment().put("LANYARD_NO_BUILD", "1");
    builder
        .environment()
        .put("CACHE_DIRECTORY", Path.of("target/cache").toAbsolutePath().toString());
    builder.environment().keySet().removeAll(List.of("LANYARD_SOCKET", "LANYARD_CONNECT"));
    return new Launched(builder.start(), out, err);
  }

  /** Starts a daemon with its directories below a home, and waits until it answers. */
  static Launched daemon(Path home, List<String> before, String configuration)
      throws IOException, InterruptedException {
    Path file = home.resolve("lanyard.yaml");
    Files.writeString(file, configuration);
    Launched daemon =
        start(
            home,
            before,
            "daemon",
            "--config",
            file.toString(),
            "--state-dir",
            home.resolve("state").toString(),
            "--runtime-dir",
            home.resolve("run").toString());
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (true) {
      try {
        if (client(home).status().value().pid() == daemon.process.pid()) {
          return daemon;
        }
      } catch (IOException e) {
        assertThat(daemon.process.isAlive()).as(daemon.complained()).isTrue();
      }
      assertThat(System.nanoTime()).as(daemon.complained()).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  static Path socket(Path home) {
    return home.resolve("run/api.sock");
  }

  static LanyardClient client(Path home) {
    return LanyardClient.of(socket(home));
  }

  String said() throws IOException {
    return Files.readString(out);
  }

  String complained() throws IOException {
    return Files.readString(err);
  }

  int exit(int seconds) throws InterruptedException, IOException {
    assertThat(process.waitFor(seconds, TimeUnit.SECONDS)).as(said() + complained()).isTrue();
    return process.exitValue();
  }

  void signal(String name) throws IOException, InterruptedException {
    assertThat(
            new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor())
        .isZero();
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly().onExit().join();
  }
}
