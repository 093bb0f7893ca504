package io.lanyard.vswitch.port;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import io.lanyard.vswitch.port.Framing.Handshake.Progress;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;

/**
 * HyperKit's handshake comes to the same however it is cut, and takes nothing of the frames behind
 * it.
 *
 * <p>An input is the length of the pieces, then the stream.
 */
class HandshakeFuzzTest {
  private static final int INTRODUCTION = 49;
  private static final int WHOLE = INTRODUCTION + 41;
  private static final int ANSWER = 258;
  private static final int MTU = 1500;

  private record Talk(Progress progress, int taken, ByteBuf answers) {}

  @FuzzTest
  void aHandshakeIsTheSameHoweverItIsCut(byte[] input) {
    FuzzInput in = new FuzzInput(input);
    int piece = 1 + in.octet();
    byte[] stream = in.rest();
    Talk whole = talk(stream, Math.max(1, stream.length));
    Talk cut = talk(stream, piece);
    assertThat(cut).isEqualTo(whole);
    assertThat(whole.progress).isEqualTo(expected(stream));
    assertThat(whole.taken).isLessThanOrEqualTo(WHOLE);
    int answers = whole.answers.readableBytes();
    switch (whole.progress) {
      case GOES_ON -> assertThat(answers).isIn(0, INTRODUCTION);
      case FAILED -> assertThat(answers).isIn(0, INTRODUCTION + ANSWER);
      case DONE -> {
        assertThat(whole.taken).isEqualTo(WHOLE);
        assertThat(answers).isEqualTo(INTRODUCTION + ANSWER);
        ByteBuf answer = whole.answers.skipBytes(INTRODUCTION);
        assertThat(answer.readByte()).isEqualTo((byte) 1);
        assertThat(answer.readUnsignedShortLE()).isEqualTo(MTU);
        answer.skipBytes(2);
        assertThat(answer.readByte() & 3).as("local, and no group").isEqualTo(2);
      }
    }
  }

  /** As the protocol is described in vpnkit's docs/ethernet.md. */
  private static Progress expected(byte[] stream) {
    if (stream.length < INTRODUCTION) {
      return Progress.GOES_ON;
    }
    if (!new String(stream, 0, 5, US_ASCII).equals("VMN3T")) {
      return Progress.FAILED;
    }
    if (stream.length < WHOLE) {
      return Progress.GOES_ON;
    }
    int command = stream[INTRODUCTION];
    return command == 1 || command == 8 ? Progress.DONE : Progress.FAILED;
  }

  private static Talk talk(byte[] stream, int piece) {
    Framing.Handshake handshake = Framing.HYPERKIT.handshake(MTU);
    assertThat(handshake).isNotNull();
    ByteBuf out = Unpooled.buffer();
    Progress progress = Progress.GOES_ON;
    int taken = 0;
    for (int at = 0; progress == Progress.GOES_ON && at < stream.length; at += piece) {
      ByteBuf in =
          Unpooled.wrappedBuffer(
              Arrays.copyOfRange(stream, at, Math.min(stream.length, at + piece)));
      progress = handshake.read(in, out);
      taken += in.readerIndex();
      assertThat(progress == Progress.GOES_ON && in.isReadable()).as("left over").isFalse();
    }
    return new Talk(progress, taken, out);
  }
}
