package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SharedMemoryTest {
  private static final int MFD_ALLOW_SEALING = 2;
  private static final int MEGABYTE = 1 << 20;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private static final MemorySegment MEMFD_CREATE = NativeCall.function("memfd_create");
  private static final MemorySegment FTRUNCATE = NativeCall.function("ftruncate");

  private static int sealable(long size) {
    try (Arena arena = Arena.ofConfined()) {
      int fd =
          NativeCall.toInt(
              MEMFD_CREATE,
              arena.allocateFrom("sealable").address(),
              MFD_ALLOW_SEALING,
              0,
              0,
              0,
              0);
      assertThat(truncate(fd, size)).isZero();
      return fd;
    }
  }

  private static int truncate(int fd, long size) {
    return NativeCall.toInt(FTRUNCATE, fd, size, 0, 0, 0, 0);
  }

  @Test
  void aPartThatBeginsWithinAPageIsTheFilesOwn() throws IOException {
    int fd = Memfd.create("parts", MEGABYTE);
    MemorySegment whole = Memfd.map(fd, MEGABYTE);
    SharedMemory part = SharedMemory.map(fd, 5000, 10_000);
    Memfd.close(fd);
    whole.set(LONG, 5000 + 123, 42);
    assertThat(part.segment().byteSize()).isEqualTo(10_000);
    assertThat(part.segment().get(LONG, 123)).isEqualTo(42);
    part.segment().set(LONG, 9_992, 43);
    assertThat(whole.get(LONG, 14_992)).isEqualTo(43);
    part.unmap();
    Memfd.unmap(whole);
  }

  @Test
  void whatIsNoMemoryOrNotAllThereIsRefused() throws IOException {
    int fd = Memfd.create("short", MEGABYTE);
    for (long[] bad :
        new long[][] {
          {0, MEGABYTE + 1},
          {1, MEGABYTE},
          {MEGABYTE, 1},
          {-1, 10},
          {0, 0},
          {0, -1},
          {Long.MAX_VALUE, Long.MAX_VALUE},
          {4096, Long.MAX_VALUE}
        }) {
      assertThatThrownBy(() -> SharedMemory.map(fd, bad[0], bad[1]))
          .isInstanceOf(IOException.class);
    }
    Memfd.close(fd);
    int event = EventFd.create();
    assertThatThrownBy(() -> SharedMemory.map(event, 0, 8)).isInstanceOf(IOException.class);
    Libc.close(event);
    int onDisk = Libc.open("/proc/self/exe", 0);
    assertThatThrownBy(() -> SharedMemory.map(onDisk, 0, 8)).hasMessageContaining("share a memfd");
    Libc.close(onDisk);
    int closed = Libc.open("/dev/null", Libc.O_RDWR);
    Libc.close(closed);
    assertThatThrownBy(() -> SharedMemory.map(closed, 0, 8)).hasMessageContaining("statx");
  }

  @Test
  void aFileThatTakesSealsCannotBecomeShorterOnceItIsMapped() throws IOException {
    int fd = sealable(MEGABYTE);
    SharedMemory memory = SharedMemory.map(fd, 0, MEGABYTE);
    assertThat(memory.sealed()).isTrue();
    assertThat(truncate(fd, 4096)).isEqualTo(-Errno.EPERM);
    Libc.close(fd);
    memory.unmap();
  }

  @Test
  void halfOfTheAddressesOfTheProcessAreNotForSharedMemory() throws IOException {
    long most = 1L << 44;
    int fd = Memfd.create("holes", most);
    List<SharedMemory> mapped = new ArrayList<>();
    try {
      assertThatThrownBy(
              () -> {
                while (mapped.size() < 8) {
                  mapped.add(SharedMemory.map(fd, 0, most));
                }
              })
          .isInstanceOf(IOException.class)
          .hasMessageContaining("for all");
      assertThat(mapped).hasSizeBetween(1, 4);
    } finally {
      mapped.forEach(SharedMemory::unmap);
    }
    SharedMemory again = SharedMemory.map(fd, 0, most);
    again.unmap();
    Memfd.close(fd);
  }

  /** The assumption about SIGBUS of everybody who touches such memory. */
  @Test
  void aPageThatIsGoneIsAnErrorThatSettleDoesNotLetPass() throws IOException {
    int fd = Memfd.create("shrinks", MEGABYTE);
    SharedMemory memory = SharedMemory.map(fd, 0, MEGABYTE);
    assertThat(memory.sealed()).isFalse();
    for (int round = 0; round < 3; round++) {
      assertThat(truncate(fd, MEGABYTE)).isZero();
      for (int i = 0; i < 20_000 * round; i++) {
        assertThat(faults(memory.segment())).isFalse();
      }
      assertThat(truncate(fd, 0)).isZero();
      for (int i = 0; i < 100; i++) {
        assertThat(faults(memory.segment())).isTrue();
      }
    }
    Libc.close(fd);
    memory.unmap();
  }

  private static boolean faults(MemorySegment memory) {
    try {
      long read = memory.get(LONG, 8);
      SharedMemory.settle();
      return read != 0;
    } catch (InternalError e) {
      return true;
    }
  }
}
