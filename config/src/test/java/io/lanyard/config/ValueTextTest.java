package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValueTextTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "30m | \"30m\"",
        "true | true",
        "TRUE | true",
        "yes | \"yes\"",
        "1500 | 1500",
        "-1.5e3 | -1.5e3",
        "007 | \"007\"",
        "0x10 | \"0x10\"",
        "'1500' | \"1500\"",
        "~ | null",
        "web:80 | \"web:80\"",
        "52:54:00:00:00:10 | \"52:54:00:00:00:10\"",
        "[] | []",
        "{} | {}",
        "[{deny: 10.0.0.0/8}, {allow: 'a\\b'}] |"
            + " [{\"deny\":\"10.0.0.0/8\"},{\"allow\":\"a\\\\b\"}]",
        "{subnet: 10.1.0.0/24, n: 1} | {\"subnet\":\"10.1.0.0/24\",\"n\":1}",
      })
  void valuesKeepTheirTypes(String text, String json) throws ConfigException {
    assertThat(ValueText.toJson(text)).isEqualTo(json);
  }

  @Test
  void anEmptyTextIsNull() throws ConfigException {
    assertThat(ValueText.toJson("")).isEqualTo("null");
  }

  @Test
  void controlCharactersAreEscaped() throws ConfigException {
    assertThat(ValueText.toJson("\"a\\e\\n\"")).isEqualTo("\"a\\u001b\\u000a\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[a", "{a: 1", "*a", "&a b", "!x y", "a: b: c", "{a: 1, a: 2}", "\"a"})
  void whatIsNoValueIsAProblem(String text) {
    assertThatThrownBy(() -> ValueText.toJson(text)).isInstanceOf(ConfigException.class);
  }
}
