package io.lanyard.dhcp;

import io.lanyard.dhcp.Lease.State;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One network's leases in memory: what every address is bound to, and which is given next.
 *
 * <p>An address keeps its last lease when that has ended, so that its client gets the same address
 * again (RFC 2131 section 4.3.1) until somebody else needs it. So the table is never larger than
 * the pool and the reservations together.
 *
 * <p>Thread: the network's loop only.
 */
public final class LeaseTable {
  private record Expiry(long millis, int address) {}

  private final DhcpSettings settings;
  private final AddressPool pool;
  private final Map<Integer, Lease> byAddress = new HashMap<>();
  private final Map<ClientId, Lease> byClient = new HashMap<>();
  private final Map<String, Integer> byName = new HashMap<>();

  /** Names that belong to a reservation's address for good. */
  private final Set<String> reservedNames = new HashSet<>();

  private final TreeSet<Expiry> expiries =
      new TreeSet<>(Comparator.comparingLong(Expiry::millis).thenComparingInt(Expiry::address));
  private final List<LeaseListener> listeners = new ArrayList<>();

  LeaseTable(DhcpSettings settings) {
    this.settings = settings;
    this.pool = new AddressPool(settings);
    for (Reservation reservation : settings.reservations()) {
      String name = HostName.sanitise(reservation.hostname(), settings.domain());
      if (name != null) {
        byName.putIfAbsent(name, reservation.address());
        reservedNames.add(name);
      }
    }
  }

  /** Takes in what was stored; what has expired since is remembered, but no longer bound. */
  void load(List<Lease> stored, long now) {
    stored.stream()
        .filter(lease -> settings.subnet().isHost(lease.address()))
        .sorted(Comparator.comparingLong(Lease::startMillis))
        .forEach(lease -> {
          boolean active = lease.active(now);
          put(active ? lease : lease.in(State.RELEASED, lease.expiryMillis()));
        });
  }

  /**
   * Adds a listener, which hears at once of every lease that is bound.
   *
   * @param listener the listener
   */
  public void addListener(LeaseListener listener) {
    listeners.add(listener);
    byAddress.values().stream().filter(l -> l.state() == State.BOUND).forEach(listener::leaseAdded);
  }

  /**
   * The leases that clients hold.
   *
   * @return a snapshot, by address
   */
  public List<Lease> leases() {
    return byAddress.values().stream()
        .filter(lease -> lease.state() == State.BOUND)
        .sorted((a, b) -> Integer.compareUnsigned(a.address(), b.address()))
        .toList();
  }

  /**
   * The last lease of an address, whatever has become of it.
   *
   * @param address the IPv4 address as a big-endian int
   * @return the lease, if the address ever had one
   */
  public Optional<Lease> byAddress(int address) {
    return Optional.ofNullable(byAddress.get(address));
  }

  /**
   * Finds the guest that has a name.
   *
   * @param hostname one label, without the domain; case does not matter
   * @return the bound lease of that name
   */
  public Optional<Lease> byName(String hostname) {
    Integer address = byName.get(hostname.toLowerCase(Locale.ROOT));
    return address == null
        ? Optional.empty()
        : byAddress(address).filter(lease -> lease.state() == State.BOUND);
  }

  /**
   * Finds the address of a guest by its name, for forwards: that of its lease, or of its
   * reservation while it has none.
   *
   * @param hostname one label, without the domain; case does not matter
   * @return the IPv4 address as a big-endian int; 0 if nobody has that name
   */
  public int addressOf(String hostname) {
    return byName.getOrDefault(hostname.toLowerCase(Locale.ROOT), 0);
  }

  /**
   * Finds the leases that a MAC address holds; a machine that boots in stages may hold several.
   *
   * @param mac the address in the low 48 bits
   * @return the bound leases
   */
  public List<Lease> byMac(long mac) {
    return leases().stream().filter(lease -> lease.mac() == mac).toList();
  }

  /**
   * Addresses of the pool that could be given to a new client.
   *
   * @return how many
   */
  public int available() {
    return pool.idle();
  }

  @Nullable Lease of(ClientId client) {
    return byClient.get(client);
  }

  @Nullable Lease at(int address) {
    return byAddress.get(address);
  }

  boolean isUntouched(int address) {
    return pool.isUntouched(address);
  }

