package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Mappings of memory, readable and writable (mmap(2)). A page costs the host nothing until it is
 * touched.
 *
 * <p>Thread: any.
 */
final class Mapping {
  /** The file and its other mappings see what is written. */
  static final int SHARED = 1;

  /** No swap space is kept back for it. */
  static final int NORESERVE = 0x4000;

  private static final int PROT_READ_WRITE = 3;
  private static final int PRIVATE = 2;
  private static final int ANONYMOUS = 0x20;

  private static final MemorySegment MMAP = NativeCall.function("mmap");
  private static final MemorySegment MUNMAP = NativeCall.function("munmap");

  private Mapping() {}

  /**
   * Maps a file, or memory without one.
   *
   * @param size bytes
   * @param flags MAP_ constants
   * @param fd the file; -1 for none
   * @param offset where in the file, a multiple of its page size
   * @return the address, or -errno
   */
  static long map(long size, int flags, int fd, long offset) {
    // MAP_FAILED is -1, which no address is: a process has the lower half.
    return NativeCall.toLong(MMAP, 0, size, PROT_READ_WRITE, flags, fd, offset);
  }

  /**
   * Ends a mapping. Nobody may touch its memory any more.
   *
   * @param address where it begins
   * @param size its bytes
   * @return 0, or -errno
   */
  static int unmap(long address, long size) {
    return NativeCall.toInt(MUNMAP, address, size, 0, 0, 0, 0);
  }

  /**
   * Memory of this process, all zeros. {@link Arena#allocate} instead writes each byte of it, so
   * that all of it is resident at once.
   *
   * @param arena whose memory it becomes
   * @param size bytes
   * @return the memory, aligned to a page, for the life of the arena
   * @throws IllegalStateException if the host refuses
   */
  @SuppressWarnings("restricted") // the mapping is as large as it says
  static MemorySegment anonymous(Arena arena, long size) {
    long address = map(size, PRIVATE | ANONYMOUS, -1, 0);
    if (address < 0) {
      throw new IllegalStateException(
          "mmap of " + size + " bytes failed: " + Errno.name((int) -address));
    }
    return MemorySegment.ofAddress(address)
        .reinterpret(
            size,
            arena,
            memory -> {
              int _ = unmap(memory.address(), size);
            });
  }
}
