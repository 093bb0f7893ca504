package io.lanyard.dhcp;

import io.lanyard.nat.station.Presence;
import io.lanyard.net.Address;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Each port's share of the pool, so that none can take it all: a guest can invent any number of
 * clients, but it has one port.
 *
 * <pre>
 *   free addresses    who may have another
 *   none              nobody
 *   a sixteenth       a port that has none
 *   an eighth         also a port that has few
 *   a quarter         also a port that has less than its fair share of the pool
 *   more              every port below its limit
 * </pre>
 *
 * <p>Two ports that take all they may leave an eighth of the pool. If that were for ports without
 * an address alone, the others' second machines would have to wait for leases to end.
 *
 * <p>Of offers, which cost a client nothing, a port has an eighth of the pool at most; the next one
 * takes the place of its oldest. Where a port may have no other address, it takes the place of an
 * offer of the port that has most, if that has more. Of addresses that are out of the pool because
 * somebody answers for them, one port can have caused four, and all ports together a quarter of the
 * pool.
 *
 * <p>An entry exists as long as the port has something, so the table is never larger than the pool.
 *
 * <p>Thread: the network's loop only.
 */
final class PortShares {
  /** Offers that a port may have in the smallest pool: a few machines that start together. */
  private static final int LEAST_OFFERS = 8;

  /** Addresses of a port with a few machines. */
  private static final int FEW = 4;

  /** More hosts with addresses of their own in the pool than one port honestly has. */
  private static final int MOST_QUARANTINED = 4;

  private static final class Share {
    int quarantined;
    final LinkedHashSet<Address> offers = new LinkedHashSet<>();
    final PortLeases bound = new PortLeases();

    int leases() {
      return offers.size() + bound.size();
    }
  }

  private final int limit;
  private final int size;
  private final Map<String, Share> shares = new HashMap<>();
  private int holders;
  private int quarantined;

  /**
   * Makes an empty account.
   *
   * @param limit the most addresses of one port
   * @param size the pool's addresses
   */
  PortShares(int limit, int size) {
    this.limit = limit;
    this.size = size;
  }

  /** Addresses of the pool that a port's clients have or are offered. */
  int leases(String port) {
    Share share = shares.get(port);
    return share == null ? 0 : share.leases();
  }

  /** Whether a port may have one more address, when so many are free. */
  boolean mayHaveAnother(String port, int free) {
    int has = leases(port);
    if (has == 0) {
      return free > 0;
    }
    return has < limit && free > reserve(has);
  }

  /** The free addresses that are kept for others when a port has some already. */
  private int reserve(int has) {
    boolean less = (long) (has + 1) * holders <= size;
    if (!less) {
      return size / 4;
    }
    return size > 1 ? Math.max(1, size / (has < FEW ? 16 : 8)) : 0;
  }

  /**
   * The port whose offers give way to another port that may have no address more: the one that has
   * most, if it has more than the other would have then.
   *
   * @return the port's name; null for none
   */
  @Nullable String giving(String to) {
    int most = leases(to);
    if (most >= limit) {
      return null;
    }
    most++;
    String giving = null;
    for (Map.Entry<String, Share> one : shares.entrySet()) {
      Share share = one.getValue();
      if (share.leases() > most && !share.offers.isEmpty()) {
        most = share.leases();
        giving = one.getKey();
      }
    }
    return giving;
  }

  /** The port that has most addresses, if these are more than a fair share; null otherwise. */
  @Nullable String greediest() {
    int most = Math.max(1, size / Math.max(1, holders));
    String port = null;
    for (Map.Entry<String, Share> one : shares.entrySet()) {
      if (one.getValue().leases() > most) {
        most = one.getValue().leases();
        port = one.getKey();
      }
    }
    return port;
  }

  /** Notes that the holder of a lease was heard behind its port. */
  void heard(Lease lease, Presence presence) {
    Share share = shares.get(lease.port());
    if (share != null) {
      share.bound.heard(lease.address(), presence);
    }
  }

  /** Takes over from a former account whose leases were heard. */
  void inherit(PortShares former) {
    former.shares.forEach((port, theirs) -> {
      Share share = shares.get(port);
      if (share != null) {
        share.bound.inherit(theirs.bound);
      }
    });
  }

  /**
   * A lease that was left behind at a port.
   *
   * @param presence the port's, which has a link
   * @return the address of the one that was left longest ago; null for none
   */
  @Nullable Address leftBehind(String port, Presence presence) {
    Share share = shares.get(port);
    return share == null ? null : share.bound.leftBehind(presence);
  }

  /**
   * A lease that was left behind at another port than one, which has more than that one would have
   * then: at the port that has most.
   *
   * @param to the one port
   * @param goneBefore when a port without a link must have lost it at the latest, by the clock's
   *     {@code nanoTime}; those that have it still count in any case
   * @param unknown whether ports count of which nobody was heard since the daemon's start
   * @return the address of the one that was left longest ago; null for none
   */
  @Nullable Address leftElsewhere(String to, long goneBefore, boolean unknown) {
    int most = leases(to) + 1;
    Address found = null;
    for (Map.Entry<String, Share> one : shares.entrySet()) {
      Share share = one.getValue();
      if (share.leases() > most && !one.getKey().equals(to)) {
        Presence last = share.bound.presence();
        boolean counts =
            last == null ? unknown : !last.ended() || last.endNanos() - goneBefore <= 0;
        Address left =
            counts ? share.bound.leftBehind(last == null || last.ended() ? null : last) : null;
        if (left != null) {
          most = share.leases();
          found = left;
        }
      }
    }
    return found;
  }

  /** Whether a port has more offers than it may. */
  boolean hasSurplusOffers(String port) {
    return offers(port).size() > Math.max(LEAST_OFFERS, size / 8);
  }

  /** A port's offers, the oldest first. */
  Set<Address> offers(String port) {
    Share share = shares.get(port);
    return share == null ? Set.of() : share.offers;
  }

  /** Whether a port may take one more address out of the pool by saying that it is in use. */
  boolean mayQuarantine(String port) {
    return trusts(port) && quarantined < Math.max(1, size / 4);
  }

  /** Whether a port has not yet answered for more addresses than it honestly can. */
  boolean trusts(String port) {
    Share share = shares.get(port);
    return share == null || share.quarantined < Math.clamp(size / 16, 1, MOST_QUARANTINED);
  }

  /** Counts a lease of an address of the pool. */
  void add(Lease lease) {
    Share share = shares.computeIfAbsent(lease.port(), port -> new Share());
    boolean had = share.leases() > 0;
    switch (lease.state()) {
      case OFFERED -> share.offers.add(lease.address());
      case BOUND -> share.bound.add(lease.address());
      case DECLINED -> {
        share.quarantined++;
        quarantined++;
      }
      case RELEASED -> {}
    }
    changed(lease.port(), share, had);
  }

  /** Takes back what {@link #add} has counted. */
  void remove(Lease lease) {
    Share share = shares.get(lease.port());
    if (share == null) {
      return;
    }
    boolean had = share.leases() > 0;
    switch (lease.state()) {
      case OFFERED -> share.offers.remove(lease.address());
      case BOUND -> share.bound.remove(lease.address());
      case DECLINED -> {
        share.quarantined--;
        quarantined--;
      }
      case RELEASED -> {}
    }
    changed(lease.port(), share, had);
  }

  private void changed(String port, Share share, boolean had) {
    boolean has = share.leases() > 0;
    if (had != has) {
      holders += has ? 1 : -1;
    }
    if (!has && share.quarantined == 0) {
      shares.remove(port);
    }
  }
}
