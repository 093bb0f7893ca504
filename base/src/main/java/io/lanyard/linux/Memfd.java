package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * Shared memory in a file that has no name: see memfd_create(2) and mmap(2).
 *
 * <p>Thread: any.
 */
@SuppressWarnings("restricted") // native calls are what this class is for
public final class Memfd {
  private static final int MFD_CLOEXEC = 1;
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED = 1;
  private static final int MAP_NORESERVE = 0x4000;
  private static final long MAP_FAILED = -1;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle MEMFD_CREATE =
      call(
          "memfd_create",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
  private static final MethodHandle FTRUNCATE =
      call(
          "ftruncate",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
  private static final MethodHandle MMAP =
      call(
          "mmap",
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG));
  private static final MethodHandle MUNMAP =
      call(
          "munmap",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
  private static final MethodHandle CLOSE =
      call("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private Memfd() {}

  private static MethodHandle call(String name, FunctionDescriptor shape) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name), shape, Linker.Option.captureCallState("errno"));
  }

  /**
   * Makes a file that has no name in the file system.
   *
   * @param name for {@code /proc} only
   * @param size bytes
   * @return its descriptor, for the caller to close
   * @throws IllegalStateException if the host refuses
   */
  public static int create(String name, long size) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      int fd = (int) MEMFD_CREATE.invokeExact(state, arena.allocateFrom(name), MFD_CLOEXEC);
      if (fd < 0) {
        throw failed("memfd_create", state);
      }
      if ((int) FTRUNCATE.invokeExact(state, fd, size) != 0) {
        IllegalStateException e = failed("ftruncate to " + size + " bytes", state);
        close(fd);
        throw e;
      }
      return fd;
    } catch (Throwable e) {
      throw rethrown(e);
    }
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
  public static MemorySegment map(int fd, long size) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      long address =
          (long)
              MMAP.invokeExact(
                  state, 0L, size, PROT_READ_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0L);
      if (address == MAP_FAILED) {
        throw failed("mmap of " + size + " bytes", state);
      }
      return MemorySegment.ofAddress(address).reinterpret(size);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /**
   * Ends a mapping. Nobody may touch its memory any more.
   *
   * @param segment from {@link #map}
   * @throws IllegalStateException if it is not one
   */
  public static void unmap(MemorySegment segment) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE);
      if ((int) MUNMAP.invokeExact(state, segment, segment.byteSize()) != 0) {
        throw failed("munmap", state);
      }
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /**
   * Closes the file; its mappings stay.
   *
   * @param fd from {@link #create}
   */
  public static void close(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      int _ = (int) CLOSE.invokeExact(arena.allocate(STATE), fd);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  private static IllegalStateException failed(String call, MemorySegment state) {
    return new IllegalStateException(
        call + " for guest memory failed, errno " + (int) ERRNO.get(state, 0L));
  }

  private static RuntimeException rethrown(Throwable e) {
    if (e instanceof RuntimeException runtime) {
      return runtime;
    }
    if (e instanceof Error error) {
      throw error;
    }
    return new IllegalStateException("native call failed", e);
  }
}
