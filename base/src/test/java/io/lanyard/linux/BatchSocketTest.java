package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchSocketTest {
  @TempDir Path directory;

  private int userOfWhoSends(boolean asks) throws Exception {
    SocketName here = SocketName.of(directory.resolve("here"));
    try (BatchSocket receiver = BatchSocket.unixDatagram(here);
        BatchSocket sender = BatchSocket.unixDatagram(SocketName.of(directory.resolve("there")));
        DatagramBatch got = new DatagramBatch(1);
        SendBatch sends = new SendBatch(1);
        Arena arena = Arena.ofConfined()) {
      if (asks) {
        receiver.tellUsers();
      }
      MemorySegment bytes = arena.allocate(4);
      sends.set(0, bytes.address(), 4, here);
      assertThat(sender.send(sends, 0, 1)).isEqualTo(1);
      got.buffer(0, bytes.address(), 4);
      assertThat(receiver.receive(got)).isEqualTo(1);
      return got.user(0);
    }
  }

  @Test
  void theUserOfASenderIsToldToWhoAsks() throws Exception {
    assertThat(userOfWhoSends(true)).isEqualTo(Files.getAttribute(directory, "unix:uid"));
  }

  @Test
  void nobodyIsToldToWhoDoesNot() throws Exception {
    assertThat(userOfWhoSends(false)).isEqualTo(-1);
  }
}
