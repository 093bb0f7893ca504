package io.lanyard.daemon.main;

import io.lanyard.config.ConfigException;
import io.lanyard.config.ConfigLoader;
import io.lanyard.control.client.HttpClient;
import io.lanyard.daemon.StartException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Does once what a start of the daemon and its first answers do, for the JVM to remember (JEP 514).
 * The launcher runs it when a distribution has no cache yet; it changes nothing on the host.
 */
final class Rehearsal {
  private static final String CONFIGURATION =
      """
      version: 1
      networks:
        a:
          mode: nat
          ipv4: {subnet: 192.168.127.0/24}
          dns: {domain: lan, hosts: {printer: 192.168.127.9}}
          nat: {host-loopback: true}
          ports:
            - {name: q, kind: qemu-stream, path: q.sock}
            # Goes as far as it goes without touching the host: there is no such namespace.
            - {name: t, kind: tap, device: t0, netns: lanyard-rehearsal-none}
        b: {mode: host-only, ipv4: {subnet: 192.168.126.0/24}}
      """;

  private static final List<String> QUESTIONS =
      List.of("status", "networks", "ports", "leases", "forwards", "flows", "guests", "dump");

  private Rehearsal() {}

  /**
   * Rehearses.
   *
   * @param arguments none
   * @throws Exception if anything fails: there is no cache then
   */
  public static void main(String[] arguments) throws Exception {
    Main.chooseLog();
    Path home = Files.createTempDirectory("lanyard-rehearsal-");
    try {
      rehearse(home);
    } finally {
      remove(home);
    }
    System.exit(Main.DONE);
  }

  private static void rehearse(Path home) throws ConfigException, IOException, UsageException {
    var _ = ConfigLoader.builtIn();
    Path file = Files.writeString(home.resolve("lanyard.yaml"), CONFIGURATION);
    EarlyStart.begin();
    DaemonCommand daemon =
        Objects.requireNonNull(
            DaemonArguments.parse(
                "--config",
                file.toString(),
                "--state-dir",
                home.resolve("state").toString(),
                "--runtime-dir",
                home.toString(),
                "--images",
                home.resolve("images").toString()));
    Thread runs = Thread.ofPlatform().name("daemon").start(() -> run(daemon));
    HttpClient client = new HttpClient(home.resolve("api.sock"));
    while (runs.isAlive() && !answers(client)) {
      Thread.onSpinWait();
    }
    for (String question : QUESTIONS) {
      try (HttpClient.Answer answer = client.send("GET", "/v1/" + question)) {
        var _ = answer.bytes();
      }
    }
    daemon.stopAndWait();
  }

  private static void run(DaemonCommand daemon) {
    try {
      daemon.call();
    } catch (StartException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean answers(HttpClient client) {
    try (HttpClient.Answer answer = client.send("GET", "/v1/status")) {
      return answer.status() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private static void remove(Path home) throws IOException {
    try (Stream<Path> files = Files.walk(home)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
