package io.lanyard.machine.hart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compares the hart with QEMU. The programs of {@code src/test/oracle} execute every instruction
 * with random operands, and random accesses and traps under random privilege; they print digests of
 * all state.
 */
class OracleTest {
  @ParameterizedTest
  @ValueSource(strings = {"oracle", "privileged"})
  void everyDigestIsWhatItIsInQemu(String name) throws IOException {
    try (var bench = new Bench()) {
      try (InputStream program = new GZIPInputStream(resource(name + ".bin.gz"))) {
        bench.ram.put(Bench.CODE, program.readAllBytes());
      }
      bench.hart.run();
      List<String> expected;
      try (InputStream text = resource(name + ".txt")) {
        expected = new String(text.readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
      }
      assertThat(bench.output().lines().toList()).containsExactlyElementsOf(expected);
    }
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(OracleTest.class.getResourceAsStream(name), name);
  }
}
