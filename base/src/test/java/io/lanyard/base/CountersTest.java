package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import org.junit.jupiter.api.Test;

class CountersTest {
  private enum Kind {
    NEVER_SEEN,
    SEEN_TWICE,
    WEIGHED
  }

  @Test
  void aDumpShowsWhatHappenedAndNothingElse() {
    Counters<Kind> counters = new Counters<>(Kind.class);
    counters.count(Kind.SEEN_TWICE);
    counters.count(Kind.SEEN_TWICE);
    counters.add(Kind.WEIGHED, 5_000_000_000L);
    assertThat(counters.get(Kind.NEVER_SEEN)).isZero();
    assertThat(counters.addTo(DumpNode.of("part")).build().properties())
        .containsExactly(entry("seenTwice", 2L), entry("weighed", 5_000_000_000L));
  }
}
