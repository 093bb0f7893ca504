package io.lanyard.nat.flow;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.base.LongPairMap;
import io.lanyard.base.Timers;
import io.lanyard.net.Address;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The flows of a network, of all protocols: found by key, held to quotas, ended when idle.
 *
 * <p>Three quotas hold: of the account (a station), of its owner (a port), and of the network. Up
 * to the network's, an owner's flows beyond its fair share are on loan: where the network's quota
 * is used up, an owner that has fewer flows than another takes a place from the one that has most,
 * if need be a flow in use. So no owner can shut out another, however many accounts it makes up.
 * Forwards are held to theirs beside the ports: what the world opens takes nothing from guests.
 *
 * <p>Thread: the network's loop only.
 */
public final class FlowTable {
  /** TCP, UDP, ICMP. */
  static final int PROTOCOLS = 3;

  private static final long IPV6 = 1L << 40;

  /**
   * Flows that make place for one: a port whose share has become smaller, since others hold more
   * now, is within it after one or two refusals. That takes half a millisecond at most, once: each
   * flow that ends had to be begun.
   */
  private static final int MOST_AT_ONCE = 64;

  private final Timers timers;
  private final FlowPlaces places;
  private final LongPairMap<Flow> flows;
  private final FlowAddresses addresses;
  private final FlowGroups guests;

  /** The flows that rely on a published port, by protocol and port. */
  private final FlowGroups published;

  private final QuotaAlarm alarm;
  private @Nullable FlowListener listener;
  private boolean closed;

  private long added;
  private long refused;
  private long evicted;
  private long idled;

  /**
   * Makes an empty table of a network that shares its heap with no other.
   *
   * @param network the network's name, for the log
   * @param timers the network's timers
   * @param quota the limits to hold
   * @param seed a random number that no guest knows
   */
  public FlowTable(String network, Timers timers, FlowQuota quota, long seed) {
    this(network, timers, quota, FlowMemory.ample().share(true), seed);
  }

  /**
   * Makes an empty table.
   *
   * @param network the network's name, for the log
   * @param timers the network's timers
   * @param quota the limits to hold
   * @param memory the network's share of the heap; the caller closes it
   * @param seed a random number that no guest knows
   */
  public FlowTable(
      String network, Timers timers, FlowQuota quota, FlowMemory.Share memory, long seed) {
    this.timers = timers;
    places = new FlowPlaces(quota, memory, this::evict);
    flows = new LongPairMap<>(seed);
    addresses = new FlowAddresses(seed);
    guests = new FlowGroups(seed);
    published = new FlowGroups(seed);
    alarm = new QuotaAlarm(network, timers.clock());
  }

  static int index(int protocol) {
    return switch (protocol) {
      case FlowKey.TCP -> 0;
      case FlowKey.UDP -> 1;
      default -> 2;
    };
  }

  /** The second half of a key: a bit for the family, protocol, guest's port, remote port. */
  static long low(boolean ipv6, int protocol, int guestPort, int remotePort) {
    return (ipv6 ? IPV6 : 0)
        | (long) (protocol & 0xff) << 32
        | (guestPort & 0xffffL) << 16
        | (remotePort & 0xffffL);
  }

  /** The first half of a key: the guest's number, then the remote one. */
  private static long high(int guest, int remote) {
    return (long) guest << 32 | (remote & 0xffff_ffffL);
  }

  /**
   * Finds a flow.
   *
   * @param key its key
   * @return the flow; null when there is none
   */
  public @Nullable Flow get(FlowKey key) {
    boolean ipv6 = !Address.isIpv4(key.guestHigh, key.guestLow);
    int guest = addresses.find(key.guestHigh, key.guestLow);
    int remote = addresses.find(key.remoteHigh, key.remoteLow);
    if (ipv6 && (guest == FlowAddresses.NONE || remote == FlowAddresses.NONE)) {
      return null;
    }
    return flows.get(high(guest, remote), low(ipv6, key.protocol, key.guestPort, key.remotePort));
  }

