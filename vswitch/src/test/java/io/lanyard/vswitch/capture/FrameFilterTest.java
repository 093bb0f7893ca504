package io.lanyard.vswitch.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs as they are; expressions are compiled in the tests of the adapter for libpcap. */
class FrameFilterTest {
  /** Instructions as "code jt jf k", hexadecimal. */
  static FrameFilter filter(String program) {
    String[] lines = program.strip().split("\\s*;\\s*", -1);
    long[] code = new long[lines.length];
    for (int i = 0; i < lines.length; i++) {
      String[] parts = lines[i].strip().split(" ", -1);
      code[i] =
          Long.parseLong(parts[0], 16)
              | Long.parseLong(parts[1], 16) << 16
              | Long.parseLong(parts[2], 16) << 24
              | Long.parseLong(parts[3], 16) << 32;
    }
    return new FrameFilter(code);
  }

  private static boolean matches(String program, String frame) {
    byte[] bytes = HexFormat.of().parseHex(frame);
    ByteBuf buffer = Unpooled.wrappedBuffer(new byte[3], bytes);
    return filter(program).matches(buffer, 3, bytes.length);
  }

  /** Each ends with "return A": whether that is zero is the answer. */
  @ParameterizedTest
  @CsvSource({
    "0 0 0 0, false",
    "0 0 0 1, true",
    "20 0 0 0; 14 0 0 1020304, false",
    "28 0 0 2; 14 0 0 304, false",
    "30 0 0 3; 14 0 0 4, false",
    "80 0 0 0; 14 0 0 6, false",
    "1 0 0 2; 50 0 0 1; 14 0 0 4, false",
    "1 0 0 2; 40 0 0 0; 14 0 0 3040545, false",
    "1 0 0 2; 48 0 0 0; 14 0 0 304, false",
    "b1 0 0 5; 87 0 0 0; 14 0 0 14, false",
    "0 0 0 7; 2 0 0 f; 0 0 0 0; 60 0 0 f; 14 0 0 7, false",
    "1 0 0 7; 3 0 0 3; 60 0 0 3; 14 0 0 7, false",
    "0 0 0 7; 7 0 0 0; 0 0 0 0; c 0 0 0; 14 0 0 7, false",
    "0 0 0 7; 24 0 0 3; 14 0 0 15, false",
    "0 0 0 ffffffff; 34 0 0 10; 14 0 0 fffffff, false",
    "0 0 0 ffffffff; 94 0 0 10; 14 0 0 f, false",
    "0 0 0 1; 64 0 0 4; 14 0 0 10, false",
    "0 0 0 1; 64 0 0 20, false",
    "0 0 0 80000000; 74 0 0 1f; 14 0 0 1, false",
    "0 0 0 1; 84 0 0 0; 14 0 0 ffffffff, false",
    "0 0 0 5; a4 0 0 4; 14 0 0 1, false",
    "0 0 0 4; 44 0 0 3; 54 0 0 6; 14 0 0 6, false",
    "0 0 0 2; 5 0 0 1; 0 0 0 0, true",
    "0 0 0 2; 15 1 0 2; 0 0 0 0, true",
    "0 0 0 2; 15 1 0 3; 0 0 0 0, false",
    "0 0 0 ffffffff; 25 1 0 1; 0 0 0 0, true",
    "0 0 0 1; 35 1 0 1; 0 0 0 0, true",
    "0 0 0 6; 45 1 0 4; 0 0 0 0, true",
    "20 0 0 3, false",
    "28 0 0 5, false",
    "30 0 0 6, false",
    "30 0 0 ffffffff, false",
    "1 0 0 ffffffff; 50 0 0 1, false",
    "b1 0 0 6, false",
    "0 0 0 5; 3c 0 0 0, false"
  })
  void anInstructionDoesWhatTheKernelsDoes(String program, boolean expected) {
    assertThat(matches(program + "; 16 0 0 0", "010203040545")).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0 0 0 0", // does not end
        "5 0 0 1; 6 0 0 0", // leaves the program
        "5 0 0 ffffffff; 6 0 0 0", // goes back
        "15 0 1 0; 6 0 0 0",
        "15 ff 0 0; 6 0 0 0",
        "60 0 0 10; 6 0 0 0", // no such cell
        "2 0 0 ffffffff; 6 0 0 0",
        "34 0 0 0; 6 0 0 0", // divides by zero
        "94 0 0 0; 6 0 0 0",
        "ff 0 0 0; 6 0 0 0",
        "d 0 0 0; 6 0 0 0",
        "f00 0 0 0; 6 0 0 0"
      })
  void aProgramThatMightNotEndOrReadElsewhereIsRefused(String program) {
    assertThatThrownBy(() -> filter(program)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aProgramHasAtLeastOneInstructionAndNoMoreThanTheKernels() {
    assertThatThrownBy(FrameFilter::new).hasMessageContaining("4096");
    assertThatThrownBy(() -> new FrameFilter(new long[4097])).hasMessageContaining("4096");
  }

  @Test
  void whateverIsAcceptedEndsAndReadsNothingBeyondTheFrame() {
    Random random = new Random(7);
    int[] codes = {
      0x00, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x60, 0x80, 0x01, 0x61, 0x81, 0xb1, 0x02, 0x03,
      0x04, 0x0c, 0x14, 0x24, 0x34, 0x3c, 0x64, 0x74, 0x84, 0x9c, 0x05, 0x15, 0x25, 0x35, 0x45,
      0x06, 0x16, 0x07, 0x87
    };
    int accepted = 0;
    for (int round = 0; round < 50_000; round++) {
      long[] program = new long[1 + random.nextInt(12)];
      for (int i = 0; i < program.length; i++) {
        long operand = random.nextBoolean() ? random.nextInt(20) : random.nextInt();
        program[i] =
            codes[random.nextInt(codes.length)]
                | (long) random.nextInt(4) << 16
                | (long) random.nextInt(4) << 24
                | operand << 32;
      }
      FrameFilter filter;
      try {
        filter = new FrameFilter(program);
      } catch (IllegalArgumentException e) {
        continue;
      }
      accepted++;
      byte[] bytes = new byte[random.nextInt(70)];
      random.nextBytes(bytes);
      // A read beyond the end throws: the buffer is no longer than the frame.
      assertThat(filter.matches(Unpooled.wrappedBuffer(bytes), 0, bytes.length)).isIn(true, false);
    }
    assertThat(accepted).isGreaterThan(500);
  }
}
