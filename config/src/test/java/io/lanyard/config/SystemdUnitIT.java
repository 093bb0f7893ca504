package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** systemd's own judgement of the shipped unit. Needs {@code systemd-analyze}. */
class SystemdUnitIT {
  /** Of 10; systemd calls what is below 5 "OK". The JVM's code cache and TAP keep it above 1. */
  private static final double MOST_EXPOSED = 2.5;

  private static String analyze(Path directory, String... arguments)
      throws IOException, InterruptedException {
    String unit =
        Files.readString(Path.of("systemd/lanyard.service"))
            .replace("/usr/bin/lanyard", "/bin/true");
    Path file = directory.resolve("lanyard.service");
    Files.writeString(file, unit);
    String[] command = new String[arguments.length + 4];
    command[0] = "timeout";
    command[1] = "60";
    command[2] = "systemd-analyze";
    System.arraycopy(arguments, 0, command, 3, arguments.length);
    command[command.length - 1] = file.toString();
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output;
  }

  @Test
  void theUnitHasNoMistake(@TempDir Path directory) throws Exception {
    assertThat(analyze(directory, "verify", "--man=no")).isEmpty();
  }

  @Test
  void theUnitExposesLittle(@TempDir Path directory) throws Exception {
    String report = analyze(directory, "security", "--offline=true", "--no-pager");

    Matcher level = Pattern.compile("Overall exposure level.*: ([0-9.]+)").matcher(report);
    assertThat(level.find()).as(report).isTrue();
    assertThat(Double.parseDouble(level.group(1))).isLessThanOrEqualTo(MOST_EXPOSED);
  }
}
