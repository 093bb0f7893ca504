package io.lanyard.daemon.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.TimeZone;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogTimeTest {
  private static final DateTimeFormatter EXPECTED =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS ", Locale.ROOT);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-11-29T06:14:33.605Z",
        "2027-01-01T00:00:00.000Z",
        "2026-12-31T23:59:59.999Z",
        "2028-02-29T11:05:09.007Z",
        "2026-03-29T00:59:59.990Z", // summer begins in Berlin with the next second
        "2026-03-29T01:00:00.010Z",
        "2026-10-25T00:59:59.100Z", // summer ends there
        "2026-10-25T01:00:00.000Z",
        "1969-12-31T23:59:59.998Z",
      })
  void theTimeIsThatOfTheZoneWithAllItsZeros(String instant) {
    Instant time = Instant.parse(instant);
    for (String zone :
        new String[] {"UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"}) {
      StringBuilder line = new StringBuilder();
      LogTime.append(line, time.toEpochMilli(), TimeZone.getTimeZone(zone));
      assertThat(line).hasToString(EXPECTED.withZone(ZoneId.of(zone)).format(time));
    }
  }
}
