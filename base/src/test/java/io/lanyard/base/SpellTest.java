package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class SpellTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  @Test
  void aSpellLastsWhileTheEventRecursWithinAMinute() {
    Spell spell = new Spell();
    assertThat(spell.count(0)).isZero();
    spell.event(-SECOND);
    spell.event(58 * SECOND);
    assertThat(spell.count(118 * SECOND)).isEqualTo(2);
    assertThat(spell.count(119 * SECOND)).isZero();
    spell.event(200 * SECOND);
    assertThat(spell.count(200 * SECOND)).isEqualTo(1);
  }
}
