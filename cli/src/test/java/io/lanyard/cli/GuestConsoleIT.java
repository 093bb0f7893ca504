package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A guest's console at a terminal, through the real launcher. Needs script(1). */
@Timeout(240)
final class GuestConsoleIT {
  private static final String LEAVE = "\u001d";

  @TempDir Path home;

  private static void await(Callable<Boolean> condition, Path log) throws Exception {
    Await.until(() -> Files.readString(log), condition::call);
  }

  private static List<String> sizes(FakeDaemon daemon) throws IOException {
    List<String> sizes = new ArrayList<>();
    for (FakeDaemon.Asked put : daemon.asked("PUT")) {
      assertThat(put.path()).isEqualTo("/v1/guests/web/console/size");
      sizes.add(put.json().path("columns").asInt() + "x" + put.json().path("rows").asInt());
    }
    return sizes;
  }

  @Test
  void aConsoleThatWaitsIsOpenedWhenTheGuestIsOn() throws Exception {
    String before =
        """
        event: snapshot
        id: 1
        data: {"guests":[{"name":"web","state":"created"}]}

        event: guest-changed
        id: 2
        data: {"type":"guest-changed","subject":"web","data":{"from":"created","to":"running"}}

        """;
    try (FakeDaemon daemon = new FakeDaemon(home);
        Said said = new Said()) {
      daemon.hold("GET /v1/events", before).answer("POST /v1/guests/web/console", "");
      assertThat(said.run(daemon.socket, "guest console --wait web")).as(said.err()).isZero();
      assertThat(daemon.asked())
          .extracting(FakeDaemon.Asked::path)
          .startsWith("/v1/events", "/v1/guests/web/console");
    }
  }

  @Test
  void aGuestHearsHowLargeTheTerminalIsAndHowLargeItBecomes() throws Exception {
    Path log = Files.createFile(home.resolve("terminal"));
    try (FakeDaemon daemon = new FakeDaemon(home)) {
      daemon
          .hold("POST /v1/guests/web/console", "hello")
          .hold("GET /v1/events", "")
          .answer("PUT /v1/guests/web/console/size", 204, "");
      String line =
          "tty; stty rows 33 cols 101; exec "
              + Path.of("../lanyard").toAbsolutePath().normalize()
              + " guest console web --socket "
              + daemon.socket;
      ProcessBuilder builder =
          new ProcessBuilder("env", "--default-signal", "script", "-qefc", line, "/dev/null")
              .redirectErrorStream(true)
              .redirectOutput(log.toFile());
      builder.environment().put("LANYARD_NO_BUILD", "1");
      Process terminal = builder.start();
      try {
        await(() -> sizes(daemon).contains("101x33"), log);
        String tty = Files.readString(log).lines().findFirst().orElseThrow().strip();
        Process larger = new ProcessBuilder("stty", "-F", tty, "rows", "50", "cols", "132").start();
        assertThat(larger.waitFor()).isZero();
        await(() -> sizes(daemon).getLast().equals("132x50"), log);
        await(() -> Files.readString(log).contains("hello"), log);
        terminal.outputWriter().append(LEAVE).flush();
        assertThat(terminal.waitFor(60, TimeUnit.SECONDS)).as(Files.readString(log)).isTrue();
        assertThat(terminal.exitValue()).isZero();
      } finally {
        terminal.destroyForcibly();
      }
    }
  }
}
