package io.lanyard.machine.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ClintTest {
  private static final class FakeCore implements Clint.Core {
    boolean software;
    long timer = -1;

    @Override
    public void machineSoftware(boolean high) {
      software = high;
    }

    @Override
    public void machineTimer(long ticks) {
      timer = ticks;
    }

    @Override
    public long machineTimer() {
      return timer;
    }
  }

  private static final class FakeTime implements Clint.Time {
    long now = 0x1_2345_6789L;

    @Override
    public long now() {
      return now;
    }

    @Override
    public void set(long ticks) {
      now = ticks;
    }
  }

  private final FakeCore zero = new FakeCore();
  private final FakeCore one = new FakeCore();
  private final FakeTime time = new FakeTime();
  private final Clint clint = new Clint(List.of(zero, one), time);

  @Test
  void softwareInterruptOfEachHart() {
    clint.write(4, 4, 1);
    assertThat(one.software).isTrue();
    assertThat(zero.software).isFalse();
    assertThat(clint.read(4, 4)).isEqualTo(1);
    clint.write(4, 4, 0);
    assertThat(one.software).isFalse();
  }

  @Test
  void comparatorIsWrittenWholeOrInHalves() {
    clint.write(0x4008, 8, 0x1122_3344_5566_7788L);
    assertThat(one.timer).isEqualTo(0x1122_3344_5566_7788L);
    clint.write(0x4008, 4, 1);
    clint.write(0x400c, 4, 2);
    assertThat(one.timer).isEqualTo(0x2_0000_0001L);
    assertThat(clint.read(0x400c, 4)).isEqualTo(2);
  }

  @Test
  void timeIsReadInHalves() {
    assertThat(clint.read(0xbff8, 8)).isEqualTo(0x1_2345_6789L);
    assertThat(clint.read(0xbffc, 4) & 0xffff_ffffL).isEqualTo(1);
    clint.write(0xbff8, 8, 7);
    assertThat(time.now).isEqualTo(7);
  }

  @Test
  void registersOfHartsThatAreNotThereReadZero() {
    for (long at = 8; at < Clint.SIZE; at += 4) {
      if (at != 0x4000 && at != 0x4004 && at != 0x4008 && at != 0x400c && at < 0xbff8) {
        assertThat(clint.read(at, 4)).isZero();
        clint.write(at, 4, -1);
      }
    }
    assertThat(zero.timer).isEqualTo(-1);
  }
}
