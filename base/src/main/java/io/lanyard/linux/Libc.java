package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * The C library's system calls. Each answers as the kernel does: a negative result is {@code
 * -errno}.
 *
 * <p>Addresses are native, and the caller makes sure that the memory is there: nothing is checked.
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
  private static final short POLLRDHUP = 0x2000;
  private static final short POLLOUT = 4;
  private static final int CLOCK_BOOTTIME = 7;

  private static final MemorySegment OPEN = NativeCall.function("open");
  private static final MemorySegment CLOSE = NativeCall.function("close");
  private static final MemorySegment READV = NativeCall.function("readv");
  private static final MemorySegment WRITE = NativeCall.function("write");
  private static final MemorySegment IOCTL = NativeCall.function("ioctl");
  private static final MemorySegment SETNS = NativeCall.function("setns");
  private static final MemorySegment SOCKET = NativeCall.function("socket");
  private static final MemorySegment DUP3 = NativeCall.function("dup3");
  private static final MemorySegment FCNTL = NativeCall.function("fcntl");
  private static final MemorySegment POLL = NativeCall.function("poll");
  private static final MemorySegment GETRLIMIT = NativeCall.function("getrlimit");
  private static final MemorySegment CLOCK_GETTIME = NativeCall.function("clock_gettime");

  private Libc() {}

  /**
   * The time since the host booted, including the time that it was suspended (CLOCK_BOOTTIME).
   *
   * @return nanoseconds
   */
  public static long bootTime() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment time = arena.allocate(ValueLayout.JAVA_LONG, 2); // struct timespec
      if (NativeCall.toInt(CLOCK_GETTIME, CLOCK_BOOTTIME, time.address(), 0, 0, 0, 0) != 0) {
        throw new IllegalStateException("CLOCK_BOOTTIME is there since Linux 2.6.39");
      }
      return 1_000_000_000L * time.getAtIndex(ValueLayout.JAVA_LONG, 0)
          + time.getAtIndex(ValueLayout.JAVA_LONG, 1);
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
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
      MemorySegment name = arena.allocate(bytes.length + 1);
      copy(bytes, name);
      return NativeCall.toInt(OPEN, name.address(), flags | O_CLOEXEC, 0, 0, 0, 0);
    }
  }

  /** Copies byte by byte: to copy an array, the JVM spins a class that finds out of what it is. */
  static void copy(byte[] from, MemorySegment to) {
    for (int i = 0; i < from.length; i++) {
      to.set(ValueLayout.JAVA_BYTE, i, from[i]);
    }
  }

  /**
   * Closes a descriptor.
   *
   * @param fd the descriptor
   * @return 0, or -errno; it is closed either way
   */
  public static int close(int fd) {
    return NativeCall.toInt(CLOSE, fd, 0, 0, 0, 0, 0);
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
    return NativeCall.toLong(READV, fd, vectors, count, 0, 0, 0);
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
    return NativeCall.toLong(WRITE, fd, address, length, 0, 0, 0);
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
    return NativeCall.toInt(IOCTL, fd, request, argument, 0, 0, 0);
  }

  /**
   * Moves the calling thread to another namespace.
   *
   * @param fd a descriptor of the namespace
   * @param kind a CLONE_NEW constant
   * @return 0, or -errno
   */
  public static int setns(int fd, int kind) {
    return NativeCall.toInt(SETNS, fd, kind, 0, 0, 0, 0);
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
    return NativeCall.toInt(SOCKET, family, type | O_CLOEXEC, protocol, 0, 0, 0);
  }

  /**
   * Duplicates a descriptor, with close-on-exec.
   *
   * @param fd the descriptor
   * @return another one for the same file, or -errno
   */
  public static int duplicate(int fd) {
    return NativeCall.toInt(FCNTL, fd, F_DUPFD_CLOEXEC, 0, 0, 0, 0);
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
    return NativeCall.toInt(DUP3, with, fd, O_CLOEXEC, 0, 0, 0);
  }

  /**
   * Whether the peer of a connected stream socket will send no more than what is there to be read
   * (POLLRDHUP). Does not wait.
   *
   * @param fd the socket
   * @return true too where the connection is broken
   */
  public static boolean hungUp(int fd) {
    return poll(fd, POLLRDHUP);
  }

  /**
   * Whether a descriptor takes no data now (POLLOUT). Does not wait.
   *
   * @param fd the descriptor
   * @return false too where it is broken, which a write says
   */
  public static boolean refusesWrites(int fd) {
    return !poll(fd, POLLOUT);
  }

  /** Whether an event, or an error, is there. */
  private static boolean poll(int fd, short events) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment poll = arena.allocate(8, 4); // struct pollfd
      poll.set(ValueLayout.JAVA_INT, 0, fd);
      poll.set(ValueLayout.JAVA_SHORT, 4, events);
      return NativeCall.toInt(POLL, poll.address(), 1, 0, 0, 0, 0) > 0;
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
    return NativeCall.toInt(GETRLIMIT, resource, address, 0, 0, 0, 0);
  }
}
