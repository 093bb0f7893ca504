package io.lanyard.machine.mmu;

/**
 * Physical memory protection: sixteen regions, checked when a TLB entry is made.
 *
 * <p>Privileged spec, "Physical Memory Protection". Granularity is 4 bytes; a page that a region
 * divides is never entered in a TLB, and its instructions are fetched one by one. Out of reset no
 * region is on: then machine mode reaches everything, and the others nothing.
 */
public final class Pmp {
  /** Regions that are implemented. */
  public static final int REGIONS = 16;

  private static final int LOCK = 0x80;
  private static final int OFF = 0;
  private static final int TOR = 1;
  private static final int NA4 = 2;

  private final byte[] config = new byte[REGIONS];
  private final long[] address = new long[REGIONS];
  private boolean active;

  Pmp() {}

  /** Reads {@code pmpcfgN}, for even N. */
  public long config(int n) {
    long value = 0;
    for (int i = 7; i >= 0; i--) {
      int region = n * 4 + i;
      value = value << 8 | (region < REGIONS ? config[region] & 0xff : 0);
    }
    return value;
  }

  /** Writes {@code pmpcfgN}, for even N; locked regions stay. */
  public void config(int n, long value) {
    for (int i = 0; i < 8; i++) {
      int region = n * 4 + i;
      int c = (int) (value >>> (i * 8)) & 0x9f;
      if (region < REGIONS && (config[region] & LOCK) == 0 && (c & 3) != 2) {
        config[region] = (byte) c;
      }
    }
    active = false;
    for (byte c : config) {
      active |= (c & 0x18) != 0;
    }
  }

  /** Reads {@code pmpaddrN}. */
  public long address(int n) {
    return n < REGIONS ? address[n] : 0;
  }

  /** Writes {@code pmpaddrN}, unless it is locked. */
  public void address(int n, long value) {
    boolean lockedByNext =
        n + 1 < REGIONS && (config[n + 1] & LOCK) != 0 && ((config[n + 1] >> 3) & 3) == TOR;
    if (n < REGIONS && (config[n] & LOCK) == 0 && !lockedByNext) {
      address[n] = value & (1L << 54) - 1;
    }
  }

  void reset() {
    java.util.Arrays.fill(config, (byte) 0);
    java.util.Arrays.fill(address, 0);
    active = false;
  }

  /** Whether an access is allowed. */
  boolean allows(long from, long size, int access, int privilege) {
    if (!active) {
      return privilege == 3;
    }
    for (int i = 0; i < REGIONS; i++) {
      int c = config[i];
      if (((c >> 3) & 3) == OFF) {
        continue;
      }
      long first = first(i);
      long last = last(i);
      if (from + size <= first || from >= last) {
        continue;
      }
      if (from < first || from + size > last) {
        return false; // the access is not all in the region
      }
      if (privilege == 3 && (c & LOCK) == 0) {
        return true;
      }
      int needed =
          switch (access) {
            case Mmu.FETCH -> 4;
            case Mmu.LOAD -> 1;
            default -> 2;
          };
      return (c & needed) != 0;
    }
    return privilege == 3;
  }

  /** Whether some region begins or ends inside a page. */
  public boolean divides(long page) {
    if (active) {
      for (int i = 0; i < REGIONS; i++) {
        if (((config[i] >> 3) & 3) != OFF && (inside(first(i), page) || inside(last(i), page))) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean inside(long edge, long page) {
    return edge > page && edge < page + 4096;
  }

  private long first(int i) {
    return switch ((config[i] >> 3) & 3) {
      case TOR -> i == 0 ? 0 : address[i - 1] << 2;
      case NA4 -> address[i] << 2;
      default -> (address[i] & ~napotMask(i)) << 2;
    };
  }

  private long last(int i) {
    return switch ((config[i] >> 3) & 3) {
      case TOR -> address[i] << 2;
      case NA4 -> (address[i] << 2) + 4;
      default -> {
        long end = ((address[i] | napotMask(i)) + 1) << 2;
        yield end <= 0 ? Long.MAX_VALUE : end;
      }
    };
  }

  private long napotMask(int i) {
    return address[i] ^ (address[i] + 1);
  }
}
