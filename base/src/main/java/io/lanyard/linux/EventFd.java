package io.lanyard.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Event descriptors (eventfd(2)), by which processes that share memory wake each other.
 *
 * <p>Thread: any.
 */
public final class EventFd {
  /** O_NONBLOCK and O_CLOEXEC, under their own names. */
  private static final int FLAGS = Libc.O_NONBLOCK | Libc.O_CLOEXEC;

  private static final MemorySegment EVENTFD = NativeCall.function("eventfd");
  private static final MemorySegment ONE = one();

  /** Where counts are read to that nobody looks at, and the vector that says so. */
  private static final MemorySegment TAKEN = taken();

  private EventFd() {}

  private static MemorySegment taken() {
    MemorySegment memory = Arena.global().allocate(ValueLayout.JAVA_LONG, 3);
    memory.set(ValueLayout.JAVA_LONG, 0, memory.address() + 2 * Long.BYTES);
    memory.set(ValueLayout.JAVA_LONG, Long.BYTES, Long.BYTES);
    return memory;
  }

  private static MemorySegment one() {
    MemorySegment memory = Arena.global().allocate(ValueLayout.JAVA_LONG);
    memory.set(ValueLayout.JAVA_LONG, 0, 1);
    return memory;
  }

  /**
   * Makes one that does not block.
   *
   * @return its descriptor, for the caller to close
   * @throws ErrnoException if the process has no more descriptors
   */
  public static int create() throws ErrnoException {
    int fd = NativeCall.toInt(EVENTFD, 0, FLAGS, 0, 0, 0, 0);
    if (fd < 0) {
      throw new ErrnoException("eventfd", -fd);
    }
    return fd;
  }

  /**
   * Makes sure that a descriptor from another process is an event descriptor. Another file could do
   * anything when it is written to. It stays the other process's too, which may fill it and have
   * its writes wait: {@link #signalOther} does not.
   *
   * @param fd the descriptor
   * @throws IOException if it is another kind of file
   */
  public static void adopt(int fd) throws IOException {
    String kind = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
    if (!kind.equals("anon_inode:[eventfd]")) {
      throw new IOException("a descriptor for events is no eventfd but " + kind);
    }
  }

  /**
   * Adds one to the counter, which wakes the process that waits for it.
   *
   * @param fd a descriptor of this process's alone
   * @return 8, or -errno; EAGAIN if the counter is full, so that the other side is awake anyway
   */
  public static int signal(int fd) {
    return (int) Libc.write(fd, ONE.address(), Long.BYTES);
  }

  /**
   * Adds one to the counter of a descriptor that another process has too, and never waits.
   *
   * @param fd the descriptor
   * @return 8, or -errno; EAGAIN if the counter is full, so that the other side is awake anyway
   */
  public static int signalOther(int fd) {
    EventSignal asynchronous = EventSignal.ASYNCHRONOUS;
    if (asynchronous != null) {
      return asynchronous.send(fd);
    }
    return Libc.refusesWrites(fd) ? -Errno.EAGAIN : signal(fd);
  }

  /**
   * Takes the counter back to 0: the descriptor is not readable before the next {@link #signal}.
   *
   * @param fd the descriptor
   * @return 8, or -errno; EAGAIN if it is 0 already
   */
  public static int take(int fd) {
    return (int) Libc.readv(fd, TAKEN.address(), 1);
  }
}
