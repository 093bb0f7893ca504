package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.cli.Tour.Step;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * README's tour, word for word: its files, its commands typed at a terminal, and what they print.
 * Needs root, for a network namespace in which the tour's addresses are free.
 */
@Timeout(540)
final class ReadmeTourIT {
  private static final Path RUNTIME = Path.of("/tmp/lab");
  private static final String SHELL_PROMPT = "tour> ";
  private static final String GUEST_PROMPT = "/ # ";

  /** As the console has it: Ctrl-]. */
  private static final int LEAVE = 0x1d;

  private static final int STEP_SECONDS = 60;

  /** A machine that interprets, on a host that is busy with other tests. */
  private static final int BOOT_SECONDS = 240;

  @TempDir Path home;

  private @Nullable Process shell;
  private final StringBuilder screen = new StringBuilder();

  @Test
  void theToursCommandsPrintWhatItSays() throws IOException, InterruptedException {
    assertThat(RUNTIME).doesNotExist();
    Tour tour = Tour.read(Path.of("../README.md"));
    for (Map.Entry<String, String> file : tour.files().entrySet()) {
      Files.writeString(home.resolve(file.getKey()), file.getValue());
    }
    Files.createSymbolicLink(
        home.resolve("lanyard"), Path.of("../lanyard").toAbsolutePath().normalize());
    Path images = Files.createDirectories(Path.of("target/images")).toAbsolutePath();
    Files.createSymbolicLink(
        Files.createDirectory(home.resolve("state")).resolve("images"), images);
    pull(images);
    start();
    List<Step> steps = tour.steps();
    for (int i = 0; i < steps.size(); i++) {
      boolean isLastOfGuest =
          steps.get(i).isOfGuest() && (i + 1 == steps.size() || !steps.get(i + 1).isOfGuest());
      boolean opensConsole = i + 1 < steps.size() && steps.get(i + 1).isOfGuest();
      run(steps.get(i), opensConsole || steps.get(i).isOfGuest());
      if (isLastOfGuest) {
        type(Character.toString(LEAVE));
        await(said -> said.contains(SHELL_PROMPT), STEP_SECONDS, "leaving the console");
      }
    }
  }

  /** Before the tour, which has no way to the world. */
  private void pull(Path images) throws IOException, InterruptedException {
    try (Launched pull =
        Launched.start(
            home, List.of(), "image", "pull", "debian-13-slim", "--images", images.toString())) {
      assertThat(pull.exit(300)).as(pull.complained()).isZero();
    }
  }

  private void start() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                "unshare",
                "--net",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "sh",
                "-c",
                "ip link set lo up && exec script -qec 'bash --norc --noprofile --noediting' /dev/null")
            .directory(home.toFile())
            .redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.keySet().removeAll(List.of("LANYARD_SOCKET", "LANYARD_CONNECT"));
    environment.put("LANYARD_NO_BUILD", "1");
    environment.put("CACHE_DIRECTORY", Path.of("target/cache").toAbsolutePath().toString());
    environment.put("STATE_DIRECTORY", home.resolve("state").toString());
    environment.put("TERM", "dumb");
    Process started = builder.start();
    shell = started;
    Thread.ofVirtual().start(() -> read(started.getInputStream()));
    await(said -> said.endsWith("# "), STEP_SECONDS, "the shell");
    // In two halves, so that the echo of it is no prompt.
    type("PS1=tour'> '\n");
    await(said -> said.contains(SHELL_PROMPT), STEP_SECONDS, "the prompt");
  }

  private void read(InputStream in) {
    byte[] bytes = new byte[8192];
    try {
      int count;
      while ((count = in.read(bytes)) >= 0) {
        synchronized (screen) {
          screen.append(new String(bytes, 0, count, StandardCharsets.UTF_8));
        }
      }
    } catch (IOException e) {
      // The terminal is closed.
    }
  }

  private String screen() {
    synchronized (screen) {
      return screen.toString();
    }
  }

  private void type(String keys) throws IOException {
    synchronized (screen) {
      screen.setLength(0);
    }
    OutputStream out = shell().getOutputStream();
    out.write(keys.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  private Process shell() {
    Process started = shell;
    if (started == null) {
      throw new IllegalStateException("there is no shell yet");
    }
    return started;
  }

  /** Types a command, and waits until it has printed what it should and the prompt is back. */
  private void run(Step step, boolean isAnsweredByGuest) throws IOException, InterruptedException {
    type(step.command() + "\n");
    String prompt = isAnsweredByGuest ? GUEST_PROMPT : SHELL_PROMPT;
    boolean boots = isAnsweredByGuest && !step.isOfGuest();
    await(
        said -> said.contains(prompt) && step.isAnswered(output(said, step, prompt)),
        boots ? BOOT_SECONDS : STEP_SECONDS,
        step.command() + "\n" + String.join("\n", step.output()));
  }

  /** The lines between the echo of a command and the prompt; and after it, of one that goes on. */
  private static List<String> output(String said, Step step, String prompt) {
    return said.replace(step.command(), "").replace(prompt, "\n").lines().toList();
  }

  private void await(Predicate<String> reached, int seconds, String what) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    String said = Tour.plain(screen());
    while (!reached.test(said)) {
      if (System.nanoTime() > deadline || shell == null) {
        throw new AssertionError(
            "expected within " + seconds + " s:\n" + what + "\nbut there was:\n" + said);
      }
      try {
        TimeUnit.MILLISECONDS.sleep(50);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
      said = Tour.plain(screen());
    }
  }

  @AfterEach
  void end() throws IOException {
    Process started = shell;
    if (started != null) {
      started.descendants().forEach(ProcessHandle::destroyForcibly);
      started.destroyForcibly().onExit().join();
    }
    if (Files.isDirectory(RUNTIME)) {
      try (var left = Files.walk(RUNTIME)) {
        for (Path path : left.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }
}
