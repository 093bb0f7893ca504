package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.lanyard.testing.Await;
import io.lanyard.testing.FreePorts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A user's changes through the real launcher, in a daemon that runs. */
@Timeout(300)
final class ChangingIT {
  private static final String SMALL =
      """
      version: 1
      networks:
        a:
          mode: nat
          ipv4: {subnet: 10.9.8.0/24}
          dhcp: {reservations: [{mac: "52:54:00:00:00:10", address: 10.9.8.10, hostname: web}]}
        b: {mode: isolated}
      """;

  @TempDir Path home;

  private record Done(int status, String out, String err) {}

  private Launched start(String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--socket", Launched.socket(home).toString()));
    return Launched.start(home, List.of(), all.toArray(String[]::new));
  }

  private Done ask(String... arguments) throws IOException, InterruptedException {
    try (Launched command = start(arguments)) {
      int status = command.exit(60);
      return new Done(status, command.said(), command.complained());
    }
  }

  private String done(String command) throws IOException, InterruptedException {
    Done done = ask(command.split(" "));
    assertThat(done.status()).as(command + ": " + done.err()).isZero();
    return done.out();
  }

  /** Runs a command at a terminal of its own, and types when it asks. */
  private Done atTerminal(String command, String question, String keys)
      throws IOException, InterruptedException {
    Path log = Files.createTempFile(home, "terminal", "");
    Process terminal = terminal(command, log);
    try {
      awaitQuestion(terminal, log, question);
      terminal.outputWriter().append(keys).flush();
      assertThat(terminal.waitFor(60, TimeUnit.SECONDS)).as(Files.readString(log)).isTrue();
      return new Done(terminal.exitValue(), Files.readString(log), "");
    } finally {
      terminal.destroyForcibly();
    }
  }

  private Process terminal(String command, Path log) throws IOException {
    String line =
        // Some shells stay in between otherwise, and end in their own way on Ctrl-C.
        "exec "
            + Path.of("../lanyard").toAbsolutePath().normalize()
            + " "
            + command
            + " --socket "
            + Launched.socket(home);
    ProcessBuilder builder =
        // As if started by hand: what runs the tests may ignore SIGINT, and a child inherits that.
        new ProcessBuilder("env", "--default-signal", "script", "-qefc", line, "/dev/null")
            .redirectErrorStream(true);
    builder.redirectOutput(log.toFile());
    builder.environment().put("LANYARD_NO_BUILD", "1");
    builder
        .environment()
        .put("CACHE_DIRECTORY", Path.of("target/cache").toAbsolutePath().toString());
    return builder.start();
  }

