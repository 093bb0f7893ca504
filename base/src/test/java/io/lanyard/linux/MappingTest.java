package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MappingTest {
  private static final long SIZE = 256 << 20;

  /** The pages of the process that are in memory, in bytes. */
  private static long resident() throws IOException {
    return 4096 * Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ", -1)[1]);
  }

  @Test
  void anonymousMemoryIsResidentOnlyWhereItIsTouched() throws IOException {
    try (Arena arena = Arena.ofShared()) {
      long before = resident();
      MemorySegment memory = Mapping.anonymous(arena, SIZE);
      memory.set(ValueLayout.JAVA_BYTE, SIZE - 1, (byte) 1);
      // Other threads of the process touch memory too, but not so much.
      assertThat(resident() - before).isLessThan(SIZE / 2);
    }
  }

  @Test
  void anonymousMemoryIsZeroAndKeepsWhatIsWritten() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = Mapping.anonymous(arena, 8192);
      assertThat(memory.byteSize()).isEqualTo(8192);
      assertThat(memory.mismatch(arena.allocate(8192))).isEqualTo(-1);
      memory.set(ValueLayout.JAVA_LONG, 4096, 42);
      assertThat(memory.get(ValueLayout.JAVA_LONG, 4096)).isEqualTo(42);
    }
  }

  @Test
  void anonymousMemoryIsGoneWithItsArena() throws IOException {
    Path maps = Path.of("/proc/self/maps");
    String begin;
    try (Arena arena = Arena.ofShared()) {
      begin = Long.toHexString(Mapping.anonymous(arena, SIZE).address()) + "-";
      assertThat(Files.readString(maps)).contains(begin);
    }
    assertThat(Files.readString(maps)).doesNotContain(begin);
  }

  @Test
  void memoryThatTheHostDoesNotHaveIsRefused() {
    try (Arena arena = Arena.ofShared()) {
      assertThatThrownBy(() -> Mapping.anonymous(arena, 1L << 60))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("ENOMEM");
    }
  }
}
