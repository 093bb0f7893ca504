package io.lanyard.machine.sbi;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.device.TestFinisher;
import io.lanyard.machine.hart.Firmware;
import io.lanyard.machine.hart.Hart;
import io.lanyard.machine.hart.Timebase;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SbiTest {
  private static final int BASE = 0x10;
  private static final int HSM = 0x48534d;
  private static final int SRST = 0x53525354;
  private static final int DBCN = 0x4442434e;
  private static final int IPI = 0x735049;
  private static final int RFENCE = 0x52464e43;

  private final Ram ram = Ram.allocate(1 << 20);
  private final List<Hart> harts = new ArrayList<>();
  private final StringBuilder output = new StringBuilder();
  private final List<String> power = new ArrayList<>();
  private final Sbi sbi = new Sbi(new FakePlatform());

  SbiTest() {
    Bus bus = new Bus(ram);
    Timebase time = new Timebase();
    for (int i = 0; i < 2; i++) {
      Hart hart = new Hart(i, bus, time, Firmware.NONE);
      hart.reset(Ram.BASE, i != 0);
      harts.add(hart);
    }
  }

  @AfterEach
  void closeRam() {
    ram.close();
  }

  private final class FakePlatform implements Platform {
    @Override
    public List<Hart> harts() {
      return harts;
    }

    @Override
    public Ram ram() {
      return ram;
    }

    @Override
    public TestFinisher.Power power() {
      return new TestFinisher.Power() {
        @Override
        public void off(int code) {
          power.add("off " + code);
        }

        @Override
        public void reset() {
          power.add("reset");
        }
      };
    }

    @Override
    public void write(ByteBuffer bytes) {
      output.append(StandardCharsets.US_ASCII.decode(bytes));
    }

    @Override
    public void read(ByteBuffer into) {
      into.put((byte) 'k');
    }
  }

  /** Calls, and gives the error; the value is then in a1. */
  private long call(int extension, int function, long... arguments) {
    Hart hart = harts.getFirst();
    for (int i = 0; i < 6; i++) {
      hart.x(10 + i, i < arguments.length ? arguments[i] : 0);
    }
    hart.x(16, function);
    hart.x(17, extension);
    assertThat(sbi.ecall(hart)).isTrue();
    return hart.x(10);
  }

  private long value() {
    return harts.getFirst().x(11);
  }

  @Test
  void baseSaysVersionTwoAndWhatThereIs() {
    assertThat(call(BASE, 0)).isZero();
    assertThat(value()).isEqualTo(2 << 24);
    for (int there : new int[] {BASE, HSM, SRST, DBCN, IPI, RFENCE, 0x54494d45}) {
      call(BASE, 3, there);
      assertThat(value()).isEqualTo(1);
    }
    call(BASE, 3, 0x504d55);
    assertThat(value()).isZero();
  }

  @Test
  void unknownExtensionOrFunctionIsNotSupported() {
    assertThat(call(0x999, 0)).isEqualTo(-2);
    assertThat(call(HSM, 9)).isEqualTo(-2);
    assertThat(call(RFENCE, 5)).isEqualTo(-2);
  }

  @Test
  void hartIsStartedOnceAtAnAddressInRam() {
    call(HSM, 2, 1);
    assertThat(value()).isEqualTo(1);
    assertThat(call(HSM, 0, 1, 0x10, 0)).isEqualTo(-5);
    assertThat(call(HSM, 0, 7, Ram.BASE, 0)).isEqualTo(-3);
    assertThat(call(HSM, 0, 1, Ram.BASE + 64, 5)).isZero();
    assertThat(call(HSM, 0, 1, Ram.BASE + 64, 5)).isEqualTo(-6);
  }

  @Test
  void masksThatNameHartsThatAreNotThereAreInvalid() {
    assertThat(call(IPI, 0, 4, 0)).isEqualTo(-3);
    assertThat(call(IPI, 0, 1, 2)).isEqualTo(-3);
    assertThat(call(IPI, 0, 3, 0)).isZero();
    assertThat(call(IPI, 0, 0, -1)).isZero();
    assertThat(call(IPI, 0, 2, Long.MAX_VALUE)).as("a number that wraps").isEqualTo(-3);
    assertThat(call(IPI, 0, 1, -2)).isEqualTo(-3);
  }

  @Test
  void suspendTypesThatAreReservedAreInvalid() {
    assertThat(call(HSM, 3, 0)).isZero();
    assertThat(call(HSM, 3, 0x8000_0000L)).isEqualTo(-2);
    assertThat(call(HSM, 3, 1)).isEqualTo(-3);
    assertThat(call(HSM, 3, 0x9000_0000L)).isEqualTo(-3);
  }

  @Test
  void legacyCallsAreNotSupported() {
    for (int extension = 0; extension <= 8; extension++) {
      assertThat(call(extension, 0)).isEqualTo(-2);
    }
  }

  @Test
  void fencesOfAnyRangeEnd() {
    for (long start : new long[] {0, -4096, Long.MAX_VALUE - 4095, Long.MAX_VALUE, 1}) {
      for (long size : new long[] {0, 1, 4096, 64 * 4096, -1, Long.MAX_VALUE}) {
        for (int function : new int[] {1, 2}) {
          assertThat(call(RFENCE, function, 1, 0, start, size, -1)).isZero();
        }
      }
    }
  }

  @Test
  void resetAsksForPowerOffOrRestart() {
    assertThat(call(SRST, 0, 5)).isEqualTo(-3);
    assertThat(call(SRST, 0, 0, 2)).as("a reserved reason").isEqualTo(-3);
    assertThat(power).isEmpty();
    call(SRST, 0, 1);
    assertThat(power).containsExactly("reset");
  }

  @Test
  void debugConsoleWritesAndReadsRam() {
    ram.put(Ram.BASE + 100, "hello".getBytes(StandardCharsets.US_ASCII));
    assertThat(call(DBCN, 0, 5, Ram.BASE + 100, 0)).isZero();
    assertThat(value()).isEqualTo(5);
    call(DBCN, 2, '!');
    assertThat(output).hasToString("hello!");
    assertThat(call(DBCN, 1, 10, Ram.BASE + 200, 0)).isZero();
    assertThat(value()).isEqualTo(1);
    assertThat(ram.getByte(Ram.BASE + 200)).isEqualTo((byte) 'k');
    assertThat(call(DBCN, 0, 5, 0x1000, 0)).isEqualTo(-3);
    assertThat(call(DBCN, 0, 5, Ram.BASE, 1)).isEqualTo(-3);
  }

  @Test
  void anyCallIsAnswered() {
    SplittableRandom random = new SplittableRandom(4);
    int[] extensions = {BASE, DBCN, IPI, 0x54494d45, 0x1234};
    for (int i = 0; i < 50_000; i++) {
      long error =
          call(
              extensions[random.nextInt(extensions.length)],
              random.nextInt(4),
              random.nextLong(),
              random.nextBoolean() ? random.nextLong() : Ram.BASE + random.nextInt(1 << 21),
              random.nextInt(2));
      assertThat(error).isBetween(-9L, 0L);
      output.setLength(0);
    }
  }
}
