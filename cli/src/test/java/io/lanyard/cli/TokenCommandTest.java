package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.api.Role;
import io.lanyard.control.token.TokenFile;
import io.lanyard.control.token.TokenFile.Token;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TokenCommandTest {
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
  void aTokenIsMadeListedAndRemoved() throws IOException {
    Path file = directory.resolve("tokens");
    String[] add = {"token", "add", "backup", "--role", "viewer", "--file", file.toString()};
    assertThat(execute(add)).isEqualTo(Lanyard.DONE);
    assertThat(TokenFile.read(file).find(said.out().strip()))
        .isEqualTo(new Token("backup", Role.VIEWER));
    assertThat(execute(add)).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("there is a token backup already");
    assertThat(execute("token", "ls", "--file", file.toString())).isEqualTo(Lanyard.DONE);
    assertThat(said.out()).contains("backup  viewer");
    String[] remove = {"token", "rm", "backup", "--file", file.toString()};
    assertThat(execute(remove)).isEqualTo(Lanyard.DONE);
    assertThat(execute(remove)).isEqualTo(Lanyard.FAILED);
    assertThat(TokenFile.read(file).tokens()).isEmpty();
  }

  @Test
  void aRoleThatIsNoneIsBadUsage() {
    String file = directory.resolve("tokens").toString();
    assertThat(execute("token", "add", "x", "--role", "root", "--file", file))
        .isEqualTo(Lanyard.BAD_USAGE);
    assertThat(said.err()).contains("there is no role root");
  }
}
