package io.lanyard.vswitch.vhost;

import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.Memfd;
import io.lanyard.linux.SharedMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The buffer in which a back end notes what it has taken and not given back, kept by the front end
 * for the next one (vhost-user.rst, "Inflight I/O tracking").
 *
 * <p>This back end gives chains back in the order in which it took them, so that everything in
 * flight lies behind the used index, and a successor that goes on there misses nothing. It says so
 * by a buffer in which no descriptor is marked, and writes nothing into it for a frame.
 */
final class InflightArea {
  /** A description: size, offset, queues, entries of each. */
  static final int DESCRIPTION = 20;

  private static final int VERSION = 1;
  private static final int HEADER = 16;
  private static final int ENTRY = 16;

  /** Regions begin at lines of the processor's cache. */
  private static final int ALIGNMENT = 64;

  private static final int MOST_QUEUES = 64;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

  private InflightArea() {}

  private static long region(int entries) {
    return (HEADER + (long) ENTRY * entries + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /**
   * Makes a buffer.
   *
   * @param payload has the numbers of queues and entries; gets size and offset
   * @return the descriptor of its file, for the caller to close
   */
  static int create(MemorySegment payload) throws IOException {
    int queues = payload.get(SHORT, 16) & 0xffff;
    int entries = payload.get(SHORT, 18) & 0xffff;
    if (queues == 0 || queues > MOST_QUEUES || entries == 0) {
      throw new VhostException(queues + " queues of " + entries + " entries are impossible");
    }
    long size = queues * region(entries);
    int descriptor;
    MemorySegment memory;
    try {
      descriptor = Memfd.create("lanyard-inflight", size);
    } catch (IllegalStateException e) {
      throw new IOException(e.getMessage(), e);
    }
    try {
      memory = Memfd.map(descriptor, size);
    } catch (IllegalStateException e) {
      Memfd.close(descriptor);
      throw new IOException(e.getMessage(), e);
    }
    for (int i = 0; i < queues; i++) {
      long at = i * region(entries);
      memory.set(SHORT, at + 8, (short) VERSION);
      memory.set(SHORT, at + 10, (short) entries);
    }
    Memfd.unmap(memory);
    payload.set(LONG, 0, size);
    payload.set(LONG, 8, 0);
    return descriptor;
  }

  /**
   * Looks whether a buffer that the front end has kept is one.
   *
   * @throws ErrnoException if the host refuses to map it
   */
  static void check(MemorySegment payload, int descriptor) throws IOException {
    SharedMemory.map(descriptor, payload.get(LONG, 8), payload.get(LONG, 0)).unmap();
  }
}
