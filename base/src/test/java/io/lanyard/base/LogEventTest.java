package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class LogEventTest {
  @Test
  void aLineNamesItsEventAndQuotesItsValues() {
    assertThat(LogEvent.of("tap-lost").with("port", "qemu1").with("tries", 3).toString())
        .isEqualTo("event=tap-lost port=\"qemu1\" tries=\"3\"");
  }

  @Test
  void aValueCannotEndItsQuotesOrItsLine() {
    assertThat(LogEvent.of("e").with("v", "a\" b=\"c\\\nevent=x\r\t").toString())
        .isEqualTo("event=e v=\"a\\\" b=\\\"c\\\\\\nevent=x\\r\\t\"");
  }

  @Test
  void noControlCharacterOfAValueReachesTheLine() {
    StringBuilder all = new StringBuilder();
    for (char c = 0; c <= 0x9f; c++) {
      all.append(c);
    }
    all.append('\u2028').append('\u2029');

    String line = LogEvent.of("e").with("v", all).toString();

    assertThat(line.chars().filter(c -> Character.isISOControl(c) || c == 0x2028 || c == 0x2029))
        .isEmpty();
    assertThat(line).contains("\\u001b", "\\u007f", "\\u0085", "\\u009b", "\\u2028", "\\u2029");
  }

  @Test
  void aValueCannotTurnTheDirectionOfTheLine() {
    String marks = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";
    assertThat(LogEvent.of("e").with("v", "a" + marks + "b").toString())
        .isEqualTo(
            "event=e v=\"a\\u061c\\u200e\\u200f\\u202a\\u202b\\u202c\\u202d\\u202e\\u2066\\u2067\\u2068"
                + "\\u2069b\"");
  }

  @Test
  void lettersOfAnyScriptStayWhatTheyAre() {
    assertThat(LogEvent.of("e").with("v", "Büro 東京 🙂").toString())
        .isEqualTo("event=e v=\"Büro 東京 🙂\"");
  }

  @Test
  void anExceptionIsToldInAFewWords() {
    assertThat(LogEvent.of("e").with("cause", new NoSuchFileException("/x")).toString())
        .isEqualTo("event=e cause=\"there is no /x\"");
    assertThat(LogEvent.of("e").with("cause", new IOException("broken\npipe")).toString())
        .isEqualTo("event=e cause=\"broken\\npipe\"");
  }

  @Test
  void nothingIsAnEmptyText() {
    assertThat(LogEvent.of("e").with("v", (Object) null).toString()).isEqualTo("event=e v=\"\"");
  }

  @Test
  void aNameOrKeyThatIsNoWordIsAMistakeOfTheSource() {
    assertThatThrownBy(() -> LogEvent.of("Tap lost")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> LogEvent.of("")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> LogEvent.of("e").with("a=b", 1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
