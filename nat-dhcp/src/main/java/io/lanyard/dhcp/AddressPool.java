package io.lanyard.dhcp;

import io.lanyard.net.Address;
import io.lanyard.net.AddressRange;
import io.lanyard.net.Subnet;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which addresses there are to give, and in which order.
 *
 * <p>A client gets an address that nobody ever had, found from a hash of its identity, so that it
 * is likely to get the same one even from a server that has lost its memory. When there is none
 * left, the address that has been idle for longest goes to somebody else.
 */
final class AddressPool {
  private final DhcpTerms terms;
  private final AddressRange pool;
  private final Map<Address, Reserved> byAddress = new HashMap<>();
  private final Map<Long, Reserved> byMac = new HashMap<>();

  /** One bit an address of the range; set while nobody ever had it. */
  private final BitSet untouched;

  private final int size;

  /** Addresses of the range that somebody had, the longest idle first. */
  private final LinkedHashSet<Address> idle = new LinkedHashSet<>();

  AddressPool(DhcpTerms terms) {
    this.terms = terms;
    this.pool = terms.pool();
    this.size = Math.toIntExact(pool.size());
    this.untouched = new BitSet(size);
    untouched.set(0, size);
    for (Reserved reservation : terms.reservations()) {
      byAddress.put(reservation.address(), reservation);
      byMac.put(reservation.mac(), reservation);
    }
    byAddress.keySet().forEach(this::withdraw);
    terms.fixed().forEach(this::withdraw);
    terms.ofPorts().forEach(this::withdraw);
    withdraw(terms.server());
  }

  private void withdraw(Address address) {
    if (pool.contains(address)) {
      untouched.clear(slot(address));
    }
  }

  private void withdraw(Subnet subnet) {
    if (subnet.network().isIpv4() != pool.first().isIpv4()) {
      return;
    }
    Address first = Collections.max(List.of(subnet.network(), pool.first()));
    Address last = Collections.min(List.of(subnet.last(), pool.last()));
    if (first.compareTo(last) <= 0) {
      untouched.clear(slot(first), slot(last) + 1);
    }
  }

  /** The bit of an address of the range. */
  private int slot(Address address) {
    return (int) (address.low() - pool.first().low());
  }

  @Nullable Reserved reservationOf(long mac) {
    return byMac.get(mac);
  }

  /** Whether a client may have an address at all, even if another has it now. */
  boolean permits(Address address, long mac) {
    Reserved own = byMac.get(mac);
    return (own != null && own.address().equals(address)) || holds(address);
  }

  private boolean barred(Address address) {
    return byAddress.containsKey(address)
        || terms.excludes(address)
        || address.equals(terms.server());
  }

  /** Finds an address for a client that has none and asks for none; null if there is none. */
  @Nullable Address pick(ClientId client) {
    int start = Math.floorMod(mix(client.hashCode()), size);
    int slot = untouched.nextSetBit(start);
    if (slot < 0) {
      slot = untouched.nextSetBit(0);
    }
    if (slot >= 0) {
      return pool.first().plus(slot);
    }
    return idle.isEmpty() ? null : idle.getFirst();
  }

  /** Takes an address out of what can be picked. */
  void take(Address address) {
    withdraw(address);
    idle.remove(address);
  }

  /** Gives back an address that somebody had. */
  void giveBack(Address address) {
    if (holds(address)) {
      idle.add(address);
    }
  }

  /** Addresses of the range that somebody had, the longest idle first. */
  List<Address> order() {
    return List.copyOf(idle);
  }

  /** Whether an address is given at all: to anybody, or to the client that it is reserved for. */
  boolean knows(Address address) {
    return holds(address) || byAddress.containsKey(address);
  }

  int idle() {
    return idle.size() + untouched.cardinality();
  }

  /** Whether any client may get an address: it is not reserved. */
  boolean holds(Address address) {
    return pool.contains(address) && !barred(address);
  }

  /** Spreads identities that differ in their last byte only (the finisher of MurmurHash3). */
  private static int mix(int hash) {
    int h = hash;
    h ^= h >>> 16;
    h *= 0x85ebca6b;
    h ^= h >>> 13;
    h *= 0xc2b2ae35;
    return h ^ h >>> 16;
  }
}
