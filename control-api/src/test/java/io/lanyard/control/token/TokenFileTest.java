package io.lanyard.control.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.lanyard.control.api.Role;
import io.lanyard.control.token.TokenFile.Token;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenFileTest {
  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void place() {
    file = directory.resolve("tokens");
  }

  @Test
  void aTokenIsFoundByItsSecretAlone() throws IOException {
    String backup = TokenFile.read(file).add("backup", Role.VIEWER);
    String admin = TokenFile.read(file).add("me", Role.ADMIN);
    TokenFile tokens = TokenFile.read(file);
    assertThat(tokens.tokens())
        .containsExactly(new Token("backup", Role.VIEWER), new Token("me", Role.ADMIN));
    assertThat(tokens.find(backup)).isEqualTo(new Token("backup", Role.VIEWER));
    assertThat(tokens.find(admin)).isEqualTo(new Token("me", Role.ADMIN));
    assertThat(tokens.find("")).isNull();
    assertThat(tokens.find(admin.substring(1))).isNull();
    assertThat(tokens.find("me")).isNull();
  }

  @Test
  void theFileHasNoSecretAndIsItsOwners() throws IOException {
    String secret = TokenFile.read(file).add("me", Role.ADMIN);
    assertThat(secret).startsWith(TokenFile.PREFIX).hasSize(TokenFile.PREFIX.length() + 43);
    assertThat(Files.readString(file)).doesNotContain(secret.substring(TokenFile.PREFIX.length()));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (var left = Files.list(directory)) {
      assertThat(left).containsExactly(file);
    }
  }

  @Test
  void aTokenThatIsRemovedIsWorthNothing() throws IOException {
    String secret = TokenFile.read(file).add("me", Role.ADMIN);
    assertThat(TokenFile.read(file).remove("you")).isFalse();
    assertThat(TokenFile.read(file).remove("me")).isTrue();
    assertThat(TokenFile.read(file).find(secret)).isNull();
  }

  @Test
  void aNameIsGivenOnce() throws IOException {
    TokenFile.read(file).add("me", Role.ADMIN);
    assertThatIllegalStateException().isThrownBy(() -> TokenFile.read(file).add("me", Role.VIEWER));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TokenFile.read(file).add("two words", Role.VIEWER));
    assertThatIllegalArgumentException().isThrownBy(() -> TokenFile.read(file).add("", Role.ADMIN));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "me",
        "me admin",
        "me root SALT HASH",
        "me admin SALT HASH more",
        "me admin zz HASH",
        "me admin SALT abcd",
        "me ADMIN SALT HASH",
        "-x admin SALT HASH",
        "me admin SALT HASH\nme viewer SALT HASH",
      })
  void aLineThatIsNoTokenIsNamed(String text) throws IOException {
    Files.writeString(
        file,
        "# comment\n\n" + text.replace("SALT", "00".repeat(16)).replace("HASH", "ab".repeat(32)));
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> TokenFile.read(file))
        .withMessageContaining(file + ":");
  }
}
