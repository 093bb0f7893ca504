package io.lanyard.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
  private record Numbers(int setup, int getEvents, int submit) {
    static @Nullable Numbers ofMachine() {
      return switch (System.getProperty("os.arch")) {
        case "amd64" -> new Numbers(206, 208, 209);
        case "aarch64", "riscv64" -> new Numbers(0, 4, 2); // include/uapi/asm-generic/unistd.h
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
  static final @Nullable EventSignal ASYNCHRONOUS = open();

  private final Numbers numbers;
  private final long context;
  private final ThreadLocal<Place> place;

  private EventSignal(Numbers numbers, long context, int readable) {
    this.numbers = numbers;
    this.context = context;
    this.place = ThreadLocal.withInitial(() -> new Place(readable));
  }

  private static @Nullable EventSignal open() {
    Numbers numbers = Numbers.ofMachine();
    if (numbers == null) {
      return null;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment context = arena.allocate(ValueLayout.JAVA_LONG);
      if (NativeCall.toLong(SYSCALL, numbers.setup, LIST, context.address(), 0, 0, 0) < 0) {
        return null; // a sandbox, or as many contexts as the host has (fs.aio-max-nr)
      }
      int readable = EventFd.create();
      int _ = EventFd.signal(readable);
      return new EventSignal(numbers, context.get(ValueLayout.JAVA_LONG, 0), readable);
    } catch (ErrnoException e) {
      return null;
    }
  }

  /**
   * Adds one to the counter of a descriptor.
   *
   * @return 8, or -errno: EAGAIN where the list of ends is full with those of other threads
   */
  int send(int fd) {
    Place mine = place.get();
    mine.memory.set(ValueLayout.JAVA_INT, RESULT_DESCRIPTOR_AT, fd);
    int result = submit(mine);
    if (result == -Errno.EAGAIN) {
      long _ =
          NativeCall.toLong(SYSCALL, numbers.getEvents, context, 0, LIST, mine.ends(), mine.zero());
      result = submit(mine);
    }
    return result == 1 ? Long.BYTES : result;
  }

  private int submit(Place mine) {
    return (int) NativeCall.toLong(SYSCALL, numbers.submit, context, 1, mine.list(), 0, 0);
  }
}
