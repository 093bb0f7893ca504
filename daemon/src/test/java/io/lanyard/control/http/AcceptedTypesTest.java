package io.lanyard.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AcceptedTypesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      nullValues = "-",
      value = {
        "'' ! true",
        "*/* ! true",
        "application/json ! true",
        "Application/JSON;charset=utf-8 ! true",
        "text/html, application/* ;q=0.1 ! true",
        "text/html, */*;q=0.8 ! true",
        "nonsense ! true",
        "; , ,; ! true",
        "text/html ! false",
        "text/* ! false",
        "application/json;q=0 ! false",
        "application/json; Q = 0.000, */* ! false",
        "*/*;q=0 ! false",
        "*/*;q=0, application/json;q=0.001 ! true",
        "application/*;q=0, */* ! false",
        "nonsense, text/html ! false",
      })
  void theMostPreciseRangeDecides(String accept, boolean taken) {
    assertThat(AcceptedTypes.include(accept, "application/json")).isEqualTo(taken);
    assertThat(AcceptedTypes.include(accept, "application/json; version=1")).isEqualTo(taken);
  }
}
