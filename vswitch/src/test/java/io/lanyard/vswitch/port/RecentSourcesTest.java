package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The sources whose frames come back from the host's interface. */
class RecentSourcesTest {
  private static final long GUEST = 0x525400000001L;

  private final RecentSources sources = new RecentSources(11);

  @Test
  void aSourceIsRecentForASecond() {
    assertThat(sources.isRecent(GUEST, 0)).isFalse();
    long added = 5_000_000_000L;
    sources.add(GUEST, added);
    assertThat(sources.contains(GUEST)).isTrue();
    assertThat(sources.isRecent(GUEST, added + RecentSources.NANOS - 1)).isTrue();
    assertThat(sources.isRecent(GUEST, added + RecentSources.NANOS)).isFalse();
    assertThat(sources.isRecent(GUEST + 1, added)).isFalse();
  }

  @Test
  void aFloodOfSourcesDropsNobodyElsesFrames() {
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 1_000_000; i++) {
      sources.add(0x020000000000L + random.nextInt(), 0);
    }
    for (int i = 0; i < 1000; i++) {
      assertThat(sources.isRecent(GUEST + i, 0)).isFalse();
    }
    sources.add(GUEST, 1);
    assertThat(sources.isRecent(GUEST, 1)).isTrue();
  }
}
