package io.lanyard.virtio;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Guest memory in several regions, each mapped on its own: what another VMM shares.
 *
 * <p>The guest chooses addresses and lengths, and its VMM the regions: a range counts as memory
 * only if one region has all of it. Lookups try the region of the last one first, which is the
 * right one for nearly all.
 *
 * <p>Thread: one at a time.
 */
public final class RegionMemory implements GuestMemory {
  private final long[] starts;
  private final long[] sizes;
  private final MemorySegment[] segments;
  private int count;
  private int last;

  /**
   * Makes memory without regions.
   *
   * @param most how many regions there may be
   */
  public RegionMemory(int most) {
    starts = new long[most];
    sizes = new long[most];
    segments = new MemorySegment[most];
    Arrays.fill(segments, MemorySegment.NULL);
  }

  /**
   * Adds a region.
   *
   * @param start the guest address of its first byte
   * @param segment the memory itself, valid until the region is removed
   * @return false if it is empty, wraps around the address space, overlaps another, or is one too
   *     many: then nothing has changed
   */
  public boolean add(long start, MemorySegment segment) {
    long size = segment.byteSize();
    if (count == starts.length || size == 0 || Long.compareUnsigned(start + size - 1, start) < 0) {
      return false;
    }
    for (int i = 0; i < count; i++) {
      boolean before = Long.compareUnsigned(start + size - 1, starts[i]) < 0;
      boolean behind = Long.compareUnsigned(start, starts[i] + sizes[i] - 1) > 0;
      if (!before && !behind) {
        return false;
      }
    }
    starts[count] = start;
    sizes[count] = size;
    segments[count] = segment;
    count++;
    return true;
  }

  /**
   * Removes a region. Its memory is not touched from now on.
   *
   * @param start the guest address of its first byte; nothing happens if no region begins there
   */
  public void remove(long start) {
    for (int i = 0; i < count; i++) {
      if (starts[i] == start) {
        count--;
        starts[i] = starts[count];
        sizes[i] = sizes[count];
        segments[i] = segments[count];
        segments[count] = MemorySegment.NULL;
        last = 0;
        return;
      }
    }
  }

  /** Removes all regions. */
  public void clear() {
    Arrays.fill(segments, 0, count, MemorySegment.NULL);
    count = 0;
    last = 0;
  }

  /** The region that has all of a range, or -1. */
  private int find(long address, long length) {
    int latest = last;
    if (latest < count && has(latest, address, length)) {
      return latest;
    }
    for (int i = 0; i < count; i++) {
      if (has(i, address, length)) {
        last = i;
        return i;
      }
    }
    return -1;
  }

  private boolean has(int region, long address, long length) {
    long at = address - starts[region];
    return length >= 0 && at >= 0 && at <= sizes[region] - length;
  }

  private int region(long address, long length) {
    int found = find(address, length);
    if (found < 0) {
      throw new IndexOutOfBoundsException(
          length + " bytes at 0x" + Long.toHexString(address) + " are not all memory");
    }
    return found;
  }

  @Override
  public boolean contains(long address, long length) {
    return find(address, length) >= 0;
  }

  @Override
  public MemorySegment slice(long address, long length) {
    int i = region(address, length);
    return segments[i].asSlice(address - starts[i], length);
  }

  @Override
  public byte getByte(long address) {
    int i = region(address, Byte.BYTES);
    return segments[i].get(JAVA_BYTE, address - starts[i]);
  }

  @Override
  public short getShort(long address) {
    int i = region(address, Short.BYTES);
    return segments[i].get(LittleEndian.SHORT, address - starts[i]);
  }

  @Override
  public int getInt(long address) {
    int i = region(address, Integer.BYTES);
    return segments[i].get(LittleEndian.INT, address - starts[i]);
  }

  @Override
  public long getLong(long address) {
    int i = region(address, Long.BYTES);
    return segments[i].get(LittleEndian.LONG, address - starts[i]);
  }

  @Override
  public void putByte(long address, byte value) {
    int i = region(address, Byte.BYTES);
    segments[i].set(JAVA_BYTE, address - starts[i], value);
  }

  @Override
  public void putShort(long address, short value) {
    int i = region(address, Short.BYTES);
    segments[i].set(LittleEndian.SHORT, address - starts[i], value);
  }

  @Override
  public void putInt(long address, int value) {
    int i = region(address, Integer.BYTES);
    segments[i].set(LittleEndian.INT, address - starts[i], value);
  }

  @Override
  public void putLong(long address, long value) {
    int i = region(address, Long.BYTES);
    segments[i].set(LittleEndian.LONG, address - starts[i], value);
  }

  @Override
  public void copyIn(long address, MemorySegment from, long at, long length) {
    int i = region(address, length);
    MemorySegment.copy(from, at, segments[i], address - starts[i], length);
  }

  @Override
  public void copyOut(long address, MemorySegment to, long at, long length) {
    int i = region(address, length);
    MemorySegment.copy(segments[i], address - starts[i], to, at, length);
  }
}
