package io.lanyard.nat.flow;

import io.lanyard.base.Ranking;
import org.jspecify.annotations.Nullable;

/**
 * The places of a table's flows: how many are taken, by whom, and who makes place for a newcomer.
 *
 * <p>Thread: the network's loop only.
 */
final class FlowPlaces {
  /** Ends a flow of a list that makes place. */
  @FunctionalInterface
  interface Evictor {
    /**
     * Ends one flow.
     *
     * @param most the highest worth that may be ended
     * @return false if the list has none
     */
    boolean evict(@Nullable FlowList from, Flow.Worth most);
  }

  /** The flows of one protocol, and their owners, ranked by their flows. */
  private static final class Protocol {
    final Ranking<FlowOwner.Part> owners = new Ranking<>();
    int count;
  }

  private final FlowMemory.Share memory;
  private final Evictor evictor;
  private final Protocol[] ports = new Protocol[FlowTable.PROTOCOLS];
  private final Protocol[] forwards = new Protocol[FlowTable.PROTOCOLS];
  private FlowQuota quota;

  FlowPlaces(FlowQuota quota, FlowMemory.Share memory, Evictor evictor) {
    this.quota = quota;
    this.memory = memory;
    this.evictor = evictor;
    for (int i = 0; i < FlowTable.PROTOCOLS; i++) {
      ports[i] = new Protocol();
      forwards[i] = new Protocol();
    }
  }

  FlowQuota quota() {
    return quota;
  }

  /** Holds other limits from now on. */
  void quota(FlowQuota limits) {
    quota = limits;
  }

  private Protocol kind(FlowOwner owner, int index) {
    return (owner.isForward() ? forwards : ports)[index];
  }

  /** The most flows of all owners of a kind: by the network's quota, and by the heap. */
  int perKind(boolean forwards, int protocol) {
    int index = FlowTable.index(protocol);
    return Math.min(quota.perKind(forwards, protocol), memory.most(index, forwards));
  }

  /** Flows of a protocol. */
  int count(int index) {
    return ports[index].count + forwards[index].count;
  }

  /** Who holds most where an owner asks, if not itself. */
  FlowOwner mostOf(FlowOwner asking, int protocol) {
    FlowOwner.Part most = kind(asking, FlowTable.index(protocol)).owners.largest();
    return most == null ? asking : most.owner;
  }

  /** Whether a flow could be added without ending another. */
  boolean hasRoom(FlowAccount account, int protocol) {
    FlowOwner owner = account.owner;
    return account.flows(protocol) < quota.perAccount(owner, protocol)
        && owner.flows(protocol) < quota.perOwner(owner, protocol)
        && kind(owner, FlowTable.index(protocol)).count < perKind(owner.isForward(), protocol);
  }

  /**
   * Whether there is a place for one more flow, if need be one that another has left. Where a limit
   * was lowered below what is there, flows that make place leave two at a time until it is kept.
   */
  boolean makePlace(FlowAccount account, int protocol) {
    int index = FlowTable.index(protocol);
    FlowOwner owner = account.owner;
    FlowList own = account.list(index);
    int perAccount = quota.perAccount(owner, protocol);
    if (own.count() >= perAccount) {
      return (own.count() == perAccount || evictor.evict(own, Flow.Worth.DISPENSABLE))
          && evictor.evict(own, Flow.Worth.DISPENSABLE);
    }
    FlowOwner.Part part = owner.part(index);
    int perOwner = quota.perOwner(owner, protocol);
    if (part.count() >= perOwner) {
      if (part.count() > perOwner) {
        evictor.evict(part.accounts.largest(), Flow.Worth.DISPENSABLE);
      }
      return takePlace(part, own);
    }
    Protocol all = kind(owner, index);
    int perKind = perKind(owner.isForward(), protocol);
    if (all.count < perKind) {
      return true;
    }
    if (all.count > perKind) {
      evictor.evict(largest(all), Flow.Worth.DISPENSABLE);
    }
    FlowOwner.Part most = all.owners.largest();
    if (most == null || most.equals(part)) {
      return takePlace(part, own);
    }
    // Beyond a fair share a flow is on loan: an owner that has fewer calls it back, even in use. An
    // owner that has its share replaces its own flows, as it does where it is alone.
    boolean loan = most.count() > part.count() + 1;
    return evictor.evict(most.accounts.largest(), loan ? Flow.Worth.IN_USE : Flow.Worth.DISPENSABLE)
        || takePlace(part, own);
  }

  private static @Nullable FlowList largest(Protocol all) {
    FlowOwner.Part most = all.owners.largest();
    return most == null ? null : most.accounts.largest();
  }

  /**
   * Takes a place from the largest account of the same owner, or else from the newcomer's own,
   * which may have flows that make place where the largest has none.
   */
  private boolean takePlace(FlowOwner.Part part, FlowList own) {
    FlowList largest = part.accounts.largest();
    boolean loan = largest != null && largest.count() > own.count() + 1;
    return evictor.evict(largest, loan ? Flow.Worth.IN_USE : Flow.Worth.DISPENSABLE)
        || evictor.evict(own, Flow.Worth.DISPENSABLE);
  }

  /** Counts flows that have joined or left a list: its own, its owner's and the network's. */
  void counted(FlowList list, int index, int change) {
    FlowOwner.Part part = list.account.owner.part(index);
    part.accounts.count(list, change);
    Protocol all = kind(list.account.owner, index);
    all.owners.count(part, change);
    all.count += change;
    memory.changed(index, change);
  }
}
