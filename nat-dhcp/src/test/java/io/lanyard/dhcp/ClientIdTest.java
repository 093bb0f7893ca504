package io.lanyard.dhcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.ProcessorTime;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ClientIdTest {
  private static final int BITS = 14;

  /** One of many identifiers with one hash, which is 31 times that of all before, and a byte. */
  private static ClientId colliding(int number) {
    byte[] bytes = new byte[2 * BITS];
    for (int bit = 0; bit < BITS; bit++) {
      boolean one = (number >>> bit & 1) != 0;
      bytes[2 * bit] = (byte) (one ? 2 : 1);
      bytes[2 * bit + 1] = (byte) (one ? 1 : 32);
    }
    return ClientId.of(bytes);
  }

  /** A client chooses its identifier: a table of clients must not become a list for it. */
  @Test
  void aClientIsFoundAtOnceAmongManyThatWereChosenForTheirHash() throws Exception {
    ProcessorTime before = ProcessorTime.ofThisThread();
    Map<ClientId, Integer> table = new HashMap<>();
    for (int i = 0; i < 1 << BITS; i++) {
      table.put(colliding(i), i);
    }
    assertThat(table).hasSize(1 << BITS);
    assertThat(colliding(1)).hasSameHashCodeAs(colliding(2));
    for (int i = 0; i < 1 << BITS; i++) {
      assertThat(table.get(colliding(i))).isEqualTo(i);
    }
    assertThat(ProcessorTime.ofThisThread().since(before).ran())
        .as("nanoseconds of a processor")
        .isLessThan(5_000_000_000L);
  }
}