  /**
   * Takes a flow in, if the quotas allow it. Where one does not, a flow that makes place is ended
   * instead ({@link Flow#worth}), if there is one.
   *
   * @param flow a flow that is in no table, whose key no other flow here has
   * @param account who has to answer for it
   * @return false when there is no place; that is counted, and the flow has not been changed
   */
  public boolean add(Flow flow, FlowAccount account) {
    int protocol = flow.protocol();
    if (closed || flow.table != null || !places.makePlace(account, protocol)) {
      refused++;
      account.owner.countRefused(nanoTime());
      if (!closed) {
        alarm.refused(account, protocol, places);
      }
      return false;
    }
    flow.high =
        high(
            addresses.hold(flow.guest().high(), flow.guest().low()),
            addresses.hold(flow.remote().high(), flow.remote().low()));
    if (flows.get(flow.high, flow.low) != null) {
      release(flow);
      throw new IllegalStateException("a flow with this key is in the table");
    }
    FlowList list = account.list(index(protocol));
    list.append(flow);
    places.counted(list, index(protocol), 1);
    flow.list = list;
    flow.table = this;
    flow.createdNanos = nanoTime();
    flow.activeNanos = flow.createdNanos;
    flows.put(flow.high, flow.low, flow);
    flow.ofGuest = guests.join(flow, flow.guest().high(), flow.guest().low());
    if (flow.reliesOnPublished) {
      relies(flow);
    }
    flow.id = ++added;
    watch(flow);
    if (!account.owner.isForward()) { // else it is told once it knows the guest's port
      began(flow);
    }
    return true;
  }

  /** Notes that a flow of the table relies on a published port. */
  void relies(Flow flow) {
    if (flow.ofPublished == null) {
      flow.ofPublished = published.join(flow, flow.protocol(), flow.remotePort());
    }
  }

  /** Tells of a flow that all is known of. */
  void began(Flow flow) {
    FlowListener told = listener;
    if (told != null) {
      told.began(flow);
    }
  }

  /**
   * Tells of flows from now on.
   *
   * @param hears the one listener
   */
  public void listen(FlowListener hears) {
    listener = hears;
  }

  /**
   * The protocols whose flows are short.
   *
   * @return for each protocol whose flows were refused in the last minute, who holds most, and what
   *     to do about it
   */
  public List<String> problems() {
    return alarm.problems();
  }

  /**
   * The {@link #problems()} that name a port.
   *
   * @param port the port's flows
   * @return those of which it holds most
   */
  public List<String> problems(FlowOwner port) {
    return alarm.problems(port);
  }

  /**
   * Whether a flow could be added without ending another.
   *
   * @param account who would have to answer for it
   * @param protocol the IP protocol number
   * @return true if there is room in all quotas
   */
  public boolean hasRoom(FlowAccount account, int protocol) {
    return !closed && places.hasRoom(account, protocol);
  }

  /**
   * Takes a flow out because its engine is done with it; its place in the quotas is free at once.
   * Nothing happens if it is not in the table.
   *
   * @param flow the flow
   */
  public void remove(Flow flow) {
    FlowList list = flow.list;
    if (flow.table != this || list == null) {
      return;
    }
    FlowListener told = listener;
    if (told != null) {
      told.ended(flow);
    }
    flows.remove(flow.high, flow.low);
    leaveGroups(flow);
    release(flow);
    list.unlink(flow);
    places.counted(list, index(flow.protocol()), -1);
    Timers.Timer timer = flow.timer;
    if (timer != null) {
      timer.cancel();
    }
    flow.timer = null;
    flow.list = null;
    flow.table = null;
    flow.left();
  }

  private void leaveGroups(Flow flow) {
    FlowGroups.Place ofGuest = flow.ofGuest;
    if (ofGuest != null) {
      guests.leave(ofGuest);
      flow.ofGuest = null;
    }
    FlowGroups.Place ofPublished = flow.ofPublished;
    if (ofPublished != null) {
      published.leave(ofPublished);
      flow.ofPublished = null;
    }
  }

  private void release(Flow flow) {
    addresses.release(flow.guest().high(), flow.guest().low());
    addresses.release(flow.remote().high(), flow.remote().low());
  }

  /** Ends all flows; takes no more. */
  public void close() {
    closed = true;
    for (Flow flow : flows.values()) {
      end(flow, FlowEnd.CLOSED);
    }
  }

  /**
   * Shows each flow to an engine.
   *
   * @param action may end flows
   */
  public void forEach(Consumer<Flow> action) {
    flows.values().forEach(action);
  }

  /**
   * Ends all flows of a guest: its lease has gone to somebody else.
   *
   * @param guest the guest's address
   * @param why {@link FlowEnd#CLOSED}, or {@link FlowEnd#GONE} where the guest is not to be told
   */
  public void endGuest(Address guest, FlowEnd why) {
    for (Flow flow : ofGuest(guest)) {
      end(flow, why);
    }
  }

