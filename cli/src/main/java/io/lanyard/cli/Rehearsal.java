package io.lanyard.cli;

import io.lanyard.config.ConfigException;
import io.lanyard.config.ConfigLoader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Does once what a start of the daemon and the common commands do, for the JVM to remember (JEP
 * 514). The launcher runs it when a distribution has no cache yet; it changes nothing on the host.
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

  private static final List<String> COMMANDS =
      List.of(
          "status",
          "network ls",
          "port ls",
          "lease ls",
          "forward ls",
          "flow ls",
          "guest ls",
          "dump",
          "status --json",
          "image ls",
          "--version",
          "--help");

  private Rehearsal() {}

  /**
   * Rehearses.
   *
   * @param arguments none
   * @throws Exception if anything fails: there is no cache then
   */
  public static void main(String[] arguments) throws Exception {
    Path home = Files.createTempDirectory("lanyard-rehearsal-");
    try {
      rehearse(home);
    } finally {
      remove(home);
    }
    System.exit(0);
  }

  @SuppressWarnings("SystemOut") // The commands' output goes nowhere here.
  private static void rehearse(Path home) throws ConfigException, IOException {
    System.setOut(new PrintStream(OutputStream.nullOutputStream(), false));
    var _ = ConfigLoader.builtIn();
    Path file = Files.writeString(home.resolve("lanyard.yaml"), CONFIGURATION);
    Path socket = home.resolve("api.sock");
    EarlyStart.begin();
    DaemonCommand daemon =
        Objects.requireNonNull(
            DaemonArguments.plain(
                "daemon",
                "--config",
                file.toString(),
                "--state-dir",
                home.resolve("state").toString(),
                "--runtime-dir",
                home.toString(),
                "--images",
                home.resolve("images").toString()));
    Thread runs = Thread.ofPlatform().name("daemon").start(daemon::call);
    while (runs.isAlive() && Lanyard.execute("status", "--socket", socket.toString()) != 0) {
      Thread.onSpinWait();
    }
    for (String command : COMMANDS) {
      String[] words = command.split(" ");
      boolean asks = !words[0].startsWith("-") && !words[0].equals("image");
      if (asks) {
        words =
            Stream.concat(Stream.of(words), Stream.of("--socket", socket.toString()))
                .toArray(String[]::new);
      }
      Lanyard.execute(words);
    }
    daemon.stopAndWait();
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