  /** Says whether a client can have an address now: it is its own, or nobody's. */
  boolean canHave(int address, ClientId client, long mac, long now) {
    if (!pool.permits(address, mac)) {
      return false;
    }
    Lease lease = byAddress.get(address);
    if (lease == null || !lease.active(now)) {
      return true;
    }
    if (lease.state() == State.DECLINED) {
      return false;
    }
    // A machine with a reservation has it in each stage of its boot, whatever identifier it sends.
    return lease.client().equals(client) || (lease.mac() == mac && pool.reservationOf(mac) != null);
  }

  /**
   * Chooses an address in the order of RFC 2131 section 4.3.1: the client's own, the one that it
   * asks for, any.
   *
   * @return the address, or 0 if there is none
   */
  int choose(ClientId client, long mac, int requested, long now) {
    Reservation reservation = pool.reservationOf(mac);
    if (reservation != null) {
      return canHave(reservation.address(), client, mac, now) ? reservation.address() : 0;
    }
    Lease last = byClient.get(client);
    if (last != null && canHave(last.address(), client, mac, now)) {
      return last.address();
    }
    if (requested != 0 && canHave(requested, client, mac, now)) {
      return requested;
    }
    return pool.pick(client);
  }

  /** The name that a client gets: the reservation's, or its own if nobody else has it. */
  @Nullable String nameFor(long mac, int address, @Nullable String wanted) {
    Reservation reservation = pool.reservationOf(mac);
    String chosen =
        reservation != null && reservation.hostname() != null ? reservation.hostname() : wanted;
    String name = HostName.sanitise(chosen, settings.domain());
    if (name == null) {
      return null;
    }
    Integer holder = byName.get(name);
    return holder == null || holder == address ? name : null;
  }

  /** Puts a lease in place of the one that its address had, and tells the listeners. */
  void put(Lease lease) {
    Lease before = byAddress.get(lease.address());
    forget(before);
    Lease now = lease.state() == State.BOUND ? claimName(lease) : lease;
    byAddress.put(now.address(), now);
    byClient.merge(now.client(), now, (held, later) -> rank(later) >= rank(held) ? later : held);
    if (now.state() == State.RELEASED) {
      pool.take(now.address());
      pool.giveBack(now.address());
    } else {
      pool.take(now.address());
      if (now.expiryMillis() != Lease.NEVER) {
        expiries.add(new Expiry(now.expiryMillis(), now.address()));
      }
    }
    tell(before, now);
  }

  /** Of several leases of one client, the one that it uses counts. */
  private static int rank(Lease lease) {
    return switch (lease.state()) {
      case BOUND -> 2;
      case OFFERED -> 1;
      case RELEASED, DECLINED -> 0;
    };
  }

  private void forget(@Nullable Lease before) {
    if (before == null) {
      return;
    }
    expiries.remove(new Expiry(before.expiryMillis(), before.address()));
    byClient.remove(before.client(), before);
    if (before.hostname() != null && !reservedNames.contains(before.hostname())) {
      byName.remove(before.hostname(), before.address());
    }
  }

  private Lease claimName(Lease lease) {
    if (lease.hostname() == null) {
      return lease;
    }
    Integer holder = byName.putIfAbsent(lease.hostname(), lease.address());
    return holder == null || holder == lease.address() ? lease : lease.named(null);
  }

  private void tell(@Nullable Lease before, Lease now) {
    Lease was = before != null && before.state() == State.BOUND ? before : null;
    boolean is = now.state() == State.BOUND;
    for (LeaseListener listener : listeners) {
      if (was != null && is && was.client().equals(now.client())) {
        listener.leaseChanged(was, now);
      } else {
        if (was != null) {
          listener.leaseRemoved(was);
        }
        if (is) {
          listener.leaseAdded(now);
        }
      }
    }
  }

  /** Ends what has run out. */
  void expire(long now) {
    while (!expiries.isEmpty() && expiries.first().millis() <= now) {
      Lease lease = byAddress.get(expiries.first().address());
      if (lease == null) {
        expiries.pollFirst();
      } else {
        put(lease.in(State.RELEASED, lease.expiryMillis()));
      }
    }
  }

  /** When the next lease runs out, in milliseconds since the epoch; {@link Lease#NEVER} if none. */
  long nextExpiry() {
    return expiries.isEmpty() ? Lease.NEVER : expiries.first().millis();
  }
}
