package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EnumTextTest {
  private enum Sample {
    NAT,
    HOST_ONLY,
    NO_OTHER_PORT
  }

  @Test
  void aWordHasHyphens() {
    assertThat(EnumText.word(Sample.NAT)).isEqualTo("nat");
    assertThat(EnumText.word(Sample.NO_OTHER_PORT)).isEqualTo("no-other-port");
  }

  @Test
  void aKeyIsCamelCase() {
    assertThat(EnumText.key(Sample.NAT)).isEqualTo("nat");
    assertThat(EnumText.key(Sample.NO_OTHER_PORT)).isEqualTo("noOtherPort");
    assertThat(EnumText.key("drops", Sample.HOST_ONLY)).isEqualTo("dropsHostOnly");
  }

  @Test
  void theLogWritesAConstantAsAWord() {
    assertThat(LogEvent.of("made").with("mode", Sample.HOST_ONLY))
        .hasToString("event=made mode=\"host-only\"");
  }
}
