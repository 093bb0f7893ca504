package io.lanyard.nat.tls;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The first bytes of a guest, cut anywhere. */
class ClientHelloFuzzTest {
  @FuzzTest
  void aNameIsFoundOrNoneIs(byte[] input) {
    int length = Math.min(input.length, ClientHello.MOST_BYTES);
    ClientHello whole = ClientHello.read(input, length);
    if (whole instanceof ClientHello.For(String name)) {
      String text = new String(input, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
      // A name may be cut by the headers of records: its last letter at least is there.
      assertThat(text).contains(name.substring(name.length() - 1));
      assertThat(name).matches("[a-z0-9_.-]{1,255}");
    }
    // More bytes never take a decision back.
    for (int n = 0; n < length; n += 1 + length / 16) {
      ClientHello part = ClientHello.read(input, n);
      if (!(part instanceof ClientHello.Incomplete)) {
        assertThat(whole).isEqualTo(part);
      }
    }
  }
}