  /**
   * Whether a flow may go on for a packet that came in by a port; {@link #endForeign} if not.
   *
   * @param flow a flow of UDP or ICMP
   * @param port the owner of the port's flows
   * @return false if another port began the flow, which has ended now
   */
  public boolean keeps(Flow flow, FlowOwner port) {
    boolean own = flow.isOf(port);
    if (!own) {
      endForeign(flow.guest(), port);
    }
    return own;
  }

  /**
   * Ends the flows without connections, of UDP and ICMP, that another port began under a guest's
   * address. The guest's next packets begin them anew, in its own name.
   *
   * @param guest the guest's address
   * @param port the owner of the flows of the port that the guest is behind
   */
  public void endForeign(Address guest, FlowOwner port) {
    for (Flow flow : ofGuest(guest)) {
      if (flow.protocol() != FlowKey.TCP && !flow.isOf(port)) {
        end(flow, FlowEnd.GONE);
      }
    }
  }

  /**
   * The flows of a guest.
   *
   * @param guest the guest's address
   * @return a snapshot
   */
  public List<Flow> ofGuest(Address guest) {
    return guests.of(guest.high(), guest.low());
  }

  /**
   * Ends flows that rely on a published port.
   *
   * @param protocol the IP protocol number
   * @param port the port
   * @param condition asked about each
   */
  public void endReliant(int protocol, int port, Predicate<Flow> condition) {
    endIf(published.of(protocol, port), condition);
  }

  /**
   * Ends a flow, as if the network closed. Nothing happens if it is not in the table.
   *
   * @param flow the flow
   */
  public void end(Flow flow) {
    end(flow, FlowEnd.CLOSED);
  }

  /**
   * Ends the flows that a condition holds for.
   *
   * @param condition asked about each
   * @return how many there were
   */
  public int endIf(Predicate<Flow> condition) {
    return endIf(flows.values(), condition);
  }

  /**
   * Ends the flows of an owner that a condition holds for, and those of forwards that lead to it.
   * Flows of others are not looked at.
   *
   * @param owner the owner
   * @param guests the addresses behind the port
   * @param condition asked about each
   */
  public void endIf(FlowOwner owner, List<Address> guests, Predicate<Flow> condition) {
    List<Flow> among = new ArrayList<>();
    for (int i = 0; i < PROTOCOLS; i++) {
      owner.part(i).accounts.members().forEach(list -> list.addTo(among));
    }
    for (Address guest : guests) {
      for (Flow flow : ofGuest(guest)) {
        if (owner.equals(flow.target())) {
          among.add(flow);
        }
      }
    }
    endIf(among, condition);
  }

  private int endIf(List<Flow> among, Predicate<Flow> condition) {
    int ended = 0;
    for (Flow flow : among) {
      if (flow.table == this && condition.test(flow)) {
        end(flow, FlowEnd.CLOSED);
        ended++;
      }
    }
    return ended;
  }

  /**
   * Ends all flows of an owner, and those of forwards that lead to it: its port is gone.
   *
   * @param owner the owner
   * @param guests the addresses behind the port
   */
  public void endOwner(FlowOwner owner, List<Address> guests) {
    for (int i = 0; i < PROTOCOLS; i++) {
      FlowOwner.Part part = owner.part(i);
      for (FlowList list = part.accounts.largest(); list != null; list = part.accounts.largest()) {
        Flow flow = list.oldest();
        if (flow == null || flow.table != this) {
          throw new IllegalStateException("the flows of " + owner.name() + " are in another table");
        }
        end(flow, FlowEnd.GONE);
      }
    }
    for (Address guest : guests) {
      for (Flow flow : ofGuest(guest)) {
        if (owner.equals(flow.target())) {
          end(flow, FlowEnd.GONE);
        }
      }
    }
  }

  /**
   * Holds other limits from now on. Flows beyond a lowered one stay until they end, but those that
   * make place anyway: each newcomer takes the places of two, until the limit is kept.
   *
   * @param limits the limits
   */
  public void quota(FlowQuota limits) {
    places.quota(limits);
  }

  /**
   * The quotas.
   *
   * @return the limits that the table holds at present
   */
  public FlowQuota quota() {
    return places.quota();
  }

  /**
   * Ends a flow of a forward that makes place for another.
   *
   * @param flow a flow of the table
   */
  public void giveWay(Flow flow) {
    FlowAccount account = flow.account();
    if (account != null) {
      evicted++;
      account.owner.countReplaced(nanoTime());
      end(flow, FlowEnd.EVICTED);
    }
  }

