package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonBodyTest {
  private static Map<String, @Nullable Object> read(String text) {
    return JsonBody.object("", text);
  }

  @Test
  void everyKindOfValueIsRead() {
    Map<String, @Nullable Object> tree =
        read(
            "{\"a\": [1, -2.50, \"\\u00e4\", true, false, null, {}], \"b\": 12345678901234567890}");
    assertThat(tree)
        .containsEntry(
            "a", Arrays.asList(1L, new BigDecimal("-2.50"), "ä", true, false, null, Map.of()))
        .containsEntry("b", new BigInteger("12345678901234567890"));
    assertThat(List.copyOf(tree.keySet())).containsExactly("a", "b");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "[]",
        "1",
        "{",
        "{\"a\"}",
        "{\"a\": 1} {}",
        "{\"a\": 1, \"a\": 2}",
        "{\"a\": 01}",
        "{'a': 1}",
        "{\"a\": NaN}",
        "{\"a\": \"\n\"}",
        "{\"a\": 1e"
      })
  void whatIsNotOneObjectIsAProblem(String text) {
    assertThatExceptionOfType(Problem.class)
        .isThrownBy(() -> read(text))
        .satisfies(problem -> assertThat(problem.status()).isEqualTo(400));
  }

  @Test
  void depthAndLengthOfNumbersAreLimited() {
    assertThatExceptionOfType(Problem.class)
        .isThrownBy(() -> read("{\"a\":".repeat(40) + "1" + "}".repeat(40)));
    assertThatExceptionOfType(Problem.class)
        .isThrownBy(() -> read("{\"a\":" + "1".repeat(1000) + "}"));
  }

  /** Bodies of a mebibyte that each take twenty of the heap would end a small daemon. */
  @ParameterizedTest
  @ValueSource(strings = {"{}", "[]", "1", "{\"a\":{}}"})
  void theNumberOfValuesIsLimited(String value) {
    String text = "{\"a\":[" + (value + ",").repeat(JsonBody.MAX_VALUES) + value + "]}";
    for (Runnable reading : List.<Runnable>of(() -> read(text), () -> JsonBody.check(text))) {
      assertThatExceptionOfType(Problem.class)
          .isThrownBy(reading::run)
          .satisfies(problem -> assertThat(problem.status()).isEqualTo(413));
    }
  }

  @Test
  void aThousandPortsAreReadAtOnce() {
    String port = "{\"name\":\"p\",\"kind\":\"tap\",\"device\":\"t\",\"vlan\":7}";
    String text = "{\"edits\":[" + (port + ",").repeat(4999) + port + "]}";
    assertThat(read(text).get("edits")).asInstanceOf(InstanceOfAssertFactories.LIST).hasSize(5000);
  }
}
