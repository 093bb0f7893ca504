package io.lanyard.machine.hart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/**
 * Compares the hart with QEMU: the program of {@code src/test/oracle} executes every instruction
 * with random operands and prints a digest of all state for each.
 */
class OracleTest {
  @Test
  void everyInstructionDoesWhatItDoesInQemu() throws IOException {
    try (var bench = new Bench()) {
      try (InputStream program = new GZIPInputStream(resource("oracle.bin.gz"))) {
        bench.ram.put(Bench.CODE, program.readAllBytes());
      }
      bench.hart.run();
      List<String> expected;
      try (InputStream text = resource("oracle.txt")) {
        expected = new String(text.readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
      }
      assertThat(bench.output().lines().toList()).containsExactlyElementsOf(expected);
    }
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(OracleTest.class.getResourceAsStream(name), name);
  }
}
