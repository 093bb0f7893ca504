package io.lanyard.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.api.Role;
import io.lanyard.control.token.TokenFile;
import io.lanyard.control.token.TokenFile.Token;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("SystemOut")
final class TokenCommandTest {
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

  @Test
  void aTokenIsMadeListedAndRemoved() throws IOException {
    Path file = directory.resolve("tokens");
    String[] add = {"token", "add", "backup", "--role", "viewer", "--file", file.toString()};
    assertThat(Lanyard.execute(add)).isEqualTo(Lanyard.DONE);
    assertThat(TokenFile.read(file).find(out.toString(UTF_8).strip()))
        .isEqualTo(new Token("backup", Role.VIEWER));
    assertThat(Lanyard.execute(add)).isEqualTo(Lanyard.FAILED);
    assertThat(err.toString(UTF_8)).contains("there is a token backup already");
    out.reset();
    assertThat(Lanyard.execute("token", "ls", "--file", file.toString())).isEqualTo(Lanyard.DONE);
    assertThat(out.toString(UTF_8)).contains("backup  viewer");
    String[] remove = {"token", "rm", "backup", "--file", file.toString()};
    assertThat(Lanyard.execute(remove)).isEqualTo(Lanyard.DONE);
    assertThat(Lanyard.execute(remove)).isEqualTo(Lanyard.FAILED);
    assertThat(TokenFile.read(file).tokens()).isEmpty();
  }

  @Test
  void aRoleThatIsNoneIsBadUsage() {
    String file = directory.resolve("tokens").toString();
    assertThat(Lanyard.execute("token", "add", "x", "--role", "root", "--file", file))
        .isEqualTo(Lanyard.BAD_USAGE);
    assertThat(err.toString(UTF_8)).contains("there is no role root");
  }
}
