package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserNamesTest {
  @TempDir Path home;

  @Test
  void aUserHasItsNameOrItsNumber() throws Exception {
    Path passwd = home.resolve("passwd");
    Files.writeString(
        passwd,
        "nonsense\n::7:\nroot:x:0:0:root:/root:/bin/sh\nbad name:x:8:8::/:\nlab:x:9:9::/:\n");
    assertThat(UserNames.find(passwd, 0)).isEqualTo("root");
    assertThat(UserNames.find(passwd, 9)).isEqualTo("lab");
    assertThat(UserNames.find(passwd, 7)).isEqualTo("7");
    assertThat(UserNames.find(passwd, 8)).isEqualTo("8");
    assertThat(UserNames.find(passwd, -1)).isEqualTo("4294967295");
    assertThat(UserNames.find(home.resolve("none"), 5)).isEqualTo("5");
  }
}
