package io.lanyard.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lanyard.control.client.HttpClient;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** The directory of one test's daemons, which are processes that end with it. */
public final class DaemonHome {
  /** How long a process may take to start or to end: a machine may be busy. */
  static final int START_SECONDS = 60;

  /** Our log's lines, and what a JVM says by itself. */
  private static final Pattern WARNING =
      Pattern.compile("^\\S+ \\S+ (WARN|ERROR) |LEAK|^Exception");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path home;
  private final List<Running> processes = new ArrayList<>();
  private final List<Pattern> expected = new ArrayList<>();

  /**
   * Makes a home.
   *
   * @param home a directory of the test's own
   */
  public DaemonHome(Path home) {
    this.home = home;
  }

  /**
   * A command that runs Lanyard.
   *
   * @param before what runs it in turn, such as setpriv; nothing for itself
   */
  public static List<String> java(String... before) {
    return java(true, before);
  }

  /** The same for a daemon that computes much: it starts a little later, and goes on faster. */
  static List<String> optimisedJava() {
    return java(false);
  }

  /**
   * The same for a daemon whose clock the test puts forward, with {@link Running#putForward}.
   *
   * @param before what runs it in turn; nothing for itself
   */
  public static List<String> steppedJava(String... before) {
    List<String> command = new ArrayList<>(java(before));
    command.set(command.size() - 1, "io.lanyard.daemon.main.SteppedMain");
    return command;
  }

  private static List<String> java(boolean startsFast, String... before) {
    // As if started by hand: what runs the tests may ignore signals, and a child inherits that.
    List<String> command = new ArrayList<>(List.of("env", "--default-signal"));
    command.addAll(List.of(before));
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=" + (startsFast ? 1 : 4),
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dio.netty.noUnsafe=false",
            "-cp",
            System.getProperty("java.class.path"),
            "io.lanyard.daemon.main.Main"));
    return command;
  }

  /** A process, and where it writes. */
  public record Running(Process process, Path log) {
    /** The output so far. */
    public String said() throws IOException {
      return Files.readString(log);
    }

    /**
     * Puts its clock forward: what it would do later, it does now.
     *
     * @param seconds fewer than 256
     */
    public void putForward(int seconds) throws IOException {
      process.getOutputStream().write(seconds);
      process.getOutputStream().flush();
    }

    int exit() throws InterruptedException {
      assertThat(process.waitFor(START_SECONDS, TimeUnit.SECONDS)).isTrue();
      return process.exitValue();
    }
  }

  Running run(List<String> command, String... arguments) throws IOException {
    List<String> all = new ArrayList<>(command);
    all.addAll(List.of(arguments));
    Path log = home.resolve("log-" + processes.size());
    Process process =
        new ProcessBuilder(all).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    Running running = new Running(process, log);
    processes.add(running);
    return running;
  }

  /** Starts a daemon of that configuration, by a command of {@link #java}. */
  public Running daemon(String configuration, List<String> command) throws IOException {
    Path file = home.resolve("lanyard.yaml");
    Files.writeString(file, configuration);
    return run(
        command,
        "--config",
        file.toString(),
        "--state-dir",
        home.resolve("state").toString(),
        "--runtime-dir",
        home.resolve("run").toString());
  }

  /** Waits until a daemon answers; returns its status. */
  public JsonNode await(Running daemon) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (true) {
      try {
        return get("/v1/status");
      } catch (IOException e) {
        assertThat(daemon.process().isAlive()).as(daemon.said()).isTrue();
        assertThat(System.nanoTime()).as(daemon.said()).isLessThan(deadline);
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }

  /** Asks the daemon's API. */
  public JsonNode get(String target) throws IOException {
    try (HttpClient.Answer answer =
        new HttpClient(home.resolve("run/api.sock")).send("GET", target)) {
      return JSON.readTree(answer.bytes());
    }
  }

  /** Tells the daemon by its API to do something; fails if it does not. */
  void post(String target) throws IOException {
    try (HttpClient.Answer answer =
        new HttpClient(home.resolve("run/api.sock")).send("POST", target)) {
      assertThat(answer.status()).as(new String(answer.bytes(), UTF_8)).isBetween(200, 299);
    }
  }

  /**
   * Says that a daemon is to warn; without that a test fails if one does.
   *
   * @param regex what a part of each such line matches
   */
  public void expectWarning(String regex) {
    expected.add(Pattern.compile(regex));
  }

  /** Ends all processes, and looks through what they said. */
  public void close() throws IOException, InterruptedException {
    for (Running one : processes) {
      one.process().destroyForcibly().waitFor();
    }
    for (Running one : processes) {
      List<String> warnings =
          one.said()
              .lines()
              .filter(line -> WARNING.matcher(line).find() && !LogWatch.isOfTheHost(line))
              .filter(line -> expected.stream().noneMatch(e -> e.matcher(line).find()))
              .toList();
      assertThat(warnings).as("warnings that no test expects").isEmpty();
    }
  }
}
