package io.lanyard.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The C library's system calls. Each answers as the kernel does: a negative result is {@code
 * -errno}.
 *
 * <p>Addresses are native, and the caller sees to it that the memory is there: nothing is checked.
 *
 * <p>Thread: any.
 */
public final class Libc {
  /** Open for reading and writing. */
  public static final int O_RDWR = 2;

  /** Calls on the descriptor do not wait. */
  public static final int O_NONBLOCK = 0x800;

  /** The descriptor does not survive an exec. */
  public static final int O_CLOEXEC = 0x80000;

  /** Namespace kind for {@link #setns}. */
  public static final int CLONE_NEWNET = 0x40000000;

  /** Address family for {@link #socket}. */
  public static final int AF_INET = 2;

  /** Socket kind for {@link #socket}. */
  public static final int SOCK_DGRAM = 2;

  private static final int F_DUPFD_CLOEXEC = 1030;

  private static final int CLOCK_BOOTTIME = 7;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO = errnoHandle();

  /** One a thread, for as long as the thread lives. */
  private static final ThreadLocal<MemorySegment> STATE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE));

  private static final MethodHandle OPEN =
      bind("open", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT), 2);
  private static final MethodHandle CLOSE =
      bind("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT), 0);
  private static final MethodHandle READV =
      bind("readv", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT), 0);
  private static final MethodHandle WRITE =
      bind("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG), 0);
  private static final MethodHandle IOCTL =
      bind("ioctl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG), 2);
  private static final MethodHandle SETNS =
      bind("setns", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT), 0);
  private static final MethodHandle SOCKET =
      bind("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), 0);

  private static final MethodHandle DUP3 =
      bind("dup3", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), 0);

  private static final MethodHandle GETRLIMIT =
      bind("getrlimit", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG), 0);

  private static final MethodHandle FCNTL =
      bind("fcntl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), 2);

  private static final MethodHandle CLOCK_GETTIME =
      bind("clock_gettime", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG), 0);

  private Libc() {}

  private static VarHandle errnoHandle() {
    return CAPTURE.varHandle(java.lang.foreign.MemoryLayout.PathElement.groupElement("errno"));
  }

  /** Binds a function; {@code fixed} arguments come before the variadic ones, 0 for none. */
  @SuppressWarnings("restricted") // this class is where native calls are made
  private static MethodHandle bind(String name, FunctionDescriptor descriptor, int fixed) {
    Linker.Option errno = Linker.Option.captureCallState("errno");
    MemorySegment symbol = LINKER.defaultLookup().findOrThrow(name);
    return fixed == 0
        ? LINKER.downcallHandle(symbol, descriptor, errno)
        : LINKER.downcallHandle(symbol, descriptor, errno, Linker.Option.firstVariadicArg(fixed));
  }

  private static long result(long value, MemorySegment state) {
    return value >= 0 ? value : -(int) ERRNO.get(state, 0L);
  }

  private static AssertionError impossible(Throwable e) {
    return new AssertionError("a system call threw", e);
  }

  /**
   * Reads the time since the host booted, the time that it was suspended included (CLOCK_BOOTTIME).
   *
   * @return nanoseconds
   */
  public static long bootTime() {
    MemorySegment state = STATE.get();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment time = arena.allocate(JAVA_LONG, 2); // struct timespec
      int error = (int) CLOCK_GETTIME.invokeExact(state, CLOCK_BOOTTIME, time.address());
      if (error != 0) {
        throw new IllegalStateException("CLOCK_BOOTTIME is there since Linux 2.6.39");
      }
      return 1_000_000_000L * time.getAtIndex(JAVA_LONG, 0) + time.getAtIndex(JAVA_LONG, 1);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  /**
   * Opens a file.
   *
   * @param path the file
   * @param flags O_ flags; O_CLOEXEC is added
   * @return a descriptor, or -errno
   */
  public static int open(String path, int flags) {
    MemorySegment state = STATE.get();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path);
      return (int) result((int) OPEN.invokeExact(state, name.address(), flags | O_CLOEXEC), state);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  /**
   * Closes a descriptor.
   *
   * @param fd the descriptor
   * @return 0, or -errno; it is closed either way
   */
  public static int close(int fd) {
    MemorySegment state = STATE.get();
    try {
      return (int) result((int) CLOSE.invokeExact(state, fd), state);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  /**
   * Reads into several places, one after the other.
   *
   * @param fd the descriptor
   * @param vectors where {@code struct iovec}s lie that say where to
   * @param count how many
   * @return bytes, or -errno
   */
  static long readv(int fd, long vectors, int count) {
    MemorySegment state = STATE.get();
    try {
      return result((long) READV.invokeExact(state, fd, vectors, count), state);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  /**
   * Writes.
   *
   * @param fd the descriptor
   * @param address where from
   * @param length bytes
   * @return bytes, or -errno
   */
  public static long write(int fd, long address, long length) {
    MemorySegment state = STATE.get();
    try {
      return result((long) WRITE.invokeExact(state, fd, address, length), state);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  /**
   * Does what the request says to a device.
   *
   * @param fd the descriptor
   * @param request its number
   * @param argument a value or an address, as the request wants it
   * @return at least 0, or -errno
   */
  public static int ioctl(int fd, long request, long argument) {
    MemorySegment state = STATE.get();
    try {
      return (int) result((int) IOCTL.invokeExact(state, fd, request, argument), state);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  /**
   * Moves the calling thread to another namespace.
   *
   * @param fd a descriptor of the namespace
   * @param kind a CLONE_NEW constant
   * @return 0, or -errno
   */
  public static int setns(int fd, int kind) {
    MemorySegment state = STATE.get();
    try {
      return (int) result((int) SETNS.invokeExact(state, fd, kind), state);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  /**
   * Makes a socket.
   *
   * @param family AF_ constant
   * @param type SOCK_ constant; close-on-exec is added
   * @param protocol 0 for the usual one
   * @return a descriptor, or -errno
   */
  public static int socket(int family, int type, int protocol) {
    MemorySegment state = STATE.get();
    try {
      return (int)
          result((int) SOCKET.invokeExact(state, family, type | O_CLOEXEC, protocol), state);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  /**
   * Duplicates a descriptor, with close-on-exec.
   *
   * @param fd the descriptor
   * @return another one for the same file, or -errno
   */
  public static int duplicate(int fd) {
    MemorySegment state = STATE.get();
    try {
      return (int) result((int) FCNTL.invokeExact(state, fd, F_DUPFD_CLOEXEC, 0), state);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  /**
   * Closes the file behind a descriptor and puts another one behind it, with close-on-exec: the
   * number stays taken.
   *
   * @param fd the descriptor, open
   * @param with a descriptor of the other file
   * @return {@code fd}, or -errno
   */
  public static int replace(int fd, int with) {
    MemorySegment state = STATE.get();
    try {
      return (int) result((int) DUP3.invokeExact(state, with, fd, O_CLOEXEC), state);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }

  /**
   * Reads a limit of the process.
   *
   * @param resource an RLIMIT_ constant
   * @param address where its {@code struct rlimit} goes: two longs, the limit and its own limit
   * @return 0, or -errno
   */
  static int getrlimit(int resource, long address) {
    MemorySegment state = STATE.get();
    try {
      return (int) result((int) GETRLIMIT.invokeExact(state, resource, address), state);
    } catch (Throwable e) {
      throw impossible(e);
    }
  }
}
