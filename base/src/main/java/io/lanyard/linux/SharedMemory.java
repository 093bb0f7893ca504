package io.lanyard.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Memory that another process shares by a file descriptor, mapped for reading and writing.
 *
 * <p>Only files that are memory are mapped (memfd_create(2), tmpfs, hugetlbfs). A page of another
 * file may have to come from a disk, a server or a program of the other process (FUSE), and the
 * thread that touches it would wait.
 *
 * <p>The other process can make the file shorter after it was mapped. Touching a page that is gone
 * raises SIGBUS, which the JVM turns into an {@link InternalError} of the thread. Two things bound
 * that:
 *
 * <ul>
 *   <li>{@link #map} seals the file against it (F_SEAL_SHRINK, fcntl(2)) where the file allows
 *       seals, as QEMU's {@code memory-backend-memfd} does by itself.
 *   <li>The error may come late, from any method that runs afterwards. {@link #settle} has it come
 *       before it returns. A thread that has touched such memory calls it before anything else, and
 *       catches the error.
 * </ul>
 *
 * <p>The pages of a file that were never touched are made by the first process that touches them,
 * and count as its memory.
 *
 * <p>Thread: any.
 */
public final class SharedMemory {
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_BASIC = 0x7ff;

  // struct statx (statx(2)), the same on all architectures.
  private static final int STATX_LENGTH = 256;
  private static final int STATX_BLOCK_SIZE = 4;
  private static final int STATX_MODE = 28;
  private static final int STATX_INODE = 32;
  private static final int STATX_SIZE = 40;
  private static final int STATX_DEVICE = 136;

  private static final int S_IFMT = 0xf000;
  private static final int S_IFREG = 0x8000;

  /** {@code f_type} comes first in struct statfs of the 64-bit ABIs; it has 120 bytes. */
  private static final int STATFS_LENGTH = 120;

  private static final long TMPFS_MAGIC = 0x01021994L;
  private static final long HUGETLBFS_MAGIC = 0x958458f6L;

  private static final int F_ADD_SEALS = 1033;
  private static final int F_GET_SEALS = 1034;
  private static final int F_SEAL_SHRINK = 2;

  private static final int PAGE = 4096;

  /** Files are not larger, and neither is the address space of a process. */
  private static final long MOST_BYTES = 1L << 47;

  /**
   * All mappings together: half of the address space. A file that is mostly holes costs the other
   * process nothing, and a process without addresses gets no threads and no memory any more.
   */
  private static final long MOST_MAPPED = MOST_BYTES / 2;

  private static final AtomicLong MAPPED = new AtomicLong();

  private static final MemorySegment STATX = NativeCall.function("statx");
  private static final MemorySegment FSTATFS = NativeCall.function("fstatfs");
  private static final MemorySegment FCNTL = NativeCall.function("fcntl");

  /** Locked by nobody. */
  private static final Object NOTHING = new Object();

  /** The part of a file: two descriptors may be of the same file. */
  private record Part(long device, long inode, long offset, long size) {}

  private final MemorySegment segment;
  private final Part part;
  private final long mapped;
  private final long mappedLength;
  private final boolean sealed;

  private SharedMemory(
      MemorySegment segment, Part part, long mapped, long mappedLength, boolean sealed) {
    this.segment = segment;
    this.part = part;
    this.mapped = mapped;
    this.mappedLength = mappedLength;
    this.sealed = sealed;
  }

  /**
   * Maps a part of a file.
   *
   * @param fd the file; it may be closed afterwards
   * @param offset where in the file the part begins
   * @param size bytes
   * @return the mapping, for the caller to unmap
   * @throws IOException if the file is not memory, does not have all of the part, or cannot be
   *     mapped, or if all mappings together would take more than half of the process's addresses
   */
  @SuppressWarnings("restricted") // the mapping is as large as it says
  public static SharedMemory map(int fd, long offset, long size) throws IOException {
    if (offset < 0 || size <= 0 || offset > MOST_BYTES || size > MOST_BYTES) {
      throw new IOException("a region of " + size + " bytes at " + offset + " is impossible");
    }
    boolean sealed = seal(fd);
    long granule;
    Part part;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment stat = arena.allocate(STATX_LENGTH, 8);
      long empty = arena.allocate(1).address();
      check(
          NativeCall.toInt(STATX, fd, empty, AT_EMPTY_PATH, STATX_BASIC, stat.address(), 0),
          "statx of the region's file");
      MemorySegment system = arena.allocate(STATFS_LENGTH, 8);
      check(NativeCall.toInt(FSTATFS, fd, system.address(), 0, 0, 0, 0), "fstatfs of its file");
      long type = system.get(ValueLayout.JAVA_LONG, 0);
      if ((stat.get(ValueLayout.JAVA_SHORT, STATX_MODE) & S_IFMT) != S_IFREG
          || (type != TMPFS_MAGIC && type != HUGETLBFS_MAGIC)) {
        throw new IOException(
            "a region's descriptor is no memory: share a memfd, or a file in tmpfs or hugetlbfs");
      }
      long length = stat.get(ValueLayout.JAVA_LONG, STATX_SIZE);
      if (offset > length - size) {
        throw new IOException(
            "a region of " + size + " bytes at " + offset + " ends behind its file of " + length);
      }
      part =
          new Part(
              stat.get(ValueLayout.JAVA_LONG, STATX_DEVICE),
              stat.get(ValueLayout.JAVA_LONG, STATX_INODE),
              offset,
              size);
      // Huge pages: both ends of a mapping are at their multiples.
      granule = Math.max(PAGE, stat.get(ValueLayout.JAVA_INT, STATX_BLOCK_SIZE));
    }
    long before = offset % granule;
    long whole = (before + size + granule - 1) / granule * granule;
    if (MAPPED.addAndGet(whole) > MOST_MAPPED) {
      MAPPED.addAndGet(-whole);
      throw new IOException(
          "a region of " + size + " bytes is more than is left of " + MOST_MAPPED + " for all");
    }
    long address = Mapping.map(whole, Mapping.SHARED | Mapping.NORESERVE, fd, offset - before);
    if (address < 0) {
      MAPPED.addAndGet(-whole);
    }
    check(address, "mmap of " + size + " bytes");
    MemorySegment segment = MemorySegment.ofAddress(address + before).reinterpret(size);
    return new SharedMemory(segment, part, address, whole, sealed);
  }

  /** Whether a file cannot become shorter any more. */
  private static boolean seal(int fd) {
    int seals = NativeCall.toInt(FCNTL, fd, F_GET_SEALS, 0, 0, 0, 0);
    return seals >= 0
        && ((seals & F_SEAL_SHRINK) != 0
            || NativeCall.toInt(FCNTL, fd, F_ADD_SEALS, F_SEAL_SHRINK, 0, 0, 0) >= 0);
  }

  private static void check(long result, String call) throws ErrnoException {
    if (result < 0) {
      throw new ErrnoException(call, (int) -result);
    }
  }

  /**
   * The memory.
   *
   * @return a segment that any thread may use until {@link #unmap}
   */
  public MemorySegment segment() {
    return segment;
  }

  /**
   * Whether the file is sealed: no page of it can go.
   *
   * @return false if the other process can make it shorter
   */
  public boolean sealed() {
    return sealed;
  }

  /**
   * Whether another mapping is of the same part of the same file.
   *
   * @param other mapped as well
   * @return true if what is written to one is read from the other
   */
  public boolean isSameAs(SharedMemory other) {
    return part.equals(other.part);
  }

  /** Ends the mapping. Nobody may touch its memory any more. To be called once. */
  public void unmap() {
    int _ = Mapping.unmap(mapped, mappedLength);
    MAPPED.addAndGet(-mappedLength);
  }

  /**
   * Has the JVM throw what an earlier access of this thread to shared memory has raised. The JVM
   * notes a fault in compiled code, goes on with whatever was read, and throws where the thread
   * looks for it next: when it comes back from a native method, at the latest. This calls one that
   * does nothing and allocates nothing.
   *
   * @throws InternalError if a page was gone
   */
  public static void settle() {
    boolean _ = Thread.holdsLock(NOTHING);
  }
}
