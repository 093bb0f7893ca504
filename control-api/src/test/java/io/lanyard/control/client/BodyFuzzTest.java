package io.lanyard.control.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** A server's body, of any bytes, reads alike in one piece and byte by byte. */
class BodyFuzzTest {
  /** The bytes that were read, and how the body ended. */
  private record Outcome(String bytes, boolean broken) {}

  private static Outcome read(InputStream in, int piece) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] buffer = new byte[piece];
    boolean broken = false;
    try {
      int count;
      while ((count = in.read(buffer, 0, piece)) >= 0) {
        assertThat(count).isPositive();
        out.write(buffer, 0, count);
      }
      assertThat(in.read()).isEqualTo(-1);
    } catch (IOException e) {
      assertThat(e.getMessage()).isNotBlank();
      broken = true;
    }
    return new Outcome(out.toString(StandardCharsets.ISO_8859_1), broken);
  }

  @FuzzTest
  void aBodyInChunksIsReadAlikeInPiecesOfAnySize(byte[] input) {
    Outcome whole = read(new ChunkedInput(new ByteArrayInputStream(input)), 8192);
    assertThat(whole.bytes().length()).isLessThanOrEqualTo(input.length);
    assertThat(read(new ChunkedInput(new ByteArrayInputStream(input)), 1)).isEqualTo(whole);
    assertThat(read(new ChunkedInput(new ByteArrayInputStream(input)), 7)).isEqualTo(whole);
  }

  /** The input is the length, then the body and what follows it. */
  @FuzzTest
  void aBodyOfAKnownLengthEndsThere(byte[] input) {
    FuzzInput in = new FuzzInput(input);
    int length = in.word();
    byte[] bytes = in.rest();
    Outcome outcome = read(new LengthInput(new ByteArrayInputStream(bytes), length), 64);
    assertThat(outcome.broken()).isEqualTo(bytes.length < length);
    assertThat(outcome.bytes()).hasSize(Math.min(length, bytes.length));
  }

  @FuzzTest
  void eventsHaveNoMoreTextThanTheirStream(byte[] input) throws IOException {
    EventReader reader = new EventReader(new ByteArrayInputStream(input));
    int length = 0;
    for (EventReader.Event event = reader.next(); event != null; event = reader.next()) {
      assertThat(event.type()).isNotEmpty().doesNotContain("\n", "\r");
      assertThat(event.id()).doesNotContain("\n", "\r", "\0");
      length += event.data().length();
    }
    assertThat(length).isLessThanOrEqualTo(input.length);
  }
}
