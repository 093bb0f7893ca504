package io.lanyard.nat.flow;

import io.lanyard.base.Timers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The flows of a network, of all protocols: found by key, held to quotas, ended when idle.
 *
 * <p>Open addressing with linear probing; a removal shifts the cluster back, so that there are no
 * tombstones. The hash is seeded, so that a guest cannot choose ports and addresses that collide.
 *
 * <p>Thread: the network's loop only.
 */
public final class FlowTable {
  private static final int INITIAL_SLOTS = 256;

  private final Timers timers;
  private final FlowQuota quota;
  private final long seed;
  private final Map<Long, GuestFlows> guests = new HashMap<>();
  private final int[] totals = new int[256];

  // Two longs of key and a flow for each slot; a slot is free when its flow is null.
  private long[] keys = new long[2 * INITIAL_SLOTS];
  private @Nullable Flow[] slots = new @Nullable Flow[INITIAL_SLOTS];
  private int size;
  private boolean closed;

  private long added;
  private long refused;
  private long evicted;
  private long idled;

  /**
   * Makes an empty table.
   *
   * @param timers the network's timers
   * @param quota the limits to hold
   * @param seed a random number that no guest knows
   */
  public FlowTable(Timers timers, FlowQuota quota, long seed) {
    this.timers = timers;
    this.quota = quota;
    this.seed = seed;
  }

  /**
   * Finds a flow.
   *
   * @param high the first half of its key
   * @param low the second half of its key
   * @return the flow; null when there is none
   */
  public @Nullable Flow get(long high, long low) {
    long[] k = keys;
    @Nullable Flow[] s = slots;
    int mask = s.length - 1;
    for (int i = hash(high, low) & mask; ; i = (i + 1) & mask) {
      Flow flow = s[i];
      if (flow == null) {
        return null;
      }
      if (k[2 * i] == high && k[2 * i + 1] == low) {
        return flow;
      }
    }
  }

  /**
   * Takes a flow in, if the quotas allow it. When they do not, and the oldest idle flows of the
   * same guest and protocol may be evicted ({@link Flow#evictable}), one of them is ended instead.
   *
   * @param flow a flow that is in no table, whose key no other flow here has
   * @return false when there is no place; that is counted, and the flow has not been changed
   */
  public boolean add(Flow flow) {
    if (closed || flow.table != null) {
      refused++;
      return false;
    }
    int protocol = flow.protocol();
    long ownerKey = GuestFlows.key(flow.guestAddress(), protocol);
    GuestFlows owner = guests.get(ownerKey);
    int held = owner == null ? 0 : owner.count;
    if (held >= quota.perGuest(protocol)) {
      if (owner == null || !evict(owner)) {
        refused++;
        return false;
      }
    } else if (totals[protocol] >= quota.total(protocol)) {
      GuestFlows largest = largest(protocol);
      if (largest == null || !evict(largest)) {
        refused++;
        return false;
      }
    }
    if (get(flow.high, flow.low) != null) {
      throw new IllegalStateException("a flow with this key is in the table");
    }
    owner = guests.computeIfAbsent(ownerKey, GuestFlows::new);
    owner.append(flow);
    totals[protocol]++;
    flow.owner = owner;
    flow.table = this;
    flow.createdNanos = nanoTime();
    flow.activeNanos = flow.createdNanos;
    insert(flow);
    added++;
    watch(flow);
    return true;
  }

  /**
   * Says whether a flow could be added without ending another.
   *
   * @param guestAddress the guest's IPv4 address
   * @param protocol the IP protocol number
   * @return whether there is room in both quotas
   */
  public boolean hasRoom(int guestAddress, int protocol) {
    return !closed
        && size(guestAddress, protocol) < quota.perGuest(protocol)
        && totals[protocol & 0xff] < quota.total(protocol);
  }

  /**
   * Takes a flow out because its engine is done with it; its place in the quotas is free at once.
   * Nothing happens if it is not in the table.
   *
   * @param flow the flow
   */
  public void remove(Flow flow) {
    if (flow.table != this) {
      return;
    }
    delete(flow);
    GuestFlows owner = flow.owner;
    if (owner != null) {
      owner.unlink(flow);
      if (owner.count == 0) {
        guests.remove(owner.key);
      }
    }
    totals[flow.protocol()]--;
    Timers.Timer timer = flow.timer;
    if (timer != null) {
      timer.cancel();
    }
    flow.timer = null;
    flow.owner = null;
    flow.table = null;
    flow.left();
  }

