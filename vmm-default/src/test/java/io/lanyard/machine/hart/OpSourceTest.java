package io.lanyard.machine.hart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

class OpSourceTest {
  @Test
  void opJavaIsWhatTheInstructionTableGenerates() throws IOException {
    String generated = OpSource.generate(Files.readAllLines(OpSource.TABLE));
    assertThat(Files.readString(OpSource.SOURCE)).isEqualTo(generated);
  }
}
