package io.lanyard.daemon.main;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;

/** Any words on the daemon's command line are a command, a wish for help, or a mistake in words. */
class DaemonArgumentsFuzzTest {
  @FuzzTest
  void wordsAreACommandOrAMistake(byte[] input) {
    String[] words = new FuzzInput(input).text().split("\n", -1);
    try {
      DaemonArguments.parse(words);
    } catch (UsageException mistake) {
      assertThat(mistake.getMessage()).isNotBlank();
    }
  }
}
