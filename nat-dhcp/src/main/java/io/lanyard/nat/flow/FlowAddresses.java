package io.lanyard.nat.flow;

import io.lanyard.base.LongPairMap;
import io.lanyard.net.Address;
import java.util.Arrays;

/**
 * Numbers of 32 bits for addresses of both families, so that a flow's key stays two longs.
 *
 * <p>An IPv4 address is its own number. An IPv6 address is interned: it has a number for as long as
 * a flow holds it, counted by reference, so that the quotas of flows bound the table. The family is
 * a bit of the key, and the two ends of a flow are of one family.
 */
final class FlowAddresses {
  /** The number of an IPv6 address that no flow holds. */
  static final int NONE = 0;

  /** An IPv6 address that flows hold. */
  private static final class Interned {
    final int id;
    int references;

    Interned(int id) {
      this.id = id;
    }
  }

  private final LongPairMap<Interned> byAddress;

  /** Numbers that are free again, a stack. */
  private int[] free = new int[16];

  private int freed;
  private int used = 1;

  FlowAddresses(long seed) {
    byAddress = new LongPairMap<>(seed);
  }

  /** The number of an address; {@link #NONE} for an IPv6 address that no flow holds. */
  int find(long high, long low) {
    if (Address.isIpv4(high, low)) {
      return (int) low;
    }
    Interned known = byAddress.get(high, low);
    return known == null ? NONE : known.id;
  }

  /** The number of an address, which a flow holds from now on. */
  int hold(long high, long low) {
    if (Address.isIpv4(high, low)) {
      return (int) low;
    }
    Interned known = byAddress.get(high, low);
    if (known == null) {
      known = new Interned(freed > 0 ? free[--freed] : used++);
      byAddress.put(high, low, known);
    }
    known.references++;
    return known.id;
  }

  /** A flow holds an address no longer. */
  void release(long high, long low) {
    if (Address.isIpv4(high, low)) {
      return;
    }
    Interned known = byAddress.get(high, low);
    if (known == null || --known.references > 0) {
      return;
    }
    byAddress.remove(high, low);
    if (freed == free.length) {
      free = Arrays.copyOf(free, 2 * freed);
    }
    free[freed++] = known.id;
  }
}
