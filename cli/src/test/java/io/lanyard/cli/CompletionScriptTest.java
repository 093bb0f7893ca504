package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.PortConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The completion script in a bash. */
@Timeout(240)
final class CompletionScriptTest {
  @TempDir Path directory;
  private Path script;

  @BeforeEach
  void write() throws IOException {
    script =
        Files.writeString(
            directory.resolve("script"),
            CompletionScript.of(Lanyard.line("help").getCommandSpec()));
    Path program =
        Files.writeString(
            directory.resolve("lanyard"),
            """
            #!/bin/bash
            case "$*" in
              'completion --names NETWORK') echo vmnet8; echo vmnet1 ;;
              'completion --names PORT vmnet8') echo qemu1 ;;
              'completion --names GROUP vmnet8') echo trusted; echo untrusted ;;
              'completion --names NETWORK/GROUP') echo vmnet8/trusted ;;
              'completion --names MAC vmnet8') echo 52:54:00:00:00:10; echo 52:54:00:00:00:11 ;;
              *) echo "unexpected: $*" >&2 ;;
            esac
            """);
    assertThat(program.toFile().setExecutable(true)).isTrue();
  }

  /** The completions of the last word. Words are those that bash makes of the line. */
  private List<String> complete(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            "bash",
            "-c",
            "source \"$0\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _lanyard;"
                + " printf '%s\\n' \"${COMPREPLY[@]}\"",
            script.toString(),
            directory.resolve("lanyard").toString()));
    command.addAll(List.of(words));
    Process bash =
        new ProcessBuilder(command).redirectErrorStream(true).directory(directory.toFile()).start();
    String said = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(bash.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return said.lines().filter(line -> !line.isEmpty()).toList();
  }

  @Test
  void commandsAndVerbsAreCompleted() throws IOException, InterruptedException {
    assertThat(complete("por")).containsExactly("port", "port-forward");
    assertThat(complete("forward", "")).containsExactly("ls", "add", "set", "rm");
    assertThat(complete("help", "gu")).containsExactly("guest");
  }

  @Test
  void optionsAreCompletedAndTheirValuesKnown() throws IOException, InterruptedException {
    assertThat(complete("port", "ls", "--n")).containsExactly("--network");
    assertThat(complete("port", "ls", "--network", "vmnet")).containsExactly("vmnet8", "vmnet1");
    assertThat(complete("port", "add", "--kind", "")).containsExactlyElementsOf(PortConfig.kinds());
    assertThat(complete("network", "add", "--mode", "h")).containsExactly("host-only");
    assertThat(complete("network", "add", "--subnet", "")).isEmpty();
  }

  @Test
  void namesComeFromTheDaemonByTheirPlace() throws IOException, InterruptedException {
    assertThat(complete("port", "link", "vm")).containsExactly("vmnet8", "vmnet1");
    assertThat(complete("port", "link", "vmnet8", "")).containsExactly("qemu1");
    assertThat(complete("port", "link", "vmnet8", "qemu1", "")).containsExactly("up", "down");
    assertThat(complete("port", "rm", "--yes", "vmnet8", "q")).containsExactly("qemu1");
    assertThat(complete("group", "set", "vmnet8", "")).containsExactly("trusted", "untrusted");
    assertThat(complete("group", "rm", "vmnet8", "u")).containsExactly("untrusted");
    assertThat(complete("group", "show", "")).containsExactly("vmnet8/trusted");
    assertThat(complete("network", "set", "vmnet8", "")).isEmpty();
  }

  @Test
  void wordsWithColonsAreOneWord() throws IOException, InterruptedException {
    assertThat(complete("reservation", "rm", "vmnet8", "52", ":", "54"))
        .containsExactly("54:00:00:00:10", "54:00:00:00:11");
    assertThat(complete("reservation", "rm", "vmnet8", "52", ":"))
        .containsExactly("54:00:00:00:10", "54:00:00:00:11");
  }

  @Test
  void filesAreCompleted() throws IOException, InterruptedException {
    assertThat(complete("apply", "scr")).containsExactly("script");
  }
}
