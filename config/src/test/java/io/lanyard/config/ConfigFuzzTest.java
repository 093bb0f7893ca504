package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import java.time.Duration;
import java.util.function.Function;

/** Any file is a configuration, or has problems that say where they are. */
class ConfigFuzzTest {
  @FuzzTest
  void aFileIsAConfigurationOrHasProblems(byte[] input) {
    String text = new FuzzInput(input).text();
    Configuration configuration;
    try {
      configuration = ConfigLoader.parse("fuzz", text, Samples.NOWHERE);
    } catch (ConfigException e) {
      long lines = text.split("\r\n|[\n\r\u0085\u2028\u2029]", -1).length;
      assertThat(e.problems()).isNotEmpty();
      for (Problem problem : e.problems()) {
        assertThat(problem.toString()).isNotBlank().hasSizeLessThan(40_000);
        assertThat((long) problem.line()).isBetween(0L, lines); // 0: "and more problems"
        assertThat(problem.column()).isBetween(0, text.length() + 1);
      }
      return;
    }
    assertThat(configuration.networks()).isNotNull();
    assertThat(configuration.toString()).isNotBlank();
  }

  private static void isReadAsItIsPrinted(String text, Function<String, ?> parse) {
    Object value;
    try {
      value = parse.apply(text);
    } catch (IllegalArgumentException refused) {
      assertThat(refused.getMessage()).isNotBlank();
      assertThat(refused).isNotInstanceOf(NumberFormatException.class);
      return;
    }
    assertThat(parse.apply(value.toString())).isEqualTo(value);
  }

  @FuzzTest
  void aValueIsReadAsItIsPrinted(byte[] input) {
    String text = new FuzzInput(input).text();
    isReadAsItIsPrinted(text, ByteSize::parse);
    isReadAsItIsPrinted(text, Service::parse);
    isReadAsItIsPrinted(text, ConfigFuzzTest::duration);
  }

  private static Printed duration(String text) {
    Printed printed = new Printed(DurationText.parse(text));
    if (printed.duration().toDays() > 999_999) {
      throw new IllegalArgumentException("more days than are read: the sum of days and hours");
    }
    return printed;
  }

  /** A duration that prints as the file has it. */
  private record Printed(Duration duration) {
    @Override
    public String toString() {
      return DurationText.format(duration);
    }
  }
}