  /**
   * Asks for a descriptor for a flow, before it is opened. Where the port has few left, idle flows
   * of its own make place for the next ones, of whatever protocol: their descriptors are free when
   * the loop's turn is over.
   *
   * @param descriptors the port's
   * @param owner the owner of the port's flows
   * @return whether it may be opened
   */
  public boolean takeDescriptor(DescriptorBudget.Holder descriptors, FlowOwner owner) {
    boolean granted = descriptors.take();
    for (int i = 0; i < MOST_AT_ONCE && descriptors.tight() && endIdlest(owner); i++) {
      // One more has made place.
    }
    return granted;
  }

  /** Ends the flow of an owner that has been idle for longest of those that make place. */
  boolean endIdlest(FlowOwner owner) {
    FlowList from = null;
    Flow idlest = null;
    for (int i = 0; i < PROTOCOLS; i++) {
      FlowList list = owner.part(i).accounts.largest();
      Flow victim = list == null ? null : list.victim(Flow.Worth.DISPENSABLE, nanoTime());
      if (victim != null && (idlest == null || victim.activeNanos - idlest.activeNanos < 0)) {
        from = list;
        idlest = victim;
      }
    }
    return evict(from, idlest);
  }

  /**
   * Lists the flows, in no order.
   *
   * @return a snapshot
   */
  public List<FlowRecord> list() {
    return list(flow -> true);
  }

  /**
   * Lists the flows that a condition holds for, in no order.
   *
   * @param condition asked about each
   * @return a snapshot
   */
  public List<FlowRecord> list(Predicate<Flow> condition) {
    List<FlowRecord> records = new ArrayList<>();
    for (Flow flow : flows.values()) {
      if (condition.test(flow)) {
        records.add(flow.record());
      }
    }
    return records;
  }

  /**
   * Counts the flows that a condition holds for; makes no record of any.
   *
   * @param condition asked about each
   * @return how many there are
   */
  public int count(Predicate<Flow> condition) {
    int count = 0;
    for (Flow flow : flows.values()) {
      if (condition.test(flow)) {
        count++;
      }
    }
    return count;
  }

  /**
   * How many flows there are.
   *
   * @return flows of all protocols
   */
  public int size() {
    return flows.size();
  }

  /**
   * How many flows of a protocol there are.
   *
   * @param protocol the IP protocol number
   * @return flows
   */
  public int size(int protocol) {
    return places.count(index(protocol));
  }

  /**
   * Flows that were taken in.
   *
   * @return flows since the table was made
   */
  public long added() {
    return added;
  }

  /**
   * Flows that found no place.
   *
   * @return flows since the table was made
   */
  public long refused() {
    return refused;
  }

  /**
   * Flows that were ended to make place for others.
   *
   * @return flows since the table was made
   */
  public long evicted() {
    return evicted;
  }

  /**
   * Flows that were ended because they were idle.
   *
   * @return flows since the table was made
   */
  public long idled() {
    return idled;
  }

  long nanoTime() {
    return timers.clock().nanoTime();
  }

  /** Arms the timer of a flow for the rest of its idle time. */
  void watch(Flow flow) {
    Timers.Timer timer = flow.timer;
    if (flow.idleTimeout() == 0) {
      if (timer != null) {
        timer.cancel();
      }
      return;
    }
    if (timer == null) {
      timer = timers.create(() -> flow.charge(() -> check(flow)));
      flow.timer = timer;
    }
    timer.arm(Math.max(1, flow.activeNanos + flow.idleTimeout() - nanoTime()));
  }

  private void check(Flow flow) {
    if (flow.table != this || flow.idleTimeout() == 0) {
      return;
    }
    if (nanoTime() - flow.activeNanos >= flow.idleTimeout()) {
      idled++;
      end(flow, FlowEnd.IDLE);
    } else {
      watch(flow);
    }
  }

  private boolean evict(@Nullable FlowList from, Flow.Worth most) {
    return evict(from, from == null ? null : from.victim(most, nanoTime()));
  }

  private boolean evict(@Nullable FlowList from, @Nullable Flow victim) {
    if (from == null || victim == null) {
      return false;
    }
    evicted++;
    if (victim.worth() == Flow.Worth.DISPENSABLE) {
      from.account.owner.countReplaced(nanoTime());
    } else {
      from.account.owner.countLost(nanoTime());
    }
    end(victim, FlowEnd.EVICTED);
    return true;
  }

  private void end(Flow flow, FlowEnd why) {
    if (flow.table == this) {
      remove(flow);
      flow.ended(why);
    }
  }
}
