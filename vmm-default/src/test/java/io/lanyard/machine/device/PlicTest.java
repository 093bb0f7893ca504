package io.lanyard.machine.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PlicTest {
  private static final long CLAIM = 0x200004;
  private static final long CONTEXT = 0x1000;
  private final boolean[] raised = new boolean[2];
  private Plic plic;

  @BeforeEach
  void make() {
    plic = new Plic(List.of(high -> raised[0] = high, high -> raised[1] = high));
  }

  private void enable(int context, int source, int priority) {
    plic.write(4L * source, 4, priority);
    long at = 0x2000 + 0x80L * context + 4L * (source / 32);
    plic.write(at, 4, plic.read(at, 4) | (1L << (source % 32)));
  }

  @Test
  void sourceReachesOnlyContextsThatEnabledIt() {
    enable(1, 10, 1);
    plic.source(10).set(true);
    assertThat(raised).containsExactly(false, true);
    assertThat(plic.read(CLAIM, 4)).isZero();
  }

  @Test
  void claimTakesHighestPriorityThenLowestNumber() {
    enable(0, 40, 3);
    enable(0, 10, 2);
    enable(0, 11, 3);
    for (int source : new int[] {10, 11, 40}) {
      plic.source(source).set(true);
    }
    assertThat(plic.read(CLAIM, 4)).isEqualTo(11);
    assertThat(plic.read(CLAIM, 4)).isEqualTo(40);
    assertThat(plic.read(CLAIM, 4)).isEqualTo(10);
    assertThat(plic.read(CLAIM, 4)).isZero();
    assertThat(raised[0]).isFalse();
  }

  @Test
  void levelThatStaysHighIsPendingAgainAfterCompletion() {
    enable(0, 10, 1);
    plic.source(10).set(true);
    assertThat(plic.read(CLAIM, 4)).isEqualTo(10);
    assertThat(raised[0]).isFalse();
    plic.write(CLAIM, 4, 10);
    assertThat(raised[0]).isTrue();
    plic.source(10).set(false);
    assertThat(raised[0]).isFalse();
  }

  @Test
  void thresholdMasksTheInterruptButNotTheClaim() {
    enable(1, 10, 2);
    plic.write(0x200000 + CONTEXT, 4, 2);
    plic.source(10).set(true);
    assertThat(raised[1]).isFalse();
    assertThat(plic.read(CLAIM + CONTEXT, 4)).isEqualTo(10);
  }

  @Test
  void priorityZeroNeverInterrupts() {
    enable(0, 10, 0);
    plic.source(10).set(true);
    assertThat(raised[0]).isFalse();
    assertThat(plic.read(CLAIM, 4)).isZero();
    assertThat(plic.read(0x1000, 4)).isEqualTo(1 << 10);
  }

  @Test
  void completionByContextThatDidNotEnableIsIgnored() {
    enable(0, 10, 1);
    plic.source(10).set(true);
    plic.read(CLAIM, 4);
    plic.write(CLAIM + CONTEXT, 4, 10);
    assertThat(raised[0]).isFalse();
    plic.write(CLAIM, 4, 10);
    assertThat(raised[0]).isTrue();
  }

  @Test
  void anyAccessIsAnswered() {
    for (long at = 0; at < Plic.SIZE; at += 4) {
      plic.write(at, 4, 0xffff_ffffL);
      plic.read(at, 4);
    }
    plic.write(0, 8, -1);
    assertThat(plic.read(1, 1)).isZero();
  }
}
