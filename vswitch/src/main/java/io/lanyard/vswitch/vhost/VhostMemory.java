package io.lanyard.vswitch.vhost;

import io.lanyard.linux.SharedMemory;
import io.lanyard.virtio.RegionMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * The guest's memory as the front end has shared it. A region has two addresses: the guest's, which
 * descriptors use, and the front end's own, by which it names the rings.
 *
 * <p>Thread: the session's.
 */
final class VhostMemory {
  /**
   * Regions that a front end may share: QEMU takes no more than it is told, and a guest with as
   * many modules of memory is rare.
   */
  static final int MOST_REGIONS = 64;

  /**
   * The bytes of all regions. The largest hosts have as much; a file of holes may be larger, and
   * would take the addresses that other front ends need.
   */
  static final long MOST_BYTES = 8L << 40;

  /** Bytes of a region's description. */
  static final int DESCRIPTION = 32;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  /** A region, and how often it was added: see {@link #add}. */
  private static final class Region {
    final long guest;
    final long user;
    final SharedMemory memory;
    int added = 1;

    Region(long guest, long user, SharedMemory memory) {
      this.guest = guest;
      this.user = user;
      this.memory = memory;
    }

    long size() {
      return memory.segment().byteSize();
    }

    boolean isSameAs(Region other) {
      return guest == other.guest && user == other.user && memory.isSameAs(other.memory);
    }
  }

  private final RegionMemory memory = new RegionMemory(MOST_REGIONS);
  private final List<Region> regions = new ArrayList<>();
  private final VhostDevice device;

  VhostMemory(VhostDevice device) {
    this.device = device;
  }

  /** The memory by the guest's addresses; the same object always. */
  RegionMemory guest() {
    return memory;
  }

  /** The bytes of all regions. */
  long bytes() {
    return bytes(regions);
  }

  private static long bytes(List<Region> regions) {
    return regions.stream().mapToLong(Region::size).sum();
  }

  /** Whether no file of a region can become shorter. */
  boolean sealed() {
    return regions.stream().allMatch(region -> region.memory.sealed());
  }

  /**
   * Replaces all regions.
   *
   * @param payload where the descriptions lie
   * @param at where the first does
   * @param descriptors of the regions' files, the caller's
   * @param count how many regions
   */
  void replace(MemorySegment payload, long at, int[] descriptors, int count) throws IOException {
    List<Region> made = new ArrayList<>();
    RegionMemory check = new RegionMemory(MOST_REGIONS);
    try {
      for (int i = 0; i < count; i++) {
        Region region = map(payload, at + (long) i * DESCRIPTION, descriptors[i]);
        made.add(region);
        checkSize(made, 0);
        if (!check.add(region.guest, region.memory.segment())) {
          throw new VhostException("regions of the guest's memory overlap");
        }
      }
    } catch (IOException e) {
      made.forEach(region -> region.memory.unmap());
      throw e;
    }
    clear();
    for (Region region : made) {
      regions.add(region);
      memory.add(region.guest, region.memory.segment());
    }
  }

  /**
   * Adds one region. QEMU before version 8 says each region once for each pair of queues, and
   * removes it as often: it goes when the last has removed it.
   */
  void add(MemorySegment payload, long at, int descriptor) throws IOException {
    Region region = map(payload, at, descriptor);
    for (Region present : regions) {
      if (present.isSameAs(region)) {
        region.memory.unmap();
        present.added++;
        return;
      }
    }
    try {
      checkSize(regions, region.size());
    } catch (VhostException e) {
      region.memory.unmap();
      throw e;
    }
    if (!memory.add(region.guest, region.memory.segment())) {
      region.memory.unmap();
      throw new VhostException("a region overlaps another, or is one too many");
    }
    regions.add(region);
  }

  private static void checkSize(List<Region> regions, long more) throws VhostException {
    long bytes = bytes(regions) + more;
    if (bytes > MOST_BYTES) {
      throw new VhostException(
          bytes + " bytes of memory are more than a guest may share, " + MOST_BYTES);
    }
  }

  /** Removes the region that is described. */
  void remove(MemorySegment payload, long at) throws VhostException {
    long guest = payload.get(LONG, at);
    long size = payload.get(LONG, at + 8);
    long user = payload.get(LONG, at + 16);
    Region region = find(guest, user, size);
    region.added--;
    if (region.added == 0) {
      regions.remove(region);
      memory.remove(guest);
      device.unmap(region.memory);
    }
  }

  private Region find(long guest, long user, long size) throws VhostException {
    for (Region region : regions) {
      if (region.guest == guest && region.user == user && region.size() == size) {
        return region;
      }
    }
    throw new VhostException("there is no such region to remove");
  }

  private static Region map(MemorySegment payload, long at, int descriptor) throws IOException {
    long guest = payload.get(LONG, at);
    long size = payload.get(LONG, at + 8);
    long user = payload.get(LONG, at + 16);
    long offset = payload.get(LONG, at + 24);
    return new Region(guest, user, SharedMemory.map(descriptor, offset, size));
  }

  /** The guest's address of a range that the front end names by its own. */
  long translate(long user, long length) throws VhostException {
    for (Region region : regions) {
      long at = user - region.user;
      if (at >= 0 && at <= region.size() - length) {
        return region.guest + at;
      }
    }
    throw new VhostException("a ring is not in the guest's memory");
  }

  void clear() {
    memory.clear();
    regions.forEach(region -> device.unmap(region.memory));
    regions.clear();
  }
}