  private static void awaitQuestion(Process terminal, Path log, String question)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!Files.readString(log).contains(question)) {
      assertThat(System.nanoTime()).as(Files.readString(log)).isLessThan(deadline);
      assertThat(terminal.isAlive()).as(Files.readString(log)).isTrue();
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  private JsonNode config() throws IOException, InterruptedException {
    return Launched.JSON.readTree(done("config show --json"));
  }

  @Test
  void changesByCommandAreThereAndStayThere() throws IOException, InterruptedException {
    String listen = "127.0.0.1:" + FreePorts.one();
    String add = "forward add a tcp " + listen + " web:80 --name web";
    try (Launched daemon = Launched.daemon(home, List.of(), SMALL)) {
      assertThat(done(add))
          .contains(
              "+ networks.a.forwards[web] (tcp " + listen + " to web:80)", "Done: revision 1");
      assertThat(done("forward ls")).contains(listen, "listening");
      // Somebody may have one of these ports.
      assertThat(done("forward add a udp 127.0.0.2:40000-40002 web:90-92 --tolerate"))
          .contains("+ networks.a.forwards[udp/127.0.0.2:40000-40002]");
      assertThat(done("forward ls --json")).contains("127.0.0.2:40000-40002");
      done("forward rm a udp/127.0.0.2:40000-40002");
      done("forward set a web to=web:81");
      assertThat(done("reservation add a 52:54:00:00:00:11 10.9.8.11 db"))
          .contains("~ networks.a.dhcp");
      done("dns add a printer 10.9.8.9");
      assertThat(done("dns ls")).containsPattern("printer +a +10\\.9\\.8\\.9");
      done("port add a q --kind qemu-stream --path q.sock");
      assertThat(done("port ls --network a")).contains("qemu-stream");
      done("port move a q b");
      assertThat(done("port ls --network b")).contains("qemu-stream");
      done("port rm b q");
      done("network add lab --mode nat --subnet 10.9.7.0/24 dns.domain=lab");
      done("network set lab nat.host-loopback=true");
      done("egress set lab default=deny");
      assertThat(done("egress show lab")).contains("deny");
      assertThat(done("network show lab")).contains("10.9.7.0/24", "host-loopback");
      done("log level debug");
      assertThat(done("log level")).isEqualTo("debug\n");
      assertThat(done("config show --origin networks.a.forwards[web].to"))
          .contains("web:81", " at 2");
      assertThat(done("config history")).contains(add);
      Path saved = home.resolve("saved.yaml");
      done("config save " + saved);
      assertThat(done("plan " + saved)).isEqualTo("Nothing changes.\n");
      daemon.signal("KILL");
      daemon.exit(60);
    }
    try (Launched _ = Launched.daemon(home, List.of(), SMALL)) {
      assertThat(done("forward ls")).contains(listen, "10.9.8.10:81");
      assertThat(done("network ls")).contains("lab");
      assertThat(done("config rollback 1 --dry-run")).contains("- networks.lab");
      assertThat(done("network ls")).contains("lab");
      done("config rollback 1 --yes");
      assertThat(done("forward ls")).contains(listen, "10.9.8.10:80");
      assertThat(done("network ls")).doesNotContain("lab");
    }
  }

  @Test
  void aFileIsAppliedWholeOrNotAtAll() throws IOException, InterruptedException {
    try (Launched _ = Launched.daemon(home, List.of(), SMALL);
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Path file = home.resolve("next.yaml");
      Files.writeString(file, SMALL.replace("mode: isolated", "mod: isolated"));
      Done wrong = ask("apply", file.toString());
      assertThat(wrong.status()).isEqualTo(1);
      assertThat(wrong.err()).contains(file + ":7:").contains("did you mean \"mode\"?");
      String forwards =
          "{mode: nat, ipv4: {subnet: 10.9.8.0/24}, forwards: [{name: x, protocol: tcp, listen:"
              + " '127.0.0.1:%d', to: '10.9.8.5:80'}]}".formatted(taken.getLocalPort());
      Files.writeString(file, "version: 1\nnetworks: {a: " + forwards + "}\n");
      assertThat(done("plan " + file)).contains("- networks.b", "+ networks.a.forwards[x]");
      long revision = config().path("revision").asLong();
      Done refused = ask("apply", file.toString(), "--yes");
      assertThat(refused.status()).as(refused.out()).isEqualTo(1);
      assertThat(refused.err()).contains("forwards[x]", "--tolerate");
      assertThat(config().path("revision").asLong()).isEqualTo(revision);
      assertThat(done("network ls")).contains("isolated");
      assertThat(done("apply --yes --tolerate " + file)).contains("Problems:");
      assertThat(done("forward ls")).contains("failed");
    }
  }

  @Test
  void aPersonAtATerminalConfirmsOrTakesBack() throws IOException, InterruptedException {
    try (Launched _ = Launched.daemon(home, List.of(), SMALL)) {
      String add = "dns add a %s 10.9.8.9 --confirm 60s";
      Done kept = atTerminal(add.formatted("kept"), "Press Enter", "\n");
      assertThat(kept.status()).as(kept.out()).isZero();
      assertThat(done("dns ls")).contains("kept");
      Done taken = atTerminal(add.formatted("taken"), "Press Enter", "\u0003");
      assertThat(taken.status()).as(taken.out()).isEqualTo(1);
      assertThat(taken.out()).contains("the change is taken back");
      assertThat(done("dns ls")).contains("kept").doesNotContain("taken");
      assertThat(done("dns add a late 10.9.8.9 --confirm 1s")).contains("config confirm");
      Await.until(() -> !done("dns ls").contains("late"));
    }
  }

  @Test
  void aCommandThatIsKilledBeforeItsChangeIsConfirmedHasItTakenBack()
      throws IOException, InterruptedException {
    try (Launched _ = Launched.daemon(home, List.of(), SMALL)) {
      Path file =
          Files.writeString(home.resolve("next.yaml"), SMALL.replace("10.9.8.10", "10.9.8.11"));
      Path log = Files.createTempFile(home, "terminal", "");
      Process terminal = terminal("apply " + file + " --confirm 30m", log);
      try {
        awaitQuestion(terminal, log, "Press Enter");
        assertThat(done("reservation ls")).contains("10.9.8.11");
        // The command, with SIGKILL; its terminal is another process.
        assertThat(terminal.descendants().filter(ProcessHandle::destroyForcibly)).isNotEmpty();
        Await.until(() -> !done("reservation ls").contains("10.9.8.11"));
        assertThat(done("config history")).contains("the connection of its caller ended");
      } finally {
        terminal.destroyForcibly();
      }
    }
  }

  @Test
  void eventsTellOfChangesAndGoOnAfterARestart() throws IOException, InterruptedException {
    try (Launched events = follow()) {
      try (Launched daemon = Launched.daemon(home, List.of(), SMALL)) {
        awaitEvents(events, "configuration-changed", "later");
        daemon.signal("TERM");
        daemon.exit(60);
      }
      try (Launched _ = Launched.daemon(home, List.of(), SMALL)) {
        awaitEvents(events, "configuration-changed", "again");
        events.signal("INT");
        assertThat(events.exit(60)).as(events.complained()).isZero();
        assertThat(events.complained()).doesNotContain("\tat ");
      }
    }
  }

  /** Follows events of a daemon that is there for as long as it takes to begin. */
  private Launched follow() throws IOException, InterruptedException {
    try (Launched _ = Launched.daemon(home, List.of(), SMALL)) {
      Launched events = start("events", "--json");
      Await.until(() -> events.complained(), () -> events.said().contains("snapshot"));
      return events;
    }
  }

  /** Makes changes until one of them is told of: the command may not be connected yet. */
  private void awaitEvents(Launched events, String type, String name)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    for (int i = 0; !events.said().contains(name); i++) {
      assertThat(System.nanoTime()).as(events.complained()).isLessThan(deadline);
      done("dns add a " + name + i + " 10.9.8.9");
    }
    assertThat(events.said()).contains(type);
  }

  @Test
  void aForwardLivesAsLongAsItsCommand() throws IOException, InterruptedException {
    String port = Integer.toString(FreePorts.one());
    try (Launched _ = Launched.daemon(home, List.of(), SMALL);
        Launched forward = start("port-forward", "web:a", port + ":80")) {
      Await.until(() -> forward.complained(), () -> forward.said().contains("until Ctrl-C"));
      assertThat(done("forward ls")).contains("127.0.0.1:" + port);
      forward.signal("INT");
      assertThat(forward.exit(60)).as(forward.complained()).isZero();
      Await.until(() -> !done("forward ls").contains(port));
    }
  }
}
