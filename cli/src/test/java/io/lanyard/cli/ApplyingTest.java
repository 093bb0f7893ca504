package io.lanyard.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files that are planned, applied and saved, and the configuration that runs. */
@Timeout(240)
final class ApplyingTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PLAN = ChangingTest.PLAN;

  @TempDir Path directory;
  private FakeDaemon daemon;
  private final Said said = new Said();

  @BeforeEach
  void start() throws IOException {
    daemon = new FakeDaemon(directory).answer("GET /v1/config", ChangingTest.CONFIG);
  }

  @AfterEach
  void stop() throws IOException {
    said.close();
    daemon.close();
  }

  private int run(String command) {
    return said.run(daemon.socket, command);
  }

  @Test
  void aPlanIsShownAndSentWithItsPath() throws IOException {
    Path file = Files.writeString(directory.resolve("l ü.yaml"), "version: 1\n");
    daemon.answer("POST /v1/config/plan", PLAN);
    assertThat(said.run(daemon.socket, List.of("plan", file.toString()))).as(said.err()).isZero();
    assertThat(daemon.asked().getFirst().target())
        .isEqualTo(
            "/v1/config/plan?source="
                + URLEncoder.encode(file.toString(), UTF_8).replace("+", "%20"));
    assertThat(daemon.asked().getFirst().body()).isEqualTo("version: 1\n");
    assertThat(daemon.asked().getFirst().headers())
        .containsEntry("content-type", "application/yaml");
    assertThat(said.out()).startsWith("+ networks.vmnet8.forwards[x]").doesNotContain("\u001b");
    assertThat(said.run(daemon.socket, List.of("plan"))).isZero();
    assertThat(daemon.asked().getLast().target()).isEqualTo("/v1/config/plan");
  }

  @Test
  void standardInputIsAFileOfThePresentDirectory() {
    daemon.answer("POST /v1/config/plan", PLAN).answer("PUT /v1/config", PLAN);
    InputStream real = System.in;
    try {
      System.setIn(new ByteArrayInputStream("version: 1\n".getBytes(UTF_8)));
      assertThat(run("plan -")).as(said.err()).isZero();
      System.setIn(new ByteArrayInputStream("version: 2\n".getBytes(UTF_8)));
      assertThat(run("apply -")).as(said.err()).isZero();
      assertThat(daemon.asked())
          .extracting(FakeDaemon.Asked::body)
          .containsExactly("version: 1\n", "version: 2\n");
      String source = URLEncoder.encode(Path.of("-").toAbsolutePath().toString(), UTF_8);
      assertThat(daemon.asked().getLast().target()).contains("source=" + source);
      assertThat(run("apply -")).isEqualTo(Lanyard.FAILED);
      assertThat(said.err()).contains("standard input is empty");
      System.setIn(new ByteArrayInputStream("version: 1\nx: 1\n".getBytes(UTF_8)));
      assertThat(said.execute(List.of("check", "-"))).isEqualTo(Lanyard.FAILED);
      assertThat(said.err()).contains("-:2:1: x: unknown key");
      System.setIn(new ByteArrayInputStream("version: 1\n# \u00e9\n".getBytes(ISO_8859_1)));
      assertThat(said.execute(List.of("check", "-"))).isEqualTo(Lanyard.FAILED);
      assertThat(said.err()).contains("-:2:3: not YAML: the byte 0xe9 is not UTF-8");
    } finally {
      System.setIn(real);
    }
  }

  @Test
  void aPlanWithoutChangesSaysSo() {
    daemon.answer(
        "POST /v1/config/plan", "{\"revision\":1,\"changes\":[],\"ends\":[],\"restart\":[]}");
    assertThat(run("plan")).isZero();
    assertThat(said.out()).isEqualTo("Nothing changes.\n");
  }

  @Test
  void aTextOfAStrangerSpeaksToNoTerminal() {
    daemon.answer(
        "POST /v1/config/plan",
        "{\"changes\":[{\"text\":\"- guests.\\u001b[2J\"}],\"ends\":[\"\\u009b31m\"]}");
    assertThat(run("plan")).isZero();
    assertThat(said.out()).doesNotContain("\u001b", "\u009b");
  }

  @Test
  void problemsOfAFileAreShownAsCheckShowsThem() throws IOException {
    Path file = Files.writeString(directory.resolve("l.yaml"), "versio: 1\n");
    String problem = file + ":1:1: versio: unknown key; did you mean \"version\"?";
    String answer =
        "{\"title\":\"the configuration has problems\",\"status\":422,\"reason\":\"invalid\","
            + "\"errors\":[\""
            + problem.replace("\"", "\\\"")
            + "\"]}";
    daemon.answer("POST /v1/config/plan", 422, answer).answer("PUT /v1/config", 422, answer);
    assertThat(run("plan " + file)).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).isEqualTo(problem + "\n");
    assertThat(run("apply " + file)).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).isEqualTo(problem + "\n");
    assertThat(run("apply --json " + file)).isEqualTo(Lanyard.FAILED);
    assertThat(JSON.readTree(said.err()).path("errors").path(0).asText()).isEqualTo(problem);
  }

  @Test
  void aFileThatCannotBeReadIsNotSent() throws IOException {
    assertThat(run("apply " + directory.resolve("none.yaml"))).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("cannot read").contains("none.yaml");
    assertThat(run("apply " + directory)).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("it is a directory");
    Path empty = Files.writeString(directory.resolve("empty.yaml"), "");
    assertThat(run("apply " + empty)).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("is empty");
    assertThat(daemon.asked()).isEmpty();
  }

  @Test
  void aChangeThatWaitsSaysHowItIsConfirmed() {
    daemon.answer(
        "PUT /v1/config", PLAN.replace("\"confirmBy\": \"\"", "\"confirmBy\": \"2026-01-01\""));
    assertThat(run("apply --confirm 60s")).isZero();
    assertThat(said.out())
        .endsWith(
            "It is taken back at 2026-01-01 unless it is confirmed: lanyard config confirm 8\n");
  }

  @Test
  void theConfigurationIsShownWithOrigins() {
    assertThat(run("config show networks.lab")).isZero();
    assertThat(said.out()).isEqualTo("networks.lab.mode: isolated\n");
    assertThat(run("config show --origin")).isZero();
    assertThat(said.out())
        .contains("PATH", "ORIGIN", "root at 2026-11-29T10:00:00Z", "/etc/lanyard.yaml:3:5");
    assertThat(run("config show --json networks.none")).isEqualTo(Lanyard.FAILED);
    assertThat(run("reservation ls")).isZero();
    assertThat(said.out())
        .isEqualTo(
            """
            NETWORK  MAC                ADDRESS         IPV6  HOSTNAME  ORIGIN
            vmnet8   52:54:00:00:00:10  192.168.127.10  -     -         f:9:1
            """);
    assertThat(run("dns ls vmnet8")).isZero();
    assertThat(said.out()).contains("printer    a      192.168.127.9");
    assertThat(run("dns ls --network lab --json")).isZero();
    assertThat(said.out()).isEqualTo("[ ]\n");
    assertThat(run("log level")).isZero();
    assertThat(said.out()).isEqualTo("info\n");
  }

  @Test
  void theHistoryIsAListAndCanBeGoneBackIn() {
    daemon
        .answer(
            "GET /v1/config/history",
            "[{\"revision\":7,\"at\":\"t\",\"who\":\"root\",\"why\":\"apply\",\"edits\":2}]")
        .answer("POST /v1/config/rollback/6", PLAN)
        .answer("POST /v1/config/confirm/7", 204, "")
        .answer("POST /v1/config/confirm/5", 404, "{\"title\":\"none\",\"reason\":\"unknown\"}");
    assertThat(run("config history")).isZero();
    assertThat(said.out()).contains("REVISION  AT  WHO   WHY    SOURCE  EDITS", "7 ");
    assertThat(run("config rollback 6 --yes")).as(said.err()).isZero();
    assertThat(daemon.asked().getLast().target()).isEqualTo("/v1/config/rollback/6?yes=true");
    assertThat(run("config confirm")).as(said.err()).isZero();
    assertThat(said.out()).isEqualTo("revision 7 is kept\n");
    assertThat(run("config confirm 5")).isEqualTo(Lanyard.FAILED);
    assertThat(run("config rollback x")).isEqualTo(Lanyard.BAD_USAGE);
  }

  @Test
  void theEffectiveFileIsSavedWhole() throws IOException {
    daemon.answer("GET /v1/config/text", "version: 1\n");
    Path file = directory.resolve("saved.yaml");
    assertThat(run("config save " + file)).as(said.err()).isZero();
    assertThat(file).hasContent("version: 1\n");
    Path link = Files.createSymbolicLink(directory.resolve("link.yaml"), file);
    assertThat(run("config save " + file)).as("the same again").isZero();
    Files.writeString(file, "old");
    assertThat(run("config save " + link)).isEqualTo(Lanyard.FAILED);
    assertThat(said.err())
        .contains(link + " is there already, and says something else", "--force replaces it");
    assertThat(file).hasContent("old");
    assertThat(run("config save --force " + link)).as(said.err()).isZero();
    assertThat(file).hasContent("version: 1\n");
    assertThat(link).isSymbolicLink();
    assertThat(run("config save " + directory.resolve("no/where.yaml"))).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("cannot write");
    try (var files = Files.list(directory)) {
      assertThat(files.map(Path::getFileName).map(Path::toString))
          .containsExactlyInAnyOrder("api.sock", "saved.yaml", "link.yaml");
    }
  }
}
