package io.lanyard.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.launch.DaemonOption;
import io.lanyard.control.launch.DaemonUsage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The command line without a daemon. */
@SuppressWarnings("SystemOut")
final class LanyardTest {
  @TempDir Path directory;
  private final PrintStream realOut = System.out;
  private final PrintStream realErr = System.err;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void capture() {
    System.setOut(new PrintStream(out, true, UTF_8));
    System.setErr(new PrintStream(err, true, UTF_8));
  }

  @AfterEach
  void restore() {
    System.setOut(realOut);
    System.setErr(realErr);
  }

  private String said() {
    return out.toString(UTF_8);
  }

  private String complained() {
    return err.toString(UTF_8);
  }

  @Test
  void withoutACommandTheUsageIsShown() {
    assertThat(Lanyard.execute()).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(complained()).contains("a command is missing", "Usage: lanyard");
  }

  @Test
  void anUnknownCommandIsBadUsage() {
    assertThat(Lanyard.execute("netwrok")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(Lanyard.execute("guest")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(Lanyard.execute("guest", "start")).isEqualTo(Lanyard.BAD_USAGE);
  }

  @Test
  void aUsageErrorIsShortAndNamesTheHelp() {
    assertThat(Lanyard.execute("guest")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(complained())
        .startsWith("lanyard: a verb is missing: ls, show, add, ")
        .endsWith("See: lanyard guest --help\n");
    err.reset();
    assertThat(Lanyard.execute("guest", "start")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(complained())
        .isEqualTo(
            "lanyard: Missing required parameter: 'GUEST'\nSee: lanyard guest start --help\n");
    err.reset();
    assertThat(Lanyard.execute("port", "show", "x", "--json")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(complained())
        .startsWith("{")
        .contains("\"title\" : \"expected NETWORK/PORT")
        .contains("lanyard port show --help");
    err.reset();
    assertThat(Lanyard.execute("reload")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(complained()).startsWith("lanyard: there is no command reload\n");
    assertThat(complained().lines()).hasSize(2);
    err.reset();
    assertThat(Lanyard.execute("status", "now")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(complained()).startsWith("lanyard: there is one word too many: now\n");
  }

  @Test
  void anErrorIsJsonWhereTheResultWouldBe() {
    Path socket = directory.resolve("api.sock");
    assertThat(Lanyard.execute("status", "--json", "--socket", socket.toString()))
        .isEqualTo(Lanyard.FAILED);
    assertThat(complained()).startsWith("{").contains("\"title\" : \"no daemon is running");
  }

  private static void collect(CommandLine line, String path, List<String> paths) {
    paths.add(path.strip());
    line.getSubcommands().forEach((name, next) -> collect(next, path + " " + name, paths));
  }

  @Test
  void everyCommandHasItsHelp() {
    List<String> paths = new ArrayList<>();
    collect(Lanyard.line("help"), "", paths);
    assertThat(paths).contains("guest console", "network show", "image pull", "capture");
    for (String path : paths) {
      out.reset();
      String[] words = path.isEmpty() ? new String[0] : path.split(" ");
      String[] asking = Arrays.copyOf(words, words.length + 1);
      asking[words.length] = "--help";
      assertThat(Lanyard.execute(asking)).as(path).isEqualTo(Lanyard.DONE);
      String usage = said();
      assertThat(usage).contains(("Usage: lanyard " + path).strip());
      out.reset();
      asking[words.length] = "-h";
      assertThat(Lanyard.execute(asking)).as(path).isEqualTo(Lanyard.DONE);
      assertThat(said()).isEqualTo(usage);
    }
    out.reset();
    assertThat(Lanyard.execute("help", "guest", "console")).isEqualTo(Lanyard.DONE);
    assertThat(said()).contains("Usage: lanyard guest console");
    assertThat(Lanyard.execute("help", "guests")).isEqualTo(Lanyard.BAD_USAGE);
  }

  @Test
  void aMistypedWordSuggestsTheNearest() {
    assertThat(Lanyard.execute("netwrok", "ls")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(complained()).contains("network");
    assertThat(Lanyard.execute("network", "ls", "--jsn")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(complained()).contains("--json");
  }

  @Test
  void theVersionIsPrinted() {
    assertThat(Lanyard.execute("--version")).isEqualTo(Lanyard.DONE);
    assertThat(said()).startsWith("lanyard ");
  }

  @Test
  void withoutADaemonACommandSaysSoAndHowToStartOne() {
    Path socket = directory.resolve("api.sock");
    assertThat(Lanyard.execute("status", "--socket", socket.toString())).isEqualTo(Lanyard.FAILED);
    assertThat(complained())
        .contains("no daemon is running: there is no socket " + socket)
        .contains("lanyard daemon")
        .doesNotContain("\tat ");
  }

  @Test
  void aGoodFileIsGood() throws IOException {
    Path file = directory.resolve("lanyard.yaml");
    Files.writeString(file, "version: 1\nnetworks: {a: {mode: isolated}}\n");
    assertThat(Lanyard.execute("check", file.toString())).isEqualTo(Lanyard.DONE);
    assertThat(said()).contains("good, networks 1");
  }

  @Test
  void aBadFileIsNamedWithLineAndColumn() throws IOException {
    Path file = directory.resolve("lanyard.yaml");
    Files.writeString(file, "version: 1\nnetworks: {a: {mod: isolated}}\n");
    assertThat(Lanyard.execute("check", file.toString())).isEqualTo(Lanyard.FAILED);
    assertThat(complained()).contains(file + ":2:").contains("mode");
  }

  @Test
  void aBadFileIsJsonWhenAskedFor() throws IOException {
    Path file = directory.resolve("lanyard.yaml");
    Files.writeString(file, "version: 1\nnetworks: {a: {mod: isolated}}\n");
    assertThat(Lanyard.execute("check", "--json", file.toString())).isEqualTo(Lanyard.FAILED);
    assertThat(said()).contains("\"valid\" : false").contains("\"line\" : 2");
  }

  @Test
  void aMissingFileIsSaid() {
    assertThat(Lanyard.execute("check", directory.resolve("none.yaml").toString()))
        .isEqualTo(Lanyard.FAILED);
    assertThat(complained()).contains("none.yaml");
  }

  @Test
  void imagesThatCanBePulledAreListed() {
    assertThat(Lanyard.execute("image", "ls", "--available")).isEqualTo(Lanyard.DONE);
    assertThat(said()).contains("debian-13-netboot");
  }

  @Test
  void anUnknownImageSuggestsTheNearest() {
    assertThat(Lanyard.execute("image", "pull", "debian-13", "--images", directory.toString()))
        .isEqualTo(Lanyard.FAILED);
    assertThat(complained()).contains("did you mean debian-13-netboot?");
  }

  @Test
  void theCompletionScriptKnowsTheNouns() {
    assertThat(Lanyard.execute("completion")).isEqualTo(Lanyard.DONE);
    assertThat(said()).contains("network", "guest", "capture");
  }

  private static OutputStream failing(String message) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw new IOException(message);
      }
    };
  }

  @Test
  void aResultThatCannotBeWrittenIsAFailure() {
    StandardOutput output = StandardOutput.over(failing("No space left on device"));
    output.printer().println("a result");
    assertThat(Lanyard.finish(Lanyard.DONE, output)).isEqualTo(Lanyard.FAILED);
    assertThat(complained())
        .isEqualTo("lanyard: cannot write standard output: No space left on device\n");
  }

  @Test
  void aReaderThatHasEnoughIsNoFailure() {
    StandardOutput output = StandardOutput.over(failing("Broken pipe"));
    output.printer().println("a result");
    assertThat(Lanyard.finish(Lanyard.DONE, output)).isEqualTo(Lanyard.DONE);
    assertThat(complained()).isEmpty();
  }

  @Test
  void aNameThatIsMissingIsBadUsage() {
    for (String line :
        List.of(
            "port show a", "port show a/", "port show /a", "capture -w x a/", "capture -w x /")) {
      assertThat(Lanyard.execute(line.split(" "))).as(line).isEqualTo(Lanyard.BAD_USAGE);
    }
  }

  @Test
  void theDaemonsProgramGivesTheSameHelp() {
    assertThat(Lanyard.execute("help", "daemon")).isEqualTo(Lanyard.DONE);
    assertThat(said()).isEqualTo(DaemonUsage.text());
  }

  @Test
  void theCompletionScriptKnowsTheDaemonsOptions() {
    assertThat(Lanyard.execute("completion")).isEqualTo(Lanyard.DONE);
    assertThat(said()).contains(DaemonOption.words());
  }

  @Test
  void whoHasNoLauncherIsToldWhatStartsADaemon() {
    assertThat(Lanyard.execute("daemon", "--config", "x")).isEqualTo(Lanyard.FAILED);
    assertThat(complained()).contains("start it with the launcher");
  }
}
