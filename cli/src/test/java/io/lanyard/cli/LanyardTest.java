package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.launch.DaemonOption;
import io.lanyard.control.launch.DaemonUsage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The command line without a daemon. */
final class LanyardTest {
  @TempDir Path directory;
  private final Said said = new Said();

  @AfterEach
  void restore() {
    said.close();
  }

  private int execute(String... words) {
    return said.execute(List.of(words));
  }

  @Test
  void withoutACommandTheUsageIsShown() {
    assertThat(execute()).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).contains("a command is missing", "Usage: lanyard");
  }

  @Test
  void anUnknownCommandIsBadUsage() {
    assertThat(execute("netwrok")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(execute("guest")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(execute("guest", "start")).isEqualTo(Lanyard.BAD_USAGE);
  }

  @Test
  void aUsageErrorIsShortAndNamesTheHelp() {
    assertThat(execute("guest")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err())
        .startsWith("lanyard: a verb is missing: ls, show, add, ")
        .endsWith("See: lanyard guest --help\n");
    assertThat(execute("guest", "start")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err())
        .isEqualTo("lanyard: GUEST is missing\nSee: lanyard guest start --help\n");
    assertThat(execute("port", "show", "x", "--json")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err())
        .startsWith("{")
        .contains("\"title\" : \"expected NETWORK/PORT")
        .contains("lanyard port show --help");
    assertThat(execute("reload")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).startsWith("lanyard: there is no command reload\n");
    assertThat(said.err().lines()).hasSize(2);
    assertThat(execute("status", "now")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).startsWith("lanyard: there is one word too many: now\n");
  }

  @Test
  void aWordThatIsNearlyRightIsFound() {
    execute("statsu");
    assertThat(said.err()).contains("Did you mean status? See: lanyard --help");
    execute("status", "--jsn");
    assertThat(said.err()).contains("Did you mean --json? See: lanyard status --help");
    execute("nosuch");
    assertThat(said.err()).doesNotContain("Did you mean");
  }

  @Test
  void anErrorIsJsonWhereTheResultWouldBe() {
    Path socket = directory.resolve("api.sock");
    assertThat(execute("status", "--json", "--socket", socket.toString()))
        .isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).startsWith("{").contains("\"title\" : \"no daemon is running");
  }

  @Test
  void whatIsNoSocketIsSaidToBeNone() throws IOException {
    assertThat(execute("status", "--socket", directory.toString())).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("is a directory", directory.resolve("api.sock").toString());
    Path file = Files.writeString(directory.resolve("l.yaml"), "");
    assertThat(execute("status", "--socket", file.toString())).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains(file + " is a file, and not the socket of a daemon");
  }

  @Test
  void whichDaemonIsMeantMayBeSaidBeforeTheCommand() {
    String socket = directory.resolve("none.sock").toString();
    for (List<String> words :
        List.of(
            List.of("--socket", socket, "status"),
            List.of("--socket=" + socket, "network", "ls"),
            List.of("--json", "--socket", socket, "network", "rm", "a"),
            List.of("--ca-file", "c", "--socket", socket, "ls"))) {
      assertThat(execute(words.toArray(String[]::new))).as("%s", words).isEqualTo(Lanyard.FAILED);
      assertThat(said.err()).contains("there is no socket " + socket);
    }
    assertThat(execute("--socket", socket)).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(execute("--socket", socket, "nosuch")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).contains("there is no command nosuch");
    assertThat(execute("--socket", socket, "image", "ls", "--available"))
        .isEqualTo(Lanyard.BAD_USAGE);
  }

  @Test
  void examplesOfTheHelpCanBePasted() {
    assertThat(examples(Lanyard.line("help"))).isGreaterThan(20);
  }

  /** Looks at the examples of a command and of those below it; returns how many there are. */
  private static int examples(CommandLine line) {
    int examples = 0;
    for (String said : line.getCommandSpec().usageMessage().description()) {
      if (said.matches("(For example:| {12}) lanyard .*")) {
        examples++;
        assertThat(line.getUsageMessage().lines()).contains(said);
      }
    }
    for (CommandLine next : line.getSubcommands().values()) {
      examples += examples(next);
    }
    return examples;
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
      String[] words = path.isEmpty() ? new String[0] : path.split(" ");
      String[] asking = Arrays.copyOf(words, words.length + 1);
      asking[words.length] = "--help";
      assertThat(execute(asking)).as(path).isEqualTo(Lanyard.DONE);
      String usage = said.out();
      assertThat(usage).contains(("Usage: lanyard " + path).strip());
      asking[words.length] = "-h";
      assertThat(execute(asking)).as(path).isEqualTo(Lanyard.DONE);
      assertThat(said.out()).isEqualTo(usage);
    }
    assertThat(execute("help", "guest", "console")).isEqualTo(Lanyard.DONE);
    assertThat(said.out()).contains("Usage: lanyard guest console");
    assertThat(execute("help", "guests")).isEqualTo(Lanyard.BAD_USAGE);
  }

  @Test
  void aMistypedWordSuggestsTheNearest() {
    assertThat(execute("netwrok", "ls")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).contains("network");
    assertThat(execute("network", "ls", "--jsn")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).contains("--json");
  }

  @Test
  void aMistypedWordBehindHelpSuggestsTheNearest() {
    assertThat(execute("help", "netwrok")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err())
        .isEqualTo(
            "lanyard: there is no command netwrok\nDid you mean network? See: lanyard --help\n");
    assertThat(execute("help", "network", "lss")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err())
        .isEqualTo(
            "lanyard: there is no command lss\nDid you mean ls? See: lanyard network --help\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          network ls --jsn              | there is no option --jsn
          port add vmnet8 p             | --kind is missing
          snapshot save                 | GUEST and NAME are missing
          port ls --socket              | --socket needs a value
          reservation rm a nomac        | MAC: expected a MAC address
          config rollback x             | REVISION: 'x' is not a long
          topology --svg --dot          | --dot, --svg are mutually exclusive
          guest add g --image slim      | there is no option --image
          completion fish               | there is a script for bash and zsh, not for fish
          dns add a www cnam b          | there is no type of record cnam
          """)
  void aMistakeIsSaidInOurWords(String command, String message) {
    assertThat(execute(command.split(" "))).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).startsWith("lanyard: " + message);
  }

  @Test
  void anOptionThatIsAKeyOfTheFileIsSaidToBeOne() {
    assertThat(execute("guest", "add", "g", "--image", "slim")).isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).contains("a key of the file is written as KEY=VALUE: image=...");
  }

  @Test
  void theVersionIsPrinted() {
    assertThat(execute("--version")).isEqualTo(Lanyard.DONE);
    assertThat(said.out()).startsWith("lanyard ");
  }

  @Test
  void withoutADaemonACommandSaysSoAndHowToStartOne() {
    Path socket = directory.resolve("api.sock");
    assertThat(execute("status", "--socket", socket.toString())).isEqualTo(Lanyard.FAILED);
    assertThat(said.err())
        .contains("no daemon is running: there is no socket " + socket)
        .contains("lanyard daemon")
        .doesNotContain("\tat ");
  }

  @Test
  void aGoodFileIsGood() throws IOException {
    Path file = directory.resolve("lanyard.yaml");
    Files.writeString(file, "version: 1\nnetworks: {a: {mode: isolated}}\n");
    assertThat(execute("check", file.toString())).isEqualTo(Lanyard.DONE);
    assertThat(said.out()).contains("good, networks 1");
  }

  @Test
  void aBadFileIsNamedWithLineAndColumn() throws IOException {
    Path file = directory.resolve("lanyard.yaml");
    Files.writeString(file, "version: 1\nnetworks: {a: {mod: isolated}}\n");
    assertThat(execute("check", file.toString())).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains(file + ":2:").contains("mode");
  }

  @Test
  void aBadFileIsJsonWhenAskedFor() throws IOException {
    Path file = directory.resolve("lanyard.yaml");
    Files.writeString(file, "version: 1\nnetworks: {a: {mod: isolated}}\n");
    assertThat(execute("check", "--json", file.toString())).isEqualTo(Lanyard.FAILED);
    assertThat(said.out()).contains("\"valid\" : false").contains("\"line\" : 2");
  }

  @Test
  void aMissingFileIsSaid() {
    assertThat(execute("check", directory.resolve("none.yaml").toString()))
        .isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("none.yaml");
  }

  @Test
  void imagesThatCanBePulledAreListed() {
    assertThat(execute("image", "ls", "--available")).isEqualTo(Lanyard.DONE);
    assertThat(said.out()).contains("debian-13-netboot");
  }

  @Test
  void anUnknownImageSuggestsTheNearest() {
    assertThat(execute("image", "pull", "debian-13", "--images", directory.toString()))
        .isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("did you mean debian-13-netboot?");
  }

  @Test
  void theCompletionScriptKnowsTheNouns() {
    assertThat(execute("completion")).isEqualTo(Lanyard.DONE);
    assertThat(said.out()).contains("network", "guest", "capture");
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
    assertThat(said.err())
        .isEqualTo("lanyard: cannot write standard output: No space left on device\n");
  }

  @Test
  void aReaderThatHasEnoughIsNoFailure() {
    StandardOutput output = StandardOutput.over(failing("Broken pipe"));
    output.printer().println("a result");
    assertThat(Lanyard.finish(Lanyard.DONE, output)).isEqualTo(Lanyard.DONE);
    assertThat(said.err()).isEmpty();
  }

  @Test
  void aNameThatIsMissingIsBadUsage() {
    for (String line :
        List.of(
            "port show a", "port show a/", "port show /a", "capture -w x a/", "capture -w x /")) {
      assertThat(execute(line.split(" "))).as(line).isEqualTo(Lanyard.BAD_USAGE);
    }
  }

  @Test
  void theDaemonsProgramGivesTheSameHelp() {
    assertThat(execute("help", "daemon")).isEqualTo(Lanyard.DONE);
    assertThat(said.out()).isEqualTo(DaemonUsage.text());
  }

  @Test
  void theCompletionScriptKnowsTheDaemonsOptions() {
    assertThat(execute("completion")).isEqualTo(Lanyard.DONE);
    assertThat(said.out()).contains(DaemonOption.words());
  }

  @Test
  void whoHasNoLauncherIsToldWhatStartsADaemon() {
    assertThat(execute("daemon", "--config", "x")).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("start it with the launcher");
  }
}
