package io.lanyard.machine;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;

/** The replay of a console asks no terminal anything, for any output of a guest. */
class ConsoleReplayFuzzTest {
  @FuzzTest
  void aReplayAsksNothing(byte[] input) {
    byte[] replay = ConsoleReplay.of(input);
    assertThat(replay.length).isLessThanOrEqualTo(input.length);
    assertThat(AnsweringTerminal.xterm().show(replay).answers).isEmpty();
    assertThat(AnsweringTerminal.vt500().show(replay).answers).isEmpty();
  }
}