  /** Ends all flows; takes no more. */
  public void close() {
    closed = true;
    for (Flow flow : snapshot()) {
      end(flow, FlowEnd.CLOSED);
    }
  }

  /**
   * Ends all flows of a guest: its lease has gone to somebody else.
   *
   * @param guestAddress the guest's IPv4 address
   */
  public void endGuest(int guestAddress) {
    for (Flow flow : snapshot()) {
      if (flow.guestAddress() == guestAddress) {
        end(flow, FlowEnd.CLOSED);
      }
    }
  }

  /**
   * Lists the flows, in no order.
   *
   * @return a snapshot
   */
  public List<FlowRecord> list() {
    long now = nanoTime();
    List<FlowRecord> records = new ArrayList<>(size);
    for (Flow flow : snapshot()) {
      records.add(flow.record(now));
    }
    return records;
  }

  /**
   * How many flows there are.
   *
   * @return flows of all protocols
   */
  public int size() {
    return size;
  }

  /**
   * How many flows of a protocol there are.
   *
   * @param protocol the IP protocol number
   * @return flows
   */
  public int size(int protocol) {
    return totals[protocol & 0xff];
  }

  /**
   * How many flows of a guest there are.
   *
   * @param guestAddress the guest's IPv4 address
   * @param protocol the IP protocol number
   * @return flows
   */
  public int size(int guestAddress, int protocol) {
    GuestFlows owner = guests.get(GuestFlows.key(guestAddress, protocol));
    return owner == null ? 0 : owner.count;
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
      timer = timers.create(() -> check(flow));
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

  private boolean evict(GuestFlows from) {
    Flow victim = from.victim();
    if (victim == null) {
      return false;
    }
    evicted++;
    end(victim, FlowEnd.EVICTED);
    return true;
  }

  private void end(Flow flow, FlowEnd why) {
    if (flow.table == this) {
      remove(flow);
      flow.ended(why);
    }
  }

  private @Nullable GuestFlows largest(int protocol) {
    GuestFlows largest = null;
    for (GuestFlows guest : guests.values()) {
      if ((guest.key & 0xff) == protocol && (largest == null || guest.count > largest.count)) {
        largest = guest;
      }
    }
    return largest;
  }

  private List<Flow> snapshot() {
    List<Flow> all = new ArrayList<>(size);
    for (Flow flow : slots) {
      if (flow != null) {
        all.add(flow);
      }
    }
    return all;
  }

  private void insert(Flow flow) {
    if (2 * (size + 1) > slots.length) {
      grow();
    }
    place(flow);
    size++;
  }

  private void place(Flow flow) {
    int mask = slots.length - 1;
    int i = hash(flow.high, flow.low) & mask;
    while (slots[i] != null) {
      i = (i + 1) & mask;
    }
    keys[2 * i] = flow.high;
    keys[2 * i + 1] = flow.low;
    slots[i] = flow;
  }

  private void grow() {
    @Nullable Flow[] old = slots;
    slots = new @Nullable Flow[2 * old.length];
    keys = new long[2 * slots.length];
    for (Flow flow : old) {
      if (flow != null) {
        place(flow);
      }
    }
  }

  private void delete(Flow flow) {
    int mask = slots.length - 1;
    int hole = hash(flow.high, flow.low) & mask;
    while (keys[2 * hole] != flow.high || keys[2 * hole + 1] != flow.low) {
      hole = (hole + 1) & mask;
    }
    // Knuth 6.4, algorithm R: whatever may move towards its home does.
    for (int i = (hole + 1) & mask; ; i = (i + 1) & mask) {
      Flow next = slots[i];
      if (next == null) {
        break;
      }
      int home = hash(next.high, next.low) & mask;
      if (((i - home) & mask) >= ((i - hole) & mask)) {
        slots[hole] = next;
        keys[2 * hole] = next.high;
        keys[2 * hole + 1] = next.low;
        hole = i;
      }
    }
    slots[hole] = null;
    size--;
  }

  private int hash(long high, long low) {
    long h = (high ^ seed) * 0x9e3779b97f4a7c15L;
    h = (h ^ (h >>> 32) ^ low) * 0xd6e8feb86659fd93L;
    return (int) (h ^ (h >>> 32));
  }
}
