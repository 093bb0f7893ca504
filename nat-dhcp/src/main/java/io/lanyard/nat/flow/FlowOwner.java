package io.lanyard.nat.flow;

import io.lanyard.base.Ranking;
import io.lanyard.base.RecentCount;
import io.lanyard.vswitch.Turn;
import org.jspecify.annotations.Nullable;

/**
 * The flows of one port, or of one forward: the upper level of the quotas, and the one that a guest
 * cannot choose.
 *
 * <p>Thread: the network's loop only.
 */
public final class FlowOwner {
  /** An owner's flows of one protocol, and its accounts, ranked by their flows. */
  static final class Part extends Ranking.Member {
    final FlowOwner owner;
    final Ranking<FlowList> accounts = new Ranking<>();

    Part(FlowOwner owner) {
      this.owner = owner;
    }
  }

  /**
   * Flows that made place without being in use, in a minute, from which on they count as excess: a
   * flood; a guest that looks at all its neighbours every now and then replaces hundreds.
   */
  private static final int FLOOD = 2_000;

  private final String name;
  private final boolean forward;
  private final @Nullable Turn turn;

  /** After how long without a packet a flow in use makes place, too; 0 never. */
  final long yieldNanos;

  private final MemoryUse memory = new MemoryUse();
  private final Part[] parts = new Part[FlowTable.PROTOCOLS];
  private long refused;
  private long evicted;
  private final RecentCount excess = new RecentCount();

  /** Flows that made place without being in use. */
  private final RecentCount replaced = new RecentCount();

  /**
   * Makes an owner without flows.
   *
   * @param name the port's name, for listings
   */
  public FlowOwner(String name) {
    this(name, null);
  }

  /**
   * Makes an owner without flows.
   *
   * @param name the port's name, for listings
   * @param turn the port's part of the loop's time
   */
  public FlowOwner(String name, @Nullable Turn turn) {
    this(name, false, 0, turn);
  }

  private FlowOwner(String name, boolean forward, long yieldNanos, @Nullable Turn turn) {
    this.turn = turn;
    this.name = name;
    this.forward = forward;
    this.yieldNanos = yieldNanos;
    for (int i = 0; i < parts.length; i++) {
      parts[i] = new Part(this);
    }
  }

  /**
   * Makes a forward that has no flows. Its accounts are its clients, and its places are not those
   * of ports: neither takes one from the other.
   *
   * @param name the forward's name, for listings
   * @param yieldNanos after how long without a packet a flow makes place for a newer one where the
   *     forward, or what its client may hold of it, is full
   * @return an owner without flows
   */
  public static FlowOwner ofForward(String name, long yieldNanos) {
    return new FlowOwner(name, true, yieldNanos, null);
  }

  /**
   * Whether it is a forward.
   *
   * @return false for a port
   */
  public boolean isForward() {
    return forward;
  }

  /** The port's part of the loop's time; null for a forward. */
  @Nullable Turn turn() {
    return turn;
  }

  Part part(int protocolIndex) {
    return parts[protocolIndex];
  }

  void countRefused(long now) {
    refused++;
    excess.event(now);
  }

  /** Counts a flow in use that had to end: somebody misses it. */
  void countLost(long now) {
    evicted++;
    excess.event(now);
  }

  /** Counts a flow that made place, or whose socket was needed, and that nobody misses. */
  void countReplaced(long now) {
    evicted++;
    replaced.event(now);
    if (replaced.count(now) > FLOOD) {
      excess.event(now);
    }
  }

  /**
   * The owner's name.
   *
   * @return the name of the port or the forward
   */
  public String name() {
    return name;
  }

  /**
   * The number of the owner's flows of a protocol.
   *
   * @param protocol the IP protocol number
   * @return flows of all its accounts
   */
  public int flows(int protocol) {
    return parts[FlowTable.index(protocol)].count();
  }

  /**
   * Flows of the owner that found no place.
   *
   * @return flows since the owner was made
   */
  public long refused() {
    return refused;
  }

  /**
   * Flows of the owner that were refused, or ended in use to make place, in the last minute; of
   * those that were not in use, what is more than happens to a busy guest.
   *
   * @param now the time, by the clock of the table's timers
   * @return flows
   */
  public long excess(long now) {
    return excess.count(now);
  }

  /**
   * Flows of the owner that were ended to make place.
   *
   * @return flows since the owner was made
   */
  public long evicted() {
    return evicted;
  }

  /**
   * The TCP memory that the owner's flows hold.
   *
   * @return the live object; its users are the accounts that have connections
   */
  public MemoryUse memory() {
    return memory;
  }
}
