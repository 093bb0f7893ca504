package io.lanyard.demo;

import io.lanyard.control.client.LanyardClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The demo's daemon: a child process with directories of its own, which ends when this process
 * does, however it does.
 */
final class DemoDaemon implements AutoCloseable {
  private final Process process;
  private final Path log;
  private final LanyardClient client;

  /**
   * Starts a daemon.
   *
   * @param home where its state, its sockets and its log go
   * @param config its configuration
   * @param images the image store
   */
  DemoDaemon(Path home, Path config, Path images) throws IOException {
    log = home.resolve("daemon.log");
    client = LanyardClient.of(home.resolve("run/api.sock"));
    List<String> command =
        List.of(
            launcher(),
            "daemon",
            "--while-input",
            "--config",
            config.toString(),
            "--state-dir",
            home.resolve("state").toString(),
            "--runtime-dir",
            home.resolve("run").toString(),
            "--images",
            images.toString());
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().put("LANYARD_NO_BUILD", "1");
    process = builder.start();
  }

  /** The launcher that this program was started by. */
  private static String launcher() throws IOException {
    String launcher = System.getProperty("lanyard.launcher", "");
    if (launcher.isEmpty()) {
      throw new IOException("this program was not started by its launcher, which starts daemons");
    }
    return launcher;
  }

  /** Waits until the API answers. */
  void awaitReady(int seconds) throws DemoException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (true) {
      if (!process.isAlive()) {
        throw new DemoException("the daemon has ended: " + lastWords());
      }
      try {
        var _ = client.status();
        return;
      } catch (IOException e) {
        if (System.nanoTime() > deadline) {
          throw new DemoException("the daemon does not answer: " + lastWords());
        }
        TimeUnit.MILLISECONDS.sleep(10);
      }
    }
  }

  String lastWords() {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
    } catch (IOException e) {
      return "it left no log";
    }
  }

  LanyardClient client() {
    return client;
  }

  /** As {@code kill -9} does it. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
