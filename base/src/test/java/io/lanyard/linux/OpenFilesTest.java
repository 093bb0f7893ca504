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

  /** With {@code prlimit}, as an operator may do to a running daemon. */
  @Test
  void aLimitThatIsChangedIsSeen() throws Exception {
    int before = OpenFiles.limit();
    try {
      limit(before - 1);
      assertThat(OpenFiles.limit()).isEqualTo(before - 1);
    } finally {
      limit(before);
    }
    assertThat(OpenFiles.limit()).isEqualTo(before);
  }

  private static void limit(int soft) throws Exception {
    String self = Long.toString(ProcessHandle.current().pid());
    Process program =
        new ProcessBuilder("prlimit", "--pid", self, "--nofile=" + soft + ":").inheritIO().start();
    assertThat(program.waitFor()).isZero();
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
