package io.lanyard.nat.station;

import io.lanyard.base.Counters;
import io.lanyard.base.LongPairMap;
import io.lanyard.base.Timers;
import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The neighbour cache of both families: which station has an address (RFC 826, RFC 1122 section
 * 2.3.2; RFC 4861 section 5 has the same states). How a station is asked is the {@link Wire}'s
 * business.
 *
 * <p>An entry is made by a packet for an unknown address, which is asked for once per second, three
 * times (RFC 1122 section 2.3.2.1 wants at most one request per second), while a few packets wait;
 * or by what a station sends to the gateway. Every {@link #PERIOD_NANOS} an entry is looked at: if
 * the station was heard, it stays; if it was only sent to, it is asked again, at its own address,
 * and forgotten if it does not answer; if neither, it is forgotten in the end.
 *
 * <p>An address belongs to a port. When a station behind another port sends from a reachable
 * address, or announces it, the packet is dropped and the holder is asked, three times within a
 * second: an address moves when its holder answers no more. So a guest that was moved to another
 * port goes on after that second, and nobody speaks for a guest that is there. Between the stations
 * of one port an address moves at once, as on a wire.
 *
 * <p>The table is bounded and its places are shared by port: when it is full, the port with the
 * most entries gives one up. An entry is small and is made anew by the next packet, so that nobody
 * loses more than a moment by that.
 *
 * <p>Thread: the network's loop only.
 */
public final class Neighbours {
  /** RFC 1122 section 2.3.2.1 speaks of a timeout on the order of a minute. */
  static final long PERIOD_NANOS = 60_000_000_000L;

  static final long RETRY_NANOS = 1_000_000_000L;
  static final int TRIES = 3;

  /** A virtual switch loses nothing; three times this is less than a TCP peer waits (RFC 6298). */
  static final long CONTEST_NANOS = 300_000_000L;

  /** A holder that has answered is not asked again for so long. */
  static final long SETTLED_NANOS = 1_000_000_000L;

  /** Ten minutes of silence both ways. */
  private static final int IDLE_PERIODS = 10;

  /** A full table looks at so many of a port's oldest entries for one that nobody uses. */
  private static final int CANDIDATES = 16;

  /** A packet up to this size may always wait: 32 MiB where all of a full table do. */
  private static final int SMALL = 2048;

  /**
   * Bytes of larger packets that wait in all. A guest that makes up addresses and is silent then
   * could have a gibibyte of them kept; and a sender repeats what matters. A port may have more as
   * long as it has less than what is free, as waiting questions do.
   */
  static final int MOST_WAITING = 1 << 20;

  /** More than a host needs: a station that makes up addresses is not gone through. */
  private static final int MOST_LISTED = 64;

  /** The way to the network: what the cache needs sent. */
  public interface Wire {
    /**
     * Asks who has an address: the station that had it, or everybody.
     *
     * @param neighbour the entry; its MAC address is 0 if nobody has answered for it yet
     */
    void ask(Neighbour neighbour);

    /**
     * Hears behind which port an address is, if it was behind another one or not known.
     *
     * @param neighbour the entry, which says where it is now
     * @return whether what waits for it may be sent there
     */
    boolean located(Neighbour neighbour);

    /**
     * Sends a packet that has waited.
     *
     * @param packet lent; the cache keeps the reference
     * @param neighbour where it goes
     */
    void send(ByteBuf packet, Neighbour neighbour);

    /**
     * Hears that nobody has answered: what waited for the address has been dropped.
     *
     * @param neighbour the entry, in the table no more
     */
    void unanswered(Neighbour neighbour);
  }

  private final Timers timers;
  private final Wire wire;
  private final Counters<StationCount> counters;
  private final Consumer<PortBudget> crowded;
  private final Places.Ranked<Neighbour> byNeighbours = new Places.Ranked<>();
  private final PortBudget unlocated;
  private final IntSupplier limit;
  private final IntConsumer changed;
  private final LongPairMap<Neighbour> entries;

  /** Those that have a MAC address, by it: in the order in which they got it. */
  private final Map<Long, Set<Neighbour>> byMac = new HashMap<>();

  /** Bytes of the packets that wait and are not small. */
  private int waiting;

  private AddressGuard guard = AddressGuard.NONE;

  /**
   * Makes an empty cache.
   *
   * @param unlocated the budget of addresses that nobody has answered for yet
   * @param crowded hears of the port that gives up a neighbour because there are too many
   * @param limit the most entries
   * @param changed hears of entries that were made, or forgotten
   */
  Neighbours(
      Timers timers,
      Wire wire,
      Counters<StationCount> counters,
      PortBudget unlocated,
      Consumer<PortBudget> crowded,
      IntSupplier limit,
      IntConsumer changed,
      long seed) {
    this.timers = timers;
    this.wire = wire;
    this.counters = counters;
    this.unlocated = unlocated;
    this.crowded = crowded;
    this.limit = limit;
    this.changed = changed;
    entries = new LongPairMap<>(seed);
  }

  /**
   * Sets the judge of claims.
   *
   * @param owners knows whose an address is
   */
  public void guard(AddressGuard owners) {
    guard = owners;
  }

  /**
   * Finds an entry.
   *
   * @param address an address of the network
   * @return the entry; null when there is none
   */
  public @Nullable Neighbour get(Address address) {
    return entries.get(address.high(), address.low());
  }

  /**
   * Finds an entry, or makes one that nobody has answered for.
   *
   * @param address an address of the network that may be a guest's
   * @return the entry
   */
  public Neighbour at(Address address) {
    Neighbour known = get(address);
    return known == null ? make(address, unlocated) : known;
  }

  /**
   * Learns from a packet that a station sent to the gateway: confirms the entry of its source
   * address, or makes one. Does not move a known address to another MAC address of the same port:
   * only {@link #announced} does.
   *
   * @param station who sent the packet
   * @param high the upper long of the source address, which may be a guest's
   * @param low the lower long of the source address
   * @return the entry of the address, whichever station of the port has it; null if the address is
   *     another port's, so that the packet has to be dropped
   */
  public @Nullable Neighbour heard(Station station, long high, long low) {
    Neighbour latest = station.latest;
    if (latest != null
        && latest.is(high, low)
        && latest.isHeldBy(station)
        && latest.state == Neighbour.State.REACHABLE) {
      latest.heard = true;
      return latest;
    }
    return heardAnew(station, high, low);
  }

  private @Nullable Neighbour heardAnew(Station station, long high, long low) {
    Neighbour neighbour = entries.get(high, low);
    if (neighbour == null || !neighbour.resolved()) {
      Address address = neighbour == null ? new Address(high, low) : neighbour.address();
      if (!guard.permits(address, station)) {
        station.budget().count(Offence.ADDRESSES);
        return null; // and nothing is kept of an address that only a stranger has used
      }
      if (neighbour == null) {
        neighbour = make(address, unlocated);
      }
      if (station.mac() != 0) {
        resolve(neighbour, station);
      }
    } else if (neighbour.isHeldBy(station)) {
      resolve(neighbour, station);
    } else if (isElsewhere(neighbour, station) && !takesOver(neighbour, station)) {
      station.budget().count(Offence.ADDRESSES);
      return null;
    }
    if (neighbour.isHeldBy(station)) {
      station.latest = neighbour;
    }
    return neighbour;
  }

  /**
   * Learns from ARP or neighbour discovery, which may move an address to another station.
   *
   * <p>From another port it moves once its holder there is silent.
   *
   * @param station the station that says it has the address
   * @param high the upper long of the address, which may be a guest's
   * @param low the lower long of the address
   * @param forUs whether the packet was for the gateway; if not, nothing is learnt of an address
   *     that is not known
   */
  public void announced(Station station, long high, long low, boolean forUs) {
    Neighbour neighbour = entries.get(high, low);
    if (neighbour == null) {
      if (forUs) {
        learn(null, new Address(high, low), station);
      }
    } else if (neighbour.resolved() && neighbour.isHeldBy(station)) {
      resolve(neighbour, station);
    } else if (!neighbour.resolved() || !isElsewhere(neighbour, station)) {
      learn(neighbour, neighbour.address(), station);
    } else if (!takesOver(neighbour, station)) {
      refused(station);
    }
  }

  /** Learns of an address that nobody has, perhaps without an entry, or another of its port. */
  private void learn(@Nullable Neighbour known, Address address, Station station) {
    if (station.mac() == 0) {
      return;
    }
    if (!guard.permits(address, station)) {
      refused(station);
      return;
    }
    if (known != null && known.resolved()) {
      counters.count(StationCount.NEIGHBOUR_MOVED);
    }
    resolve(known == null ? make(address, unlocated) : known, station);
  }

  @SuppressWarnings("ReferenceEquality") // a port has one budget
  private static boolean isElsewhere(Neighbour neighbour, Station station) {
    return neighbour.budget != station.budget();
  }

  /**
   * Gives an address to a station behind another port than its holder if it is the station's by
   * other means than use. If it may be, the holder is asked whether it is still there.
   *
   * @return whether the station has the address now
   */
  private boolean takesOver(Neighbour neighbour, Station station) {
    Station holder = neighbour.station;
    if (station.mac() == 0 || !guard.permits(neighbour.address(), station)) {
      return false;
    }
    if (holder == null || !guard.permits(neighbour.address(), holder)) {
      move(neighbour, station);
      return true;
    }
    if (neighbour.contested()) {
      neighbour.rival = station;
    } else if (timers.clock().nanoTime() - neighbour.settledNanos >= 0) {
      neighbour.state = Neighbour.State.CONTESTED;
      neighbour.settledNanos = timers.clock().nanoTime() + SETTLED_NANOS;
      neighbour.rival = station;
      neighbour.asked = 0;
      ask(neighbour);
    }
    return false;
  }

  private void move(Neighbour neighbour, Station station) {
    counters.count(StationCount.NEIGHBOUR_MOVED);
    resolve(neighbour, station);
  }

  /**
   * Counts a claim that is not believed.
   *
   * @param station who has made it
   */
  public void refused(Station station) {
    counters.count(StationCount.CLAIM_REFUSED);
    station.budget().countClaimRefused();
  }

  /**
   * Whether a packet can go to a neighbour at once, which counts as a use of it.
   *
   * @param neighbour the entry
   * @return true if {@link Neighbour#mac} is where it is
   */
  public boolean reachable(Neighbour neighbour) {
    if (neighbour.resolved()) {
      neighbour.used = true;
      return true;
    }
    return false;
  }

  /**
   * The entry that now stands for the address of another, which may have been forgotten.
   *
   * @param neighbour an entry, in the table or not
   * @return the entry that is in the table
   */
  public Neighbour present(Neighbour neighbour) {
    return neighbour.state == Neighbour.State.FORGOTTEN ? at(neighbour.address()) : neighbour;
  }

  /**
   * Keeps a packet for a neighbour that is not reachable, and asks for it.
   *
   * @param neighbour an entry of the table
   * @param owner the port that the address was behind last, as far as the sender knows: a large
   *     packet takes of its part
   * @param packet released in any case, now or later
   */
  public void await(Neighbour neighbour, PortBudget owner, ByteBuf packet) {
    if (neighbour.asked == 0) {
      ask(neighbour);
    }
    int size = large(packet);
    boolean fits = size == 0 || owner.waiting + size <= MOST_WAITING - waiting;
    if (fits && neighbour.enqueue(packet, owner)) {
      waiting += size;
      owner.waiting += size;
    } else {
      counters.count(StationCount.NEIGHBOUR_QUEUE_DROPPED);
      packet.release();
    }
  }

  private static int large(ByteBuf packet) {
    int size = packet.readableBytes();
    return size > SMALL ? size : 0;
  }

  /** The next packet that waits for a neighbour, now the caller's; null when there is none. */
  private @Nullable ByteBuf next(Neighbour neighbour) {
    PortBudget owner = neighbour.nextOwner();
    ByteBuf packet = neighbour.dequeue();
    if (packet != null && owner != null) {
      int size = large(packet);
      waiting -= size;
      owner.waiting -= size;
    }
    return packet;
  }

  private Neighbour make(Address address, PortBudget budget) {
    int most = limit.getAsInt();
    if (entries.size() >= most) {
      if (entries.size() > most) {
        makePlace(budget); // the network's part has become smaller
      }
      makePlace(budget);
    }
    Neighbour neighbour = new Neighbour(this, address, budget);
    neighbour.settledNanos = timers.clock().nanoTime();
    neighbour.timer =
        timers.create(() -> neighbour.worker().turn().charge(() -> expire(neighbour)));
    entries.put(address.high(), address.low(), neighbour);
    changed.accept(1);
    byNeighbours.add(budget.neighbours, neighbour);
    arm(neighbour, PERIOD_NANOS);
    return neighbour;
  }

  /** Takes a place from the port that has most. Rare: only when somebody makes up addresses. */
  private void makePlace(PortBudget asking) {
    PortBudget most = byNeighbours.most(asking.neighbours);
    crowded.accept(most);
    Neighbour victim = most.neighbours.oldest();
    for (int i = 0; i < CANDIDATES && victim != null && inUse(victim); i++) {
      most.neighbours.renew(victim);
      victim = most.neighbours.oldest();
    }
    if (victim != null) {
      counters.count(StationCount.NEIGHBOUR_EVICTED);
      most.countNeighbourEvicted();
      forget(victim);
    }
  }

  private static boolean inUse(Neighbour neighbour) {
    return neighbour.used || neighbour.heard || neighbour.queued() > 0;
  }

  private void resolve(Neighbour neighbour, Station station) {
    boolean known = neighbour.state == Neighbour.State.REACHABLE;
    place(neighbour, station.mac());
    neighbour.station = station;
    neighbour.rival = null;
    neighbour.state = Neighbour.State.REACHABLE;
    neighbour.asked = 0;
    neighbour.heard = true;
    boolean elsewhere = !neighbour.budget.equals(station.budget());
    if (elsewhere) {
      byNeighbours.remove(neighbour.budget.neighbours, neighbour);
      neighbour.budget = station.budget();
      byNeighbours.add(neighbour.budget.neighbours, neighbour);
    }
    if (!known) {
      arm(neighbour, PERIOD_NANOS);
    }
    if (elsewhere && !wire.located(neighbour)) {
      dropQueue(neighbour);
    }
    for (ByteBuf packet = next(neighbour); packet != null; packet = next(neighbour)) {
      try {
        wire.send(packet, neighbour);
      } finally {
        packet.release();
      }
    }
  }

  /** Gives an entry a MAC address, which is not 0. */
  private void place(Neighbour neighbour, long mac) {
    if (neighbour.mac != mac) {
      displace(neighbour);
      neighbour.mac = mac;
      boolean _ = byMac.computeIfAbsent(mac, _ -> new LinkedHashSet<>()).add(neighbour);
    }
  }

  private void displace(Neighbour neighbour) {
    byMac.computeIfPresent(
        neighbour.mac,
        (_, all) -> {
          boolean _ = all.remove(neighbour);
          return all.isEmpty() ? null : all;
        });
  }

  private void ask(Neighbour neighbour) {
    neighbour.asked++;
    arm(neighbour, neighbour.contested() ? CONTEST_NANOS : RETRY_NANOS);
    wire.ask(neighbour);
  }

  private void expire(Neighbour neighbour) {
    if (neighbour.contested()) {
      if (neighbour.asked < TRIES) {
        ask(neighbour);
      } else {
        giveUp(neighbour);
      }
      return;
    }
    if (neighbour.state != Neighbour.State.REACHABLE) {
      if (neighbour.asked == 0) {
        forget(neighbour); // nothing was ever sent to it
      } else if (neighbour.asked < TRIES) {
        ask(neighbour);
      } else {
        counters.count(StationCount.NEIGHBOUR_FAILED);
        forget(neighbour);
        wire.unanswered(neighbour);
      }
      return;
    }
    boolean heard = neighbour.heard;
    boolean used = neighbour.used;
    neighbour.heard = false;
    neighbour.used = false;
    neighbour.idlePeriods = heard || used ? 0 : neighbour.idlePeriods + 1;
    if (neighbour.idlePeriods >= IDLE_PERIODS) {
      forget(neighbour);
    } else if (used && !heard) {
      neighbour.state = Neighbour.State.PROBING;
      ask(neighbour);
    } else {
      arm(neighbour, PERIOD_NANOS);
    }
  }

  /** The holder of a contested address has not answered. */
  private void giveUp(Neighbour neighbour) {
    Station rival = neighbour.rival;
    if (rival == null || rival.released() || !guard.permits(neighbour.address(), rival)) {
      forget(neighbour); // the next packet from the address says whose it is
    } else {
      move(neighbour, rival);
    }
  }

  private static void arm(Neighbour neighbour, long nanos) {
    Timers.Timer timer = neighbour.timer;
    if (timer != null) {
      timer.arm(nanos);
    }
  }

  /**
   * Forgets an entry and drops what waited for it. Nothing happens if it is forgotten already.
   *
   * @param neighbour the entry
   */
  public void forget(Neighbour neighbour) {
    if (neighbour.state == Neighbour.State.FORGOTTEN) {
      return;
    }
    entries.remove(neighbour.address().high(), neighbour.address().low());
    changed.accept(-1);
    byNeighbours.remove(neighbour.budget.neighbours, neighbour);
    displace(neighbour);
    neighbour.state = Neighbour.State.FORGOTTEN;
    Timers.Timer timer = neighbour.timer;
    if (timer != null) {
      timer.cancel();
    }
    neighbour.timer = null;
    neighbour.station = null;
    neighbour.rival = null;
    dropQueue(neighbour);
  }

  private void dropQueue(Neighbour neighbour) {
    for (ByteBuf packet = next(neighbour); packet != null; packet = next(neighbour)) {
      counters.count(StationCount.NEIGHBOUR_QUEUE_DROPPED);
      packet.release();
    }
  }

  /** Forgets what is behind a port that is gone. */
  void release(PortBudget budget) {
    Places<Neighbour> left = budget.neighbours;
    for (Neighbour next = left.oldest(); next != null; next = left.oldest()) {
      forget(next);
    }
  }

  /**
   * The number of entries.
   *
   * @return entries, resolved or not
   */
  public int size() {
    return entries.size();
  }

  /**
   * Lists the entries, in no order.
   *
   * @return a snapshot
   */
  public List<Neighbour> list() {
    return entries.values();
  }

  /**
   * Lists the entries of a station, the one that it has had longest first.
   *
   * @param station the station
   * @return a snapshot of {@value #MOST_LISTED} at most
   */
  public List<Neighbour> of(Station station) {
    List<Neighbour> own = new ArrayList<>(of(station.mac()));
    own.removeIf(each -> !station.equals(each.station));
    return own;
  }

  /**
   * Lists the entries with a MAC address, the one that has had it longest first. No other entry is
   * looked at.
   *
   * @param mac the address in the low 48 bits, not 0
   * @return a snapshot of {@value #MOST_LISTED} at most
   */
  public List<Neighbour> of(long mac) {
    Set<Neighbour> all = byMac.get(mac);
    return all == null ? List.of() : all.stream().limit(MOST_LISTED).toList();
  }

  /** Forgets everything. */
  void close() {
    list().forEach(this::forget);
  }
}
