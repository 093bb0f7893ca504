package io.lanyard.daemon.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryTest {
  private static final Instant NOON = Instant.parse("2026-11-29T12:00:00Z");

  @TempDir Path home;

  private static Revision revision(long number) {
    return new Revision(
        number,
        NOON,
        "alice",
        "a test",
        "lanyard.yaml",
        Path.of("/etc"),
        "version: 1\n",
        "digest",
        List.of(),
        false);
  }

  private static long newest(History history) throws IOException {
    return Objects.requireNonNull(history.recover(NOON)).number();
  }

  /** A kill while a revision is written leaves the beginning of its draft, or the whole of it. */
  @Test
  void aCrashWhileARevisionIsWrittenLeavesTheOneBefore() throws IOException {
    History history = History.in(home.resolve("config"));
    history.add(revision(1));
    History other = History.in(home.resolve("other"));
    other.add(revision(2));
    Path file = home.resolve("other/000000002.json");
    byte[] whole = Files.readAllBytes(file);
    Path draft = home.resolve("config/000000002.json.new");
    for (int length = 0; length <= whole.length; length++) {
      Files.write(draft, Arrays.copyOf(whole, length));
      assertThat(newest(history)).as("after %d bytes", length).isEqualTo(1);
      assertThat(history.highest()).isEqualTo(1);
    }
    // The next change writes the same draft anew.
    history.add(revision(2));
    assertThat(newest(history)).isEqualTo(2);
    assertThat(draft).doesNotExist();
  }

  @Test
  void aCrashBeforeTheOldestAreRemovedLosesNothing() throws IOException {
    History history = History.in(home.resolve("config"));
    for (int i = 1; i <= History.KEPT; i++) {
      history.add(revision(i));
    }
    Path surplus = home.resolve("config/%09d.json".formatted(History.KEPT + 1));
    Files.write(surplus, RevisionFormat.write(revision(History.KEPT + 1)));
    assertThat(newest(history)).isEqualTo(History.KEPT + 1);
    history.add(revision(History.KEPT + 2));
    assertThat(history.list()).hasSize(History.KEPT);
    assertThat(newest(history)).isEqualTo(History.KEPT + 2);
  }
}
