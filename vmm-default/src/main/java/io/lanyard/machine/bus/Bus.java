package io.lanyard.machine.bus;

import io.lanyard.base.Clock;
import io.lanyard.base.RateLimitedLog;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The physical address map: which device answers where.
 *
 * <p>Devices are mapped before the harts run, and stay. Addresses are unsigned 64 bits, as the
 * guest gives them. An access that nobody answers, that is not naturally aligned, or whose device
 * throws, is refused, never thrown.
 *
 * <p>Thread: {@link #map} by one thread at a time; the rest by any.
 */
public final class Bus {
  private static final System.Logger LOG = System.getLogger(Bus.class.getName());

  /** A guest can do whatever makes a device throw, in a loop. */
  private final RateLimitedLog log = new RateLimitedLog(LOG, Clock.system());

  /** Room to give back what was read, so that a read allocates nothing. */
  public static final class Word {
    /** The value that was read, zero-extended. */
    public long value;
  }

  private record Range(String name, long base, long size, Device device) {}

  private final Ram ram;
  private volatile Range[] ranges = {};

  /**
   * Makes a map that holds only RAM.
   *
   * @param ram memory, at {@link Ram#BASE}
   */
  public Bus(Ram ram) {
    this.ram = ram;
  }

  /**
   * The memory.
   *
   * @return the machine's RAM
   */
  public Ram ram() {
    return ram;
  }

  /**
   * Puts a device on the map.
   *
   * @param name for messages
   * @param base physical address of its first byte
   * @param size bytes
   * @param device who answers
   * @throws IllegalArgumentException if the range is empty, wraps, or overlaps another or RAM
   */
  public synchronized void map(String name, long base, long size, Device device) {
    if (size <= 0 || base < 0 || base + size < 0) {
      throw new IllegalArgumentException(name + ": bad range at 0x" + Long.toHexString(base));
    }
    if (overlap(base, size, Ram.BASE, ram.size())) {
      throw new IllegalArgumentException(name + " overlaps RAM");
    }
    for (Range r : ranges) {
      if (overlap(base, size, r.base, r.size)) {
        throw new IllegalArgumentException(name + " overlaps " + r.name);
      }
    }
    Range[] more = Arrays.copyOf(ranges, ranges.length + 1);
    more[ranges.length] = new Range(name, base, size, device);
    Arrays.sort(more, (a, b) -> Long.compare(a.base, b.base));
    ranges = more;
  }

  private static boolean overlap(long a, long aSize, long b, long bSize) {
    return a < b + bSize && b < a + aSize;
  }

  /**
   * Whether a device, not RAM, answers at an address.
   *
   * @param address physical
   * @param size bytes
   * @return true if one device answers for all of it
   */
  public boolean isDevice(long address, int size) {
    return find(address, size) != null;
  }

  /**
   * Whether a device that is memory answers at an address.
   *
   * @param address physical
   * @param size bytes
   * @return true if instructions can be fetched from all of it
   */
  public boolean isMemory(long address, int size) {
    Range range = find(address, size);
    return range != null && range.device.isMemory();
  }

  /**
   * Reads from RAM or a device.
   *
   * @param address physical
   * @param size 1, 2, 4 or 8 bytes
   * @param into receives the value, zero-extended
   * @return false if nobody answers: an access fault
   */
  public boolean load(long address, int size, Word into) {
    if (ram.contains(address, size)) {
      into.value =
          switch (size) {
            case 1 -> ram.getByte(address) & 0xffL;
            case 2 -> ram.getShort(address) & 0xffffL;
            case 4 -> ram.getInt(address) & 0xffff_ffffL;
            default -> ram.getLong(address);
          };
      return true;
    }
    Range range = find(address, size);
    if (range == null || (address & (size - 1)) != 0) {
      return false;
    }
    try {
      long value = range.device.read(address - range.base, size);
      into.value = size == 8 ? value : value & ((1L << (size * 8)) - 1);
      return true;
    } catch (RuntimeException e) {
      failed(range, "read", e);
      return false;
    }
  }

  /**
   * Writes to RAM or a device.
   *
   * @param address physical
   * @param size 1, 2, 4 or 8 bytes
   * @param value in the low bytes; the rest is ignored
   * @return false if nobody answers: an access fault
   */
  public boolean store(long address, int size, long value) {
    if (ram.contains(address, size)) {
      switch (size) {
        case 1 -> ram.putByte(address, (byte) value);
        case 2 -> ram.putShort(address, (short) value);
        case 4 -> ram.putInt(address, (int) value);
        default -> ram.putLong(address, value);
      }
      return true;
    }
    Range range = find(address, size);
    if (range == null || (address & (size - 1)) != 0) {
      return false;
    }
    try {
      range.device.write(
          address - range.base, size, size == 8 ? value : value & ((1L << (size * 8)) - 1));
      return true;
    } catch (RuntimeException e) {
      failed(range, "write", e);
      return false;
    }
  }

  private void failed(Range range, String access, RuntimeException e) {
    log.log(
        Level.WARNING,
        "device-failed",
        line -> line.with("device", range.name).with("access", access),
        e);
  }

  private @Nullable Range find(long address, int size) {
    Range[] all = ranges;
    int low = 0;
    int high = all.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      Range r = all[middle];
      long offset = address - r.base;
      if (address < 0 || address >= r.base + r.size) {
        low = middle + 1;
      } else if (offset < 0) {
        high = middle - 1;
      } else {
        return offset <= r.size - size ? r : null;
      }
    }
    return null;
  }
}
