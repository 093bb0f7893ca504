package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitsTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0B",
    "1023, 1023B",
    "1024, 1K",
    "1975, 1.9K",
    "1048575, 1M",
    "536870912, 512M",
    "1610612736, 1.5G",
    "9223372036854775807, 8E"
  })
  void bytesHaveABinaryUnit(long bytes, String text) {
    assertThat(Units.bytes(bytes)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0s", "0.0000001, 1ms", "0.081, 81ms", "0.9996, 1s", "4, 4s", "10.795, 10.8s",
    "59.96, 1m", "125, 2m5s", "3600, 1h", "7440, 2h4m", "86399, 23h59m", "273600, 3d4h"
  })
  void timesHaveTheirTwoLargestUnits(double seconds, String text) {
    assertThat(Units.duration(seconds)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "hostAdapter, host adapter",
    "ipv6Subnet, ipv6 subnet",
    "uptimeSeconds, uptime",
    "loopNanos, loop"
  })
  void aNameBecomesWords(String name, String words) {
    assertThat(Units.words(name)).isEqualTo(words);
  }

  @Test
  void aTableFitsTheTerminal() {
    record Row(String name, String problem) {}
    List<Row> list = List.of(new Row("vmnet8", "a very long story of what went wrong"));
    assertThat(Table.lines(list, List.of("name", "problem"), 24))
        .containsExactly("NAME    PROBLEM", "vmnet8  a very long sto…");
    assertThat(Table.lines(list, List.of("name", "problem"), 5))
        .as("nothing is made unreadable")
        .containsExactly("NAME    PROBLEM", "vmnet8  a very …");
    Map<String, Object> row =
        Map.of(
            "name", "vmnet8", "mode", "nat", "problem", list.getFirst().problem(), "state", "up");
    assertThat(Table.lines(List.of(row), List.of("name", "mode?", "problem", "state?"), 22))
        .as("columns that can be spared go, from the last one on")
        .containsExactly("NAME    MODE  PROBLEM", "vmnet8  nat   a very …");
    assertThat(Table.lines(list, List.of("name", "problem"), 0).get(1)).endsWith("went wrong");
  }

  @Test
  void aNarrowTableLeavesOutBeforeItCuts() {
    Map<String, Object> row =
        Map.of(
            "network", "a",
            "listen", "127.0.0.1:8000-8010",
            "to", "10.77.3.10:8000-8010",
            "connections", 0,
            "problem", "");
    List<String> columns = List.of("network", "listen", "to", "connections?", "problem");
    assertThat(Table.lines(List.of(row), columns, 64).getLast())
        .isEqualTo("a        127.0.0.1:8000-8010  10.77.3.10:8000-8010  0");
    assertThat(Table.lines(List.of(row), columns, 52).getLast())
        .isEqualTo("a        127.0.0.1:8000-8010  10.77.3.10:8000-8010");
    assertThat(Table.lines(List.of(row), columns, 40).getLast())
        .isEqualTo("a        127.0.0.1:800…  10.77.3.10:800…");
  }

  @Test
  void aCutTextHasNoHalfCharacter() {
    assertThat(Table.cut("ab\ud83d\udc27cd", 4)).isEqualTo("ab…");
    assertThat(Table.cut("ab\ud83d\udc27cd", 5)).isEqualTo("ab\ud83d\udc27…");
  }
}
