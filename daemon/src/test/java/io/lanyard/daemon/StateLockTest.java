package io.lanyard.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StateLockTest {
  @TempDir Path directory;

  @Test
  void aSecondDaemonIsToldWhoHasIt() throws StartException {
    try (StateLock lock = StateLock.take(directory)) {
      assertThat(lock).isNotNull();
      assertThatThrownBy(() -> StateLock.take(directory))
          .isInstanceOfSatisfying(
              StartException.class, e -> assertThat(e.hint()).contains("--state-dir"))
          .hasMessageContaining("process " + ProcessHandle.current().pid());
    }
    StateLock.take(directory).close();
  }
}
