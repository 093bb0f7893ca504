package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Event descriptors as a hostile process leaves them. */
public final class FullEvent {
  private static final int F_SETFL = 4;
  private static final MemorySegment FCNTL = NativeCall.function("fcntl");

  private FullEvent() {}

  /** Has a write to the descriptor wait, and fills its counter so that the next one does. */
  public static void fill(int fd) {
    assertThat(NativeCall.toInt(FCNTL, fd, F_SETFL, Libc.O_RDWR, 0, 0, 0)).isZero();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment most = arena.allocate(ValueLayout.JAVA_LONG);
      most.set(ValueLayout.JAVA_LONG, 0, -2);
      assertThat(Libc.write(fd, most.address(), Long.BYTES)).isEqualTo(Long.BYTES);
    }
  }
}
