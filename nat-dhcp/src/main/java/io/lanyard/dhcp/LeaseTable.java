package io.lanyard.dhcp;

import io.lanyard.dhcp.Lease.State;
import io.lanyard.nat.station.Presence;
import io.lanyard.net.Address;
import io.lanyard.vswitch.Turn;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
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
  /** Leases of one MAC address that are stages of a boot: boot ROM, boot loader, system. */
  private static final int STAGES = 4;

  private record Expiry(long millis, Address address) implements Comparable<Expiry> {
    @Override
    public int compareTo(Expiry other) {
      int byTime = Long.compare(millis, other.millis);
      return byTime != 0 ? byTime : address.compareTo(other.address);
    }
  }

  private final DhcpTerms terms;
  private AddressPool pool;
  private final Map<Address, Lease> byAddress = new HashMap<>();

  /** The lease that a client has, or had last; offers are not among them. */
  private final Map<ClientId, Lease> byClient = new HashMap<>();

  /**
   * The offer of a client, by the port. Anybody can ask in its name: an offer is for the port that
   * it was made to.
   */
  private final Map<ClientId, Map<String, Lease>> offers = new HashMap<>();

  /** The addresses that are bound to a MAC address. */
  private final Map<Long, Set<Address>> byMac = new HashMap<>();

  private final LeaseNames names;
  private PortShares shares;
  private int poolSize;
  private final TreeSet<Expiry> expiries = new TreeSet<>();
  private final List<LeaseListener> listeners = new ArrayList<>();

  /** When the holder of an address's lease was heard last, in {@link #hearings}. */
  private final Map<Address, Long> heard = new HashMap<>();

  private long hearings;

  /** Addresses in quarantine, the longest there first. */
  private final LinkedHashSet<Address> quarantined = new LinkedHashSet<>();

  /** Addresses that have come out of quarantine, and that nobody has been offered since. */
  private final Set<Address> suspects = new HashSet<>();

  LeaseTable(DhcpTerms terms) {
    this.terms = terms;
    this.pool = new AddressPool(terms);
    this.names = new LeaseNames(terms);
    this.poolSize = pool.idle();
    this.shares = new PortShares(terms.dhcp().leasesPerPort(), poolSize);
  }

  /**
   * Goes by what the terms say now. Leases stay as they are, also those of addresses that are not
   * given any more: they are not renewed ({@link #permits}). What is remembered of addresses that
   * nobody has, and nobody gets, is forgotten.
   */
  void configure() {
    List<Address> order = pool.order();
    pool = new AddressPool(terms);
    poolSize = pool.idle();
    PortShares former = shares;
    shares = new PortShares(terms.dhcp().leasesPerPort(), poolSize);
    List<Lease> ended = new ArrayList<>();
    List<Lease> all = new ArrayList<>(byAddress.values());
    all.sort(Comparator.comparingLong(Lease::expiryMillis));
    for (Lease lease : all) {
      if (lease.state() != State.RELEASED) {
        pool.take(lease.address());
      } else if (pool.knows(lease.address())) {
        pool.take(lease.address());
        ended.add(lease);
      } else {
        byAddress.remove(lease.address());
        heard.remove(lease.address());
        byClient.remove(lease.client(), lease);
      }
      if (pool.holds(lease.address())) {
        shares.add(lease);
      }
    }
    shares.inherit(former);
    order.forEach(pool::giveBack);
    ended.sort(Comparator.comparingLong(Lease::expiryMillis));
    ended.forEach(lease -> pool.giveBack(lease.address()));
    names.configure(leases());
  }

  /** Whether a client may have an address at all, even if another has it now. */
  boolean permits(Address address, long mac) {
    return pool.permits(address, mac);
  }

  /**
   * Addresses of the pool, leased or not.
   *
   * @return how many
   */
  public int poolSize() {
    return poolSize;
  }

  LeaseNames names() {
    return names;
  }

  PortShares shares() {
    return shares;
  }

  /** Takes in what was stored; what has expired since is remembered, but no longer bound. */
  void load(List<Lease> stored, long now) {
    stored.stream()
        .filter(lease -> terms.subnet().isHost(lease.address()))
        .sorted((a, b) -> Long.compare(a.startMillis(), b.startMillis()))
        .forEach(lease -> {
          Lease sane = lease.until(latest(now));
          put(sane.active(now) ? sane : sane.in(State.RELEASED, sane.expiryMillis()));
          if (lease.state() == State.DECLINED && !sane.active(now)) {
            suspects.add(lease.address());
          }
        });
  }

  /**
   * The latest end that a stored lease can have: the longest time may have been shortened since.
   */
  private long latest(long now) {
    return now
        + Math.max(
            terms.dhcp().maxLeaseTime().toMillis(),
            Math.max(DhcpTerms.OFFER_TIME.toMillis(), DhcpTerms.DECLINE_TIME.toMillis()));
  }

  /**
   * Adds a listener, which hears at once of every lease that is bound.
   *
   * @param listener the listener
   */
  public void addListener(LeaseListener listener) {
    listeners.add(listener);
    boundLeases().forEach(listener::leaseAdded);
  }

  /**
   * The leases that clients hold.
   *
   * @return a snapshot, by address
   */
  public List<Lease> leases() {
    return boundLeases().sorted(Comparator.comparing(Lease::address)).toList();
  }

  private Stream<Lease> boundLeases() {
    return byAddress.values().stream().filter(lease -> lease.state() == State.BOUND);
  }

  /**
   * The last lease of an address, whatever has become of it.
   *
   * @param address the address
   * @return the lease, if the address ever had one
   */
  public Optional<Lease> byAddress(Address address) {
    return Optional.ofNullable(byAddress.get(address));
  }

  /**
   * The names of reservations, which stand for their addresses before these are leased, too.
   *
   * @return addresses by name, one lower-case label
   */
  public Map<String, Address> reservedNames() {
    return names.reserved();
  }

  /**
   * Finds the leases that a MAC address holds; a machine that boots in stages may hold several.
   *
   * @param mac the address in the low 48 bits
   * @return the bound leases, by address
   */
  public List<Lease> byMac(long mac) {
    return byMac.getOrDefault(mac, Set.of()).stream()
        .map(byAddress::get)
        .sorted(Comparator.comparing(Lease::address))
        .toList();
  }

  /**
   * Addresses of the pool that could be given to a new client.
   *
   * @return how many
   */
  public int available() {
    return pool.idle();
  }

  /** The lease that a client has, wherever that is, or had last; null if it never had one. */
  @Nullable Lease of(ClientId client) {
    return byClient.get(client);
  }

  /**
   * The lease that a client has, what it is offered at a port, or the lease that it had last, in
   * this order; null for none of them.
   */
  @Nullable Lease of(ClientId client, String port) {
    Lease held = byClient.get(client);
    Lease offer = offers.getOrDefault(client, Map.of()).get(port);
    return offer == null || (held != null && held.state() == State.BOUND) ? held : offer;
  }

  /** Whether a client has a lease that a request in its name may not take. */
  boolean isBoundElsewhere(ClientRequest request, long now) {
    Lease held = byClient.get(request.client());
    return held != null && held.bound(now) && !mayTake(request, held);
  }

  /** Whether a client has a lease or an offer that a request in its name may not take. */
  boolean isElsewhere(ClientRequest request, long now) {
    return isBoundElsewhere(request, now)
        || offers.getOrDefault(request.client(), Map.of()).values().stream()
            .anyMatch(offer -> offer.active(now) && !mayTake(request, offer));
  }

  /** The lease of the address that is reserved for a MAC address, if that has it; else null. */
  @Nullable Lease ofReservation(long mac, long now) {
    Reserved own = pool.reservationOf(mac);
    Lease lease = own == null ? null : byAddress.get(own.address());
    return lease != null && lease.bound(now) && lease.mac() == mac ? lease : null;
  }

  @Nullable Lease at(Address address) {
    return byAddress.get(address);
  }

  /**
   * Whether a station has had an address until not longer than a lease ago, so that nobody else
   * needs to be looked for.
   */
  boolean familiar(Address address, ClientRequest request, long now) {
    Lease last = byAddress.get(address);
    return last != null
        && last.state() != State.DECLINED
        && !suspects.contains(address)
        && (last.client().equals(request.client()) || last.mac() == request.mac())
        && mayTake(request, last)
        && (last.active(now) || now - last.expiryMillis() < terms.dhcp().leaseTime().toMillis());
  }

  /** Whether a client can have an address now: it is its own, or nobody's. */
  boolean canHave(Address address, ClientRequest request, long now) {
    Reserved own = pool.reservationOf(request.mac());
    if (own != null
        && !own.address().equals(address)
        && !suspects.contains(own.address())
        && free(own.address(), request, now)) {
      return false;
    }
    return pool.permits(address, request.mac()) && free(address, request, now);
  }

  /** Whether a bound lease can be renewed: its client is to have no other address by now. */
  boolean keeps(Lease lease, long now) {
    Reserved own = pool.reservationOf(lease.mac());
    if (own != null && !own.address().equals(lease.address())) {
      Lease there = byAddress.get(own.address());
      if (!suspects.contains(own.address())
          && (there == null || !there.active(now) || there.mac() == lease.mac())) {
        return false;
      }
    }
    return pool.permits(lease.address(), lease.mac());
  }

  private boolean free(Address address, ClientRequest request, long now) {
    Lease lease = byAddress.get(address);
    if (lease == null || !lease.active(now)) {
      return true;
    }
    if (!mayTake(request, lease)) {
      return false;
    }
    if (lease.state() == State.DECLINED) {
      return lease.mac() == request.mac(); // The station that was found there is asking itself.
    }
    // A machine with a reservation has it in each stage of its boot, whatever identifier it sends.
    Reserved own = pool.reservationOf(request.mac());
    return lease.client().equals(request.client())
        || (lease.mac() == request.mac() && own != null && own.address().equals(address));
  }

  /**
   * Chooses an address in the order of RFC 2131 section 4.3.1: the client's own, the one that it
   * asks for, any. A reservation that somebody else uses is made good for by another address, until
   * the client asks anew.
   *
   * @return the address, or null if there is none
   */
  @Nullable Address choose(ClientRequest request, Address requested, long now) {
    Reserved reservation = pool.reservationOf(request.mac());
    if (reservation != null && free(reservation.address(), request, now)) {
      return reservation.address();
    }
    Lease last = of(request.client(), request.port());
    if (last != null && canHave(last.address(), request, now)) {
      return last.address();
    }
    if (!requested.isAny() && canHave(requested, request, now)) {
      return requested;
    }
    return pool.pick(request.client());
  }

  /**
   * Whether a port may have an address for a client: one that is counted for it already, a
   * reservation's, or one more within its share, from quarantine if there is no other.
   */
  boolean admits(ClientRequest request, Address address, long now) {
    if (!pool.holds(address)) {
      return true;
    }
    String port = request.port();
    Lease lease = byAddress.get(address);
    if (lease == null || !lease.active(now)) {
      return shares.mayHaveAnother(port, pool.idle());
    }
    if (lease.state() == State.DECLINED) {
      return shares.mayHaveAnother(port, pool.idle() + 1);
    }
    boolean counted = lease.client().equals(request.client()) && lease.port().equals(port);
    return counted || shares.mayHaveAnother(port, pool.idle());
  }

  /** How often holders of leases were heard so far: tells what came first. */
  long hearings() {
    return hearings;
  }

  /** Whether a lease has the holder that did not answer, and that was not heard since either. */
  boolean isVacated(Vacated one, Lease lease) {
    return one.lease().isHeldAs(lease) && heard.getOrDefault(lease.address(), 0L) <= one.probedAt();
  }

  /**
   * Whether a lease can pass to the client that asks: it is that machine's own, which is behind the
   * same port, or its holder neither answered nor was heard since. Clones behind one port are told
   * apart by their MAC addresses.
   */
  boolean mayTake(ClientRequest request, Lease lease) {
    boolean own =
        lease.isBehind(request.port())
            && (lease.state() != State.BOUND || lease.mac() == request.mac());
    return own || request.vacated().stream().anyMatch(one -> isVacated(one, lease));
  }

  /** Notes that the holder of a lease was heard behind the port of the lease. */
  void heard(Address address, Presence presence) {
    heard.put(address, ++hearings);
    Lease lease = byAddress.get(address);
    if (lease != null && lease.state() == State.BOUND && pool.holds(address)) {
      shares.heard(lease, presence);
    }
  }

  /**
   * A lease to be looked at when a client's port may have no more addresses: one that the client's
   * own machine has there by another identifier, or one that was left behind at the port.
   *
   * @param except addresses that were looked at already
   * @return a bound lease of the pool; null for none
   */
  @Nullable Lease leftBehind(ClientRequest request, Set<Address> except, long now) {
    Set<Address> own = byMac.getOrDefault(request.mac(), Set.of());
    if (own.size() <= STAGES) {
      for (Address address : own) {
        Lease lease = byAddress.get(address);
        if (lease != null
            && lease.bound(now)
            && lease.port().equals(request.port())
            && !lease.client().equals(request.client())
            && pool.holds(address)
            && !except.contains(address)) {
          return lease;
        }
      }
    }
    return boundAt(shares.leftBehind(request.port(), request.budget().presence()), except, now);
  }

  /** The same of ports that have more, as {@link PortShares#leftElsewhere} has it. */
  @Nullable Lease leftElsewhere(
      ClientRequest request, Set<Address> except, long now, long goneBefore, boolean unknown) {
    return boundAt(shares.leftElsewhere(request.port(), goneBefore, unknown), except, now);
  }

  private @Nullable Lease boundAt(@Nullable Address address, Set<Address> except, long now) {
    Lease lease = address == null || except.contains(address) ? null : byAddress.get(address);
    return lease != null && lease.bound(now) ? lease : null;
  }

  /**
   * The address that has been in quarantine for longest: to be given only when there is no other,
   * and after a look at whether it is still in use. So clients that decline everything they are
   * offered do not leave others without.
   *
   * @return the address, or null if there is none
   */
  @Nullable Address lastResort() {
    for (Address address : quarantined) {
      if (pool.permits(address, 0)) {
        return address;
      }
    }
    return null;
  }

  /** Puts a lease in place of the one that its address had, and tells the listeners. */
  void put(Lease lease) {
    Lease before = byAddress.get(lease.address());
    boolean stays =
        before != null
            && before.state() == State.BOUND
            && lease.state() == State.BOUND
            && before.port().equals(lease.port());
    forget(before, !stays);
    if (lease.state() == State.RELEASED && !pool.knows(lease.address())) {
      byAddress.remove(lease.address()); // Nobody will have it again.
      heard.remove(lease.address());
      tell(before, lease);
      return;
    }
    Lease now = lease.state() == State.BOUND ? names.claim(lease) : lease;
    byAddress.put(now.address(), now);
    index(now);
    if (now.state() == State.RELEASED) {
      pool.take(now.address());
      pool.giveBack(now.address());
    } else {
      pool.take(now.address());
      if (now.expiryMillis() != Lease.NEVER) {
        expiries.add(new Expiry(now.expiryMillis(), now.address()));
      }
    }
    if (!stays && pool.holds(now.address())) {
      shares.add(now);
    }
    if (now.state() == State.BOUND) {
      byMac.computeIfAbsent(now.mac(), mac -> new HashSet<>()).add(now.address());
    }
    if (now.state() == State.DECLINED) {
      quarantined.add(now.address());
    } else if (now.state() != State.RELEASED) {
      suspects.remove(now.address());
    }
    tell(before, now);
  }

  /** Of several leases of one client, the one that it uses counts; else the newest. */
  private void index(Lease lease) {
    switch (lease.state()) {
      case OFFERED ->
          offers.computeIfAbsent(lease.client(), any -> new HashMap<>(2)).put(lease.port(), lease);
      case BOUND -> byClient.put(lease.client(), lease);
      case RELEASED, DECLINED ->
          byClient.merge(
              lease.client(), lease, (held, later) -> held.state() == State.BOUND ? held : later);
    }
  }

  private void forget(@Nullable Lease before, boolean shared) {
    if (before == null) {
      return;
    }
    expiries.remove(new Expiry(before.expiryMillis(), before.address()));
    quarantined.remove(before.address());
    byClient.remove(before.client(), before);
    offers.computeIfPresent(
        before.client(),
        (client, ports) -> ports.remove(before.port(), before) && ports.isEmpty() ? null : ports);
    byMac.computeIfPresent(
        before.mac(),
        (mac, addresses) ->
            addresses.remove(before.address()) && addresses.isEmpty() ? null : addresses);
    names.release(before);
    if (shared && pool.holds(before.address())) {
      shares.remove(before);
    }
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

  /**
   * Ends what has run out.
   *
   * @param turns finds the turn of a port by its name: each lease ends in its port's
   */
  void expire(long now, Function<String, Turn> turns) {
    while (!expiries.isEmpty() && expiries.first().millis() <= now) {
      Lease lease = byAddress.get(expiries.first().address());
      if (lease == null) {
        expiries.pollFirst();
      } else {
        turns.apply(lease.port()).charge(() -> expire(lease));
      }
    }
  }

  private void expire(Lease lease) {
    put(lease.in(State.RELEASED, lease.expiryMillis()));
    if (lease.state() == State.DECLINED) {
      suspects.add(lease.address());
    }
  }

  /** When the next lease runs out, by the lease clock; {@link Lease#NEVER} if none. */
  long nextExpiry() {
    return expiries.isEmpty() ? Lease.NEVER : expiries.first().millis();
  }
}
