package io.lanyard.machine.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class GoldfishRtcTest {
  @Test
  void timeIsNanosecondsSince1970InTwoHalves() {
    GoldfishRtc rtc = new GoldfishRtc(() -> Instant.ofEpochSecond(1_800_000_000L, 5), high -> {});
    long low = rtc.read(0, 4);
    assertThat(rtc.read(4, 4) << 32 | low).isEqualTo(1_800_000_000_000_000_005L);
    rtc.write(4, 4, 1);
    rtc.write(0, 4, 2);
    low = rtc.read(0, 4);
    assertThat(rtc.read(4, 4) << 32 | low).isEqualTo(0x1_0000_0002L);
  }

  @Test
  void alarmRaisesTheLineUntilCleared() throws InterruptedException {
    CountDownLatch high = new CountDownLatch(1);
    CountDownLatch low = new CountDownLatch(1);
    try (GoldfishRtc rtc =
        new GoldfishRtc(
            () -> Instant.ofEpochSecond(1),
            level -> {
              if (level) {
                high.countDown();
              } else if (high.getCount() == 0) {
                low.countDown();
              }
            })) {
      rtc.write(0x10, 4, 1);
      rtc.write(0x0c, 4, 0);
      rtc.write(0x08, 4, 1_000_000_000L);
      assertThat(high.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(rtc.read(0x18, 4)).isZero();
      rtc.write(0x1c, 4, 1);
      assertThat(low.await(60, TimeUnit.SECONDS)).isTrue();
    }
  }
}
