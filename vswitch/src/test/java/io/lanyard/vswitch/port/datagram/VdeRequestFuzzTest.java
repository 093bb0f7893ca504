package io.lanyard.vswitch.port.datagram;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/** A VDE client's request names an absolute path that fits a socket's name, or is refused. */
class VdeRequestFuzzTest {
  @FuzzTest
  void aRequestNamesASocketOrIsRefused(byte[] input) {
    byte[] request = Arrays.copyOf(input, VdeRequest.LENGTH);
    Path path = VdeRequest.path(request);
    ByteBuffer in = ByteBuffer.wrap(request).order(ByteOrder.LITTLE_ENDIAN);
    boolean isRequest =
        in.getInt() == 0xfeedface
            && in.getInt() == 3
            && (in.getInt() & 0xff) <= 1
            && in.getShort() == 1
            && request[14] == '/'
            && hasEnd(request);
    if (path == null) {
      assertThat(isRequest && isAscii(request)).as("refused").isFalse();
      return;
    }
    assertThat(isRequest).as("taken").isTrue();
    assertThat(path.isAbsolute()).isTrue();
    if (isAscii(request)) {
      String text = new String(request, 14, end(request) - 14, StandardCharsets.US_ASCII);
      assertThat(path).isEqualTo(Path.of(text));
    }
  }

  private static int end(byte[] request) {
    int end = 14;
    while (end < request.length && request[end] != 0) {
      end++;
    }
    return end;
  }

  private static boolean hasEnd(byte[] request) {
    return end(request) < request.length;
  }

  private static boolean isAscii(byte[] request) {
    for (int i = 14; i < end(request); i++) {
      if (request[i] < 0) {
        return false;
      }
    }
    return true;
  }
}
