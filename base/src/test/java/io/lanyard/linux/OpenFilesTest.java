package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.DatagramSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class OpenFilesTest {
  @Test
  void theLimitIsWhatTheKernelSays() throws IOException {
    String line =
        Files.readAllLines(Path.of("/proc/self/limits")).stream()
            .filter(text -> text.startsWith("Max open files"))
            .findFirst()
            .orElseThrow();
    assertThat(OpenFiles.limit()).isEqualTo(Integer.parseInt(line.split("\\s{2,}", -1)[1]));
  }

  @Test
  void aSocketCounts() throws IOException {
    int before = OpenFiles.count();
    try (DatagramSocket socket = new DatagramSocket()) {
      assertThat(socket.isBound()).isTrue();
      assertThat(OpenFiles.count()).isGreaterThan(before);
    }
  }
}
