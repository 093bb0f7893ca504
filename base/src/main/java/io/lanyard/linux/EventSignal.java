package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Adds to the counter of another process's event descriptor, without ever waiting.
 *
 * <p>A write to a counter that is full waits (eventfd(2)), unless the descriptor says otherwise,
 * and that flag is the other process's too: it can take it off and fill the counter between any
 * look and the write. The kernel's own additions never wait. So the kernel makes them here: an
 * asynchronous operation that is complete when it is submitted, a look whether a descriptor can be
 * read that always can, tells of its end by the other descriptor (io_submit(2), {@code
 * IOCB_FLAG_RESFD}). That takes about three times as long as a write.
 *
 * <p>The kernel keeps a list of what has ended, and refuses operations while it is full; a thread
 * that meets that empties it. Should other threads fill it again at once, the operation goes on a
 * second list that one thread at a time uses: there it always has a place, so no addition is lost.
 *
 * <p>Where the host has no such operations, the counter is looked at and then written to.
 *
 * <p>Thread: any.
 */
final class EventSignal {
  // include/uapi/linux/aio_abi.h: struct iocb, little-endian
  private static final int IOCB = 64;
  private static final int OPCODE_AT = 16;
  private static final int DESCRIPTOR_AT = 20;
  private static final int EVENTS_AT = 24;
  private static final int FLAGS_AT = 56;
  private static final int RESULT_DESCRIPTOR_AT = 60;
  private static final short IOCB_CMD_POLL = 5;
  private static final int IOCB_FLAG_RESFD = 1;
  private static final int POLLIN = 1;

  /** Ends that wait to be taken off the kernel's list; the kernel rounds it up. */
  private static final int LIST = 128;

  private static final int EVENT = 32;

  private static final MemorySegment SYSCALL = NativeCall.function("syscall");

  /** The numbers of the calls; null on a machine where they are not known. */
  private record Numbers(int setup, int destroy, int getEvents, int submit) {
    static @Nullable Numbers ofMachine() {
      return switch (System.getProperty("os.arch")) {
        case "amd64" -> new Numbers(206, 207, 208, 209);
        case "aarch64", "riscv64" -> new Numbers(0, 1, 4, 2); // include/uapi/asm-generic/unistd.h
        default -> null;
      };
    }
  }

  /** The memory of a thread: its operation, the list of that, a time of zero, and ends. */
  private static final class Place {
    final MemorySegment memory = Arena.ofAuto().allocate(IOCB + 8 + 16 + (long) LIST * EVENT, 8);

    Place(int readable) {
      memory.set(ValueLayout.JAVA_SHORT, OPCODE_AT, IOCB_CMD_POLL);
      memory.set(ValueLayout.JAVA_INT, DESCRIPTOR_AT, readable);
      memory.set(ValueLayout.JAVA_LONG, EVENTS_AT, POLLIN);
      memory.set(ValueLayout.JAVA_INT, FLAGS_AT, IOCB_FLAG_RESFD);
      memory.set(ValueLayout.JAVA_LONG, IOCB, memory.address());
    }

    long list() {
      return memory.address() + IOCB;
    }

    long zero() {
      return list() + 8;
    }

    long ends() {
      return zero() + 16;
    }
  }

  /** The process's own; null where the host has none. */
  static final @Nullable EventSignal ASYNCHRONOUS = open(() -> {});

  private final Numbers numbers;
  private final long shared;
  private final long spare;
  private final ReentrantLock spareLock = new ReentrantLock();
  private final ThreadLocal<Place> place;
  private final Runnable emptied;

  private EventSignal(Numbers numbers, long shared, long spare, int readable, Runnable emptied) {
    this.numbers = numbers;
    this.shared = shared;
    this.spare = spare;
    this.place = ThreadLocal.withInitial(() -> new Place(readable));
    this.emptied = emptied;
  }

  /**
   * Makes one with lists of its own, which last as long as the process.
   *
   * @param emptied called when a thread has emptied the list that all share: others may come first
   *     now, as a test does
   * @return null where the host has no such operations
   */
  static @Nullable EventSignal open(Runnable emptied) {
    Numbers numbers = Numbers.ofMachine();
    long shared = numbers == null ? 0 : list(numbers);
    if (numbers == null || shared == 0) {
      return null;
    }
    long spare = list(numbers);
    try {
      if (spare != 0) {
        int readable = EventFd.create();
        int _ = EventFd.signal(readable);
        return new EventSignal(numbers, shared, spare, readable, emptied);
      }
    } catch (ErrnoException e) {
      destroy(numbers, spare); // no descriptor is left
    }
    destroy(numbers, shared);
    return null;
  }

  /** A list; 0 in a sandbox, or where there are as many as the host has (fs.aio-max-nr). */
  private static long list(Numbers numbers) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment made = arena.allocate(ValueLayout.JAVA_LONG);
      long result = NativeCall.toLong(SYSCALL, numbers.setup, LIST, made.address(), 0, 0, 0);
      return result < 0 ? 0 : made.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  private static void destroy(Numbers numbers, long list) {
    long _ = NativeCall.toLong(SYSCALL, numbers.destroy, list, 0, 0, 0, 0);
  }

  /**
   * Adds one to the counter of a descriptor.
   *
   * @return 8, or -errno
   */
  int send(int fd) {
    int result = trySend(fd);
    if (result == -Errno.EAGAIN) {
      Place mine = place.get();
      empty(shared, mine);
      emptied.run();
      result = trySend(fd);
    }
    return result == -Errno.EAGAIN ? sendAlone(fd) : result;
  }

  /**
   * Adds one to the counter of a descriptor, unless the list that all share is full.
   *
   * @return 8, or -errno: EAGAIN if the list is full
   */
  int trySend(int fd) {
    return submit(shared, fd);
  }

  private int sendAlone(int fd) {
    spareLock.lock();
    try {
      int result = submit(spare, fd);
      if (result == -Errno.EAGAIN) {
        empty(spare, place.get());
        result = submit(spare, fd);
      }
      return result;
    } finally {
      spareLock.unlock();
    }
  }

  private void empty(long list, Place mine) {
    long _ = NativeCall.toLong(SYSCALL, numbers.getEvents, list, 0, LIST, mine.ends(), mine.zero());
  }

  private int submit(long list, int fd) {
    Place mine = place.get();
    mine.memory.set(ValueLayout.JAVA_INT, RESULT_DESCRIPTOR_AT, fd);
    int result = (int) NativeCall.toLong(SYSCALL, numbers.submit, list, 1, mine.list(), 0, 0);
    return result == 1 ? Long.BYTES : result;
  }
}
