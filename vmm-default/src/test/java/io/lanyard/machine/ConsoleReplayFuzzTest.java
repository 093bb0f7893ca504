package io.lanyard.machine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.regex.Pattern;

/** Whatever a guest has written to its console, its replay asks the terminal nothing. */
class ConsoleReplayFuzzTest {
  /**
   * Control sequences that a terminal answers: reports of status, place, attributes, modes, size.
   */
  private static final Pattern QUERY =
      Pattern.compile("(\\x1b\\[|\\x9b|\\xc2\\x9b)[0-?]*[ -/]*[cinpqtxy|w]|\\x1bZ|\\x05");

  private static final Pattern PRIVATE_QUERY =
      Pattern.compile("(\\x1b\\[|\\x9b|\\xc2\\x9b)[<=>?][0-?]*[ -/]*[umS]");

  @FuzzTest
  void aReplayAsksNothing(byte[] input) {
    byte[] replay = ConsoleReplay.of(input);
    String text = new String(replay, ISO_8859_1);
    assertThat(replay.length).isLessThanOrEqualTo(input.length);
    assertThat(QUERY.matcher(text).find()).isFalse();
    assertThat(PRIVATE_QUERY.matcher(text).find()).isFalse();
    assertThat(ConsoleReplay.of(replay)).as("a replay of a replay").isEqualTo(replay);
  }
}
