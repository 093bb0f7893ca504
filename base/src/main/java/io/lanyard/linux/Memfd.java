package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Shared memory in a file that has no name: see memfd_create(2) and mmap(2).
 *
 * <p>Thread: any.
 */
public final class Memfd {
  private static final int MFD_CLOEXEC = 1;

  private static final MemorySegment MEMFD_CREATE = NativeCall.function("memfd_create");
  private static final MemorySegment FTRUNCATE = NativeCall.function("ftruncate");

  private Memfd() {}

  /**
   * Makes a file that has no name in the file system.
   *
   * @param name for {@code /proc} only
   * @param size bytes
   * @return its descriptor, for the caller to close
   * @throws IllegalStateException if the host refuses
   */
  public static int create(String name, long size) {
    int fd;
    try (Arena arena = Arena.ofConfined()) {
      long text = arena.allocateFrom(name).address();
      fd = check(NativeCall.toInt(MEMFD_CREATE, text, MFD_CLOEXEC, 0, 0, 0, 0), "memfd_create");
    }
    int result = NativeCall.toInt(FTRUNCATE, fd, size, 0, 0, 0, 0);
    if (result < 0) {
      close(fd);
    }
    int _ = check(result, "ftruncate to " + size + " bytes");
    return fd;
  }

  /**
   * Maps a whole file, shared, readable and writable; a page costs the host nothing until it is
   * touched.
   *
   * @param fd the file
   * @param size its size in bytes
   * @return the mapping, for the caller to unmap
   * @throws IllegalStateException if the host refuses
   */
  @SuppressWarnings("restricted") // the mapping is as large as it says
  public static MemorySegment map(int fd, long size) {
    long address = Mapping.map(size, Mapping.SHARED | Mapping.NORESERVE, fd, 0);
    if (address < 0) {
      throw failed("mmap of " + size + " bytes", (int) -address);
    }
    return MemorySegment.ofAddress(address).reinterpret(size);
  }

  /**
   * Ends a mapping. Nobody may touch its memory any more.
   *
   * @param segment from {@link #map}
   * @throws IllegalStateException if it is not one
   */
  public static void unmap(MemorySegment segment) {
    int _ = check(Mapping.unmap(segment.address(), segment.byteSize()), "munmap");
  }

  /**
   * Closes the file; its mappings stay.
   *
   * @param fd from {@link #create}
   */
  public static void close(int fd) {
    int _ = Libc.close(fd);
  }

  private static int check(int result, String call) {
    if (result < 0) {
      throw failed(call, -result);
    }
    return result;
  }

  private static IllegalStateException failed(String call, int errno) {
    return new IllegalStateException(call + " for guest memory failed: " + Errno.name(errno));
  }
}
