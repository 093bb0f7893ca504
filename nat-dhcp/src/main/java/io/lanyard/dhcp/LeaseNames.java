package io.lanyard.dhcp;

import io.lanyard.net.Address;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The names of a network's clients: one label each, that no other client has.
 *
 * <p>The name of a reservation, and that of a guest of the configuration, is kept for its MAC
 * address. Any other belongs to the client that had it first, for as long as its lease runs.
 *
 * <p>Thread: the network's loop only.
 */
final class LeaseNames {
  private final DhcpTerms terms;
  private final Map<Long, Reserved> reservations = new HashMap<>();

  /** Names of reservations, which stand for their addresses for good. */
  private final Map<String, Address> reserved = new HashMap<>();

  /** Names that the configuration gives to a MAC address, wherever that is. */
  private final Map<String, Long> kept = new HashMap<>();

  /** The address that has a name. */
  private final Map<String, Address> holders = new HashMap<>();

  /** Whether another machine has a name in the other family. */
  private BiPredicate<String, Long> othersElsewhere = (name, mac) -> false;

  private boolean yields;

  LeaseNames(DhcpTerms terms) {
    this.terms = terms;
    derive();
  }

  /**
   * Leaves alone what another machine is called in the other family.
   *
   * @param others whether another machine than the MAC address's has a name there
   * @param late whether that is looked at once more when a lease is bound
   */
  void leave(BiPredicate<String, Long> others, boolean late) {
    othersElsewhere = others;
    yields = late;
  }

  private void derive() {
    reservations.clear();
    reserved.clear();
    kept.clear();
    holders.clear();
    for (Reserved reservation : terms.reservations()) {
      reservations.put(reservation.mac(), reservation);
      String name = HostName.sanitise(reservation.hostname(), terms.domain());
      if (name != null) {
        reserved.putIfAbsent(name, reservation.address());
      }
    }
    holders.putAll(reserved);
    terms
        .names()
        .forEach((mac, name) -> {
          String label = HostName.sanitise(name, terms.domain());
          if (label != null) {
            kept.putIfAbsent(label, mac);
          }
        });
  }

  /** Goes by what the terms say now, with the names that leases have and may keep. */
  void configure(List<Lease> bound) {
    derive();
    for (Lease lease : bound) {
      if (lease.hostname() != null && mayKeep(lease)) {
        holders.putIfAbsent(lease.hostname(), lease.address());
      }
    }
  }

  /** Whether a lease's name is kept for nobody else. */
  private boolean mayKeep(Lease lease) {
    Long owner = kept.get(lease.hostname());
    Address address = reserved.get(lease.hostname());
    return (owner == null || owner == lease.mac())
        && (address == null || address.equals(lease.address()));
  }

  /**
   * The name that a bound lease is to have now that the terms are others: the configuration's for
   * its client, if nobody else has that; its own if it may keep it; none otherwise.
   */
  @Nullable String renewed(Lease lease) {
    String own = lease.hostname() != null && mayKeep(lease) ? lease.hostname() : null;
    String given = available(lease.mac(), lease.address(), own);
    return given == null ? own : given;
  }

  /** The names of reservations and their addresses, whether these are leased or not. */
  Map<String, Address> reserved() {
    return Map.copyOf(reserved);
  }

  /** Whether a name is a reservation's, and stays with its address. */
  boolean isReserved(String name) {
    return reserved.containsKey(name);
  }

  /** The address that has a name; null if nobody has it. */
  @Nullable Address holder(String name) {
    return holders.get(name.toLowerCase(Locale.ROOT));
  }

  /**
   * The name that a client is to have: the reservation's, the configuration's, or what it calls
   * itself; null if that is no name, or is kept for another.
   */
  @Nullable String wanted(long mac, @Nullable String said) {
    Reserved reservation = reservations.get(mac);
    String own = reservation == null ? null : reservation.hostname();
    String chosen = own != null ? own : terms.names().getOrDefault(mac, said);
    String name = HostName.sanitise(chosen, terms.domain());
    if (name == null) {
      return null;
    }
    Long owner = kept.get(name);
    boolean mayHave = owner == null || owner == mac;
    return mayHave && !othersElsewhere.test(name, mac) ? name : null;
  }

  /** The name that a client gets at an address: what it wants, if nobody else has it. */
  @Nullable String available(long mac, Address address, @Nullable String said) {
    String name = wanted(mac, said);
    Address holder = name == null ? null : holders.get(name);
    return holder == null || holder.equals(address) ? name : null;
  }

  /** A lease the name that it asks for, or none if another lease has it. */
  Lease claim(Lease lease) {
    if (lease.hostname() == null) {
      return lease;
    }
    if (yields && othersElsewhere.test(lease.hostname(), lease.mac())) {
      return lease.named(null);
    }
    Address holder = holders.putIfAbsent(lease.hostname(), lease.address());
    return holder == null || holder.equals(lease.address()) ? lease : lease.named(null);
  }

  /** Takes a lease's name back. */
  void release(Lease lease) {
    if (lease.hostname() != null && !reserved.containsKey(lease.hostname())) {
      holders.remove(lease.hostname(), lease.address());
    }
  }
}
