package io.lanyard.machine.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class Uart16550Test {
  private static final int IIR = 2;
  private static final int LSR = 5;
  private final StringBuilder sent = new StringBuilder();
  private boolean line;
  private final Uart16550 uart = new Uart16550(b -> sent.append((char) b), high -> line = high);

  private void write(int register, int value) {
    uart.write(register, 1, value);
  }

  private int read(int register) {
    return (int) uart.read(register, 1);
  }

  private ByteBuffer type(String text) {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    uart.receive(bytes);
    return bytes;
  }

  @Test
  void byteWrittenIsSentAndTransmitterIsEmpty() {
    write(0, 'x');
    assertThat(sent).hasToString("x");
    assertThat(read(LSR)).isEqualTo(0x60);
  }

  @Test
  void enablingTransmitInterruptRaisesItAndReadingIirTakesItBack() {
    write(1, 2);
    assertThat(line).isTrue();
    assertThat(read(IIR)).isEqualTo(0x02);
    assertThat(line).isFalse();
    assertThat(read(IIR)).isEqualTo(0x01);
    write(0, 'x');
    assertThat(line).isTrue();
  }

  @Test
  void fifoBelowItsTriggerGivesTheTimeout() {
    write(2, 0x81); // trigger at 8
    write(1, 1);
    type("1234567");
    assertThat(line).isTrue();
    assertThat(read(IIR)).isEqualTo(0xcc);
    type("8");
    assertThat(read(IIR)).isEqualTo(0xc4);
    for (char c = '1'; c <= '8'; c++) {
      assertThat(read(LSR) & 1).isEqualTo(1);
      assertThat(read(0)).isEqualTo(c);
    }
    assertThat(line).isFalse();
    assertThat(read(LSR) & 1).isZero();
  }

  @Test
  void receiveComesBeforeTransmit() {
    write(1, 3);
    type("a");
    assertThat(read(IIR)).isEqualTo(0x04);
    read(0);
    assertThat(read(IIR)).isEqualTo(0x02);
  }

  @Test
  void whatThereIsNoRoomForStaysWithTheSender() {
    ByteBuffer rest = type("x".repeat(5000));
    assertThat(rest.remaining()).isEqualTo(5000 - 4096);
  }

  @Test
  void openingThePortDoesNotLoseWhatWasTypedAhead() {
    type("ahead");
    write(2, 7);
    assertThat(read(0)).isEqualTo('a');
  }

  @Test
  void clearingTheFifoOfAnOpenPortDropsIt() {
    write(2, 1);
    write(1, 1);
    type("gone");
    write(2, 3);
    assertThat(line).isFalse();
    assertThat(read(LSR) & 1).isZero();
  }

  @Test
  void divisorLatchHidesDataAndInterruptEnable() {
    write(3, 0x83);
    write(0, 0x34);
    write(1, 0x12);
    assertThat(read(0)).isEqualTo(0x34);
    assertThat(read(1)).isEqualTo(0x12);
    write(3, 3);
    assertThat(read(1)).isZero();
    assertThat(sent).isEmpty();
  }

  @Test
  void overrunIsTheMostUrgentInterruptUntilTheLineStatusIsRead() {
    write(2, 1);
    write(1, 5);
    write(4, 0x10);
    for (int i = 0; i < 17; i++) {
      write(0, 'x');
    }
    assertThat(line).isTrue();
    assertThat(read(IIR) & 0x0f).isEqualTo(0x06);
    assertThat(read(LSR) & 2).isEqualTo(2);
    assertThat(read(IIR) & 0x0f).isEqualTo(0x04);
    assertThat(read(LSR) & 2).isZero();
  }

  @Test
  void loopBackReturnsBytesAndModemLines() {
    write(4, 0x1a);
    assertThat(read(6) & 0xf0).isEqualTo(0x90);
    write(0, 'l');
    assertThat(sent).isEmpty();
    assertThat(read(0)).isEqualTo('l');
  }

  @Test
  void anySequenceOfAccessesIsAnswered() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 100_000; i++) {
      if (random.nextBoolean()) {
        uart.write(random.nextInt(256), 1 << random.nextInt(4), random.nextLong());
      } else {
        uart.read(random.nextInt(256), 1 << random.nextInt(4));
      }
      if (i % 100 == 0) {
        type("input");
      }
    }
    assertThat(read(7)).isBetween(0, 255);
  }
}
