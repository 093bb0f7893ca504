package io.lanyard.vswitch;

import io.lanyard.base.Clock;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.MemoryBudget;
import io.lanyard.base.Timers;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadCheck;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A switch that learns where addresses are from the frames that they send (IEEE 802.1Q section 8).
 *
 * <p>A frame that goes to all ports does not move an address that was heard elsewhere within a
 * second: where two ports are joined, such frames come back, and would take the place of their
 * sender. A frame to a known address moves its source at once.
 *
 * <p>A frame's VLAN is part of its address: the outermost tag's, or 0. Tags pass as they are.
 *
 * <p>A port may call {@link #receive} from inside its {@link Port#transmit} (a gateway that answers
 * at once); the frames that this causes leave before the call returns.
 *
 * <p>Thread: the network's loop only.
 */
@SuppressWarnings("ReferenceEquality") // a port or a tap is itself, whatever it may say to equals
public final class Switch implements Dumpable {
  /** Ports of one switch: enough for any host, and it bounds what a flood costs. */
  public static final int MOST_PORTS = PortTable.CAPACITY;

  /**
   * Frames that are on their way at once: a frame, the answer that a port gives from inside {@link
   * Port#transmit}, and what that causes. Two happen; the rest is room for ports to come.
   */
  private static final int MOST_NESTED = 8;

  /** Addresses that are announced at once; more than guests a host has. */
  private static final int MOST_ANNOUNCED = 512;

  private final String name;
  private final Clock clock;
  private final ByteBufAllocator allocator;
  private final Turns turns;
  private final MacTable table = new MacTable(new SecureRandom().nextLong());
  private final PortTable ports;
  private final PortListener stateListener = this::stateChanged;
  private final Delivery delivery;
  private final Timers timers;
  private final MemoryBudget.Share memory;
  private final Passage[] passages = new Passage[MOST_NESTED];
  private int depth;

  /** Ports that left, or lost their carrier, while a frame was on its way. */
  private final List<Slot> left = new ArrayList<>();

  private @Nullable Slot latest;
  private int reserved;
  private long now;
  private boolean nowKnown;
  private long floods;
  private long unknownFrames;
  private long movesRefused;

  /**
   * Makes a switch without ports and without a loop: what would wait for a port's turn runs at
   * once.
   *
   * @param name the network's name
   * @param timers the network's timers; ageing goes by their clock
   * @param allocator where the segments of super-frames are put together; direct and pooled
   */
  public Switch(String name, Timers timers, ByteBufAllocator allocator) {
    this(name, timers, Runnable::run, allocator);
  }

  /**
   * Makes a switch without ports.
   *
   * @param name the network's name
   * @param timers the network's timers; ageing goes by their clock
   * @param later runs a task on the network's loop after the events that are ready ({@link
   *     AfterBatch}, or the loop itself)
   * @param allocator where the segments of super-frames are put together; direct and pooled
   */
  public Switch(String name, Timers timers, Executor later, ByteBufAllocator allocator) {
    this(name, timers, later, new LoopFaults(name, timers.clock()), allocator);
  }

  /**
   * Makes a switch without ports.
   *
   * @param name the network's name
   * @param timers the network's timers; ageing goes by their clock
   * @param later runs a task on the network's loop after the events that are ready ({@link
   *     AfterBatch}, or the loop itself)
   * @param faults hears what the ports' work throws
   * @param allocator where the segments of super-frames are put together; direct and pooled
   */
  public Switch(
      String name, Timers timers, Executor later, LoopFaults faults, ByteBufAllocator allocator) {
    this(name, timers, later, faults, allocator, MemoryBudget.ample().share(name));
  }

  /**
   * Makes a switch without ports.
   *
   * @param name the network's name
   * @param timers the network's timers; ageing goes by their clock
   * @param later runs a task on the network's loop after the events that are ready ({@link
   *     AfterBatch}, or the loop itself)
   * @param faults hears what the ports' work throws
   * @param allocator where the segments of super-frames are put together; direct and pooled
   * @param memory the network's part of the memory that ports may hold; the caller closes it
   */
  public Switch(
      String name,
      Timers timers,
      Executor later,
      LoopFaults faults,
      ByteBufAllocator allocator,
      MemoryBudget.Share memory) {
    this.name = name;
    this.ports = new PortTable(name);
    this.timers = timers;
    this.memory = memory;
    this.clock = timers.clock();
    this.allocator = allocator;
    this.delivery = new Delivery(allocator);
    this.turns = new Turns(clock, later, this::flush, faults);
    Arrays.setAll(passages, i -> new Passage());
  }

  /**
   * The network's timers.
   *
   * @return those that the switch was made with
   */
  public Timers timers() {
    return timers;
  }

  /**
   * The network's part of the memory that ports may hold for frames.
   *
   * @return where a port gets its holder
   */
  public MemoryBudget.Share memory() {
    return memory;
  }

  /**
   * Attaches a port of which nothing is said ({@link PortRules#PLAIN}).
   *
   * @param port a port whose name no other port of this switch has
   * @throws IllegalArgumentException as {@link #attach(Port, PortRules)}
   */
  public void attach(Port port) {
    attach(port, PortRules.PLAIN);
  }

  /**
   * Attaches a port.
   *
   * @param port a port whose name no other port of this switch has
   * @param rules what the port may do
   * @throws IllegalArgumentException if the port is attached already, another has its name, or
   *     there are {@link #MOST_PORTS}
   */
  public void attach(Port port, PortRules rules) {
    int number = ports.numberFor(port);
    Slot slot = new Slot(port, number, rules, turns.add(port), clock.nanoTime());
    table.rule(number, rules.macLimit(), rules.holdsMacs());
    ports.put(slot);
    port.addListener(stateListener);
  }

  /**
   * Detaches a port and forgets the addresses behind it; does not close it.
   *
   * @param port a port; nothing happens if it is not attached
   */
  public void detach(Port port) {
    Slot slot = ports.remove(port);
    if (slot == null) {
      return;
    }
    port.removeListener(stateListener);
    table.forgetPort(slot.number);
    turns.forget(port);
    slot.end();
    if (latest == slot) {
      latest = null;
    }
    tellLeft(slot);
  }

  /**
   * Gives an attached port other rules, from its next frame on. What its former guards have learned
   * and its former limits have counted is forgotten; its addresses stay.
   *
   * @param port a port; nothing happens if it is not attached
   * @param rules the rules from now on
   */
  public void govern(Port port, PortRules rules) {
    Slot former = ports.find(port);
    if (former == null) {
      return;
    }
    Slot slot = new Slot(port, former.number, rules, former.turn, clock.nanoTime());
    table.rule(slot.number, rules.macLimit(), rules.holdsMacs());
    former.end();
    ports.put(slot);
    if (latest == former) {
      latest = null;
    }
    if (rules.reach() == PortRules.Reach.NOBODY) {
      carrierLost(port);
    }
  }

  private void tellLeft(Slot gone) {
    if (depth > 0) {
      // A failed write has told it: the caller that is sending must keep the state that it sends
      // for.
      left.add(gone);
      return;
    }
    for (Slot other : ports.numbered) {
      if (other != null && other.port != gone.port) {
        other.port.portLeft(gone.port, gone.number);
      }
    }
  }

  /**
   * The reach of a port, by which the switch passes its frames on.
   *
   * @param port a port
   * @return whom it can reach; nobody if it is not attached
   */
  public PortRules.Reach reach(Port port) {
    Slot slot = ports.find(port);
    return slot == null ? PortRules.Reach.NOBODY : slot.reach;
  }

  /**
   * Takes a frame from a port and forwards it.
   *
   * @param from the port that it came in by; a frame of one that is not attached is ignored
   * @param frame lent for the length of the call: offload header at the reader index, then the
   *     frame; the switch may finish its checksum and take a priority tag out in place, so that the
   *     reader index moves
   */
  public void receive(Port from, ByteBuf frame) {
    receive(from, frame, null);
  }

  /**
   * Takes a frame from a port that may know where its destination is, and forwards it. Where the
   * destination has gone, or comes from, the switch knows better.
   *
   * @param from as for {@link #receive(Port, ByteBuf)}
   * @param frame as there
   * @param behind the port that the frame goes to if the switch does not know its destination,
   *     instead of to all; null for all
   */
  public void receive(Port from, ByteBuf frame, @Nullable Port behind) {
    Slot slot = latest;
    if (slot == null || slot.port != from) {
      slot = ports.find(from);
      if (slot == null) {
        return; // detached, with frames still on their way
      }
      latest = slot;
    }
    Passage passage = begin(slot, frame, behind);
    if (passage == null) {
      return;
    }
    boolean forwarded = false;
    depth++;
    try {
      forward(passage, frame);
      forwarded = true;
    } finally {
      depth--;
      if (!forwarded) { // a port or a policy threw
        slot.counters.receiveDropped(DropCause.HOST_ERROR, passage.segments);
      }
    }
  }

  /**
   * Takes a frame from a port and hands it to another one, wherever its destination was heard last.
   *
   * @param from as for {@link #receive(Port, ByteBuf)}
   * @param frame as there
   * @param to the port that gets it, if the sender reaches it; a frame for one that is not attached
   *     is ignored
   */
  public void deliver(Port from, ByteBuf frame, Port to) {
    Slot slot = ports.find(from);
    if (slot == null || ports.find(to) == null) {
      return;
    }
    Passage passage = begin(slot, frame, to);
    if (passage == null) {
      return;
    }
    boolean delivered = false;
    depth++;
    try {
      unknown(passage, frame);
      delivered = true;
    } finally {
      depth--;
      if (!delivered) {
        slot.counters.receiveDropped(DropCause.HOST_ERROR, passage.segments);
      }
    }
  }

  /** Looks at a frame that has come in, and counts it; null if it goes no further. */
  private @Nullable Passage begin(Slot slot, ByteBuf frame, @Nullable Port behind) {
    PortCounters counters = slot.counters;
    if (depth == MOST_NESTED) {
      counters.receiveDropped(DropCause.NESTED);
      return null;
    }
    Passage passage = passages[depth];
    DropCause malformed = passage.fill(slot, frame);
    if (malformed != null) {
      counters.receiveDropped(malformed);
      return null;
    }
    if (passage.largestPacket > slot.mtu) {
      counters.receiveDropped(DropCause.BAD_LENGTH, passage.segments);
      return null;
    }
    counters.received(passage.segments, passage.wireBytes);
    if (passage.behind != behind) {
      passage.behind = behind;
    }
    if (delivery.isWatched()) {
      delivery.showReceived(passage, depth == 0 ? null : passages[depth - 1], frame);
    }
    return passage;
  }

  private void forward(Passage passage, ByteBuf frame) {
    Slot from = passage.from;
    long time = now();
    boolean untagged = passage.vlan == 0;
    if (untagged && passage.source == from.source && from.version == table.version()) {
      table.heard(from.sourceCell, time);
    } else if (!learned(passage, time)) {
      return;
    }
    if (from.ingress != null && !admitted(from.ingress, passage, frame)) {
      return;
    }
    Slot latest = from.destinationSlot;
    if (latest != null
        && untagged
        && passage.destination == from.destination
        && from.version == table.version()
        && time - from.destinationUntil < 0) {
      delivery.send(latest, passage, frame);
    } else if (Ethernet.isGroup(passage.destination)) {
      group(passage, frame);
    } else {
      single(passage, frame, time);
    }
  }

  /** Looks the destination up, and hands the frame over. */
  private void single(Passage passage, ByteBuf frame, long time) {
    Slot from = passage.from;
    int number = table.find(passage.vlan, passage.destination, time);
    Slot to = number == MacTable.UNKNOWN ? null : ports.numbered[number];
    if (to == null) {
      unknownFrames += passage.segments;
      unknown(passage, frame);
    } else if (to == from) {
      from.counters.receiveDropped(DropCause.SAME_PORT, passage.segments);
    } else if ((from.reaches & to.is) == 0) {
      from.counters.receiveDropped(DropCause.ISOLATED, passage.segments);
    } else {
      if (passage.vlan == 0) {
        from.sendsTo(passage.destination, to, table.fresh(table.cell(), time));
      }
      delivery.send(to, passage, frame);
    }
  }

  /** Hands a frame to the port that its sender says its destination is behind, or to all. */
  private void unknown(Passage passage, ByteBuf frame) {
    Slot from = passage.from;
    Slot to = passage.behind == null ? null : ports.find(passage.behind);
    if (to == null) {
      flood(passage, frame, StormControl.Kind.UNKNOWN);
    } else if ((from.reaches & to.is) == 0) {
      from.counters.receiveDropped(DropCause.ISOLATED, passage.segments);
    } else {
      delivery.send(to, passage, frame);
    }
  }

  /** Whether the frame may pass. Its source is known then, if it may be. */
  private boolean learned(Passage passage, long time) {
    Slot from = passage.from;
    // A frame that has come back by a loop, most likely: who is heard elsewhere stays there.
    boolean stays =
        table.settled(passage.vlan, passage.source, from.number, time) && isFlooded(passage, time);
    switch (stays
        ? table.visit(from.number)
        : table.learn(passage.vlan, passage.source, from.number, time)) {
      case DONE -> {
        if (stays) {
          movesRefused++;
          return true;
        }
        boolean again = passage.vlan == 0 && table.cell() != MacTable.UNKNOWN;
        from.sends(again ? passage.source : 0, table.cell(), table.version());
        return true;
      }
      case ELSEWHERE -> refuse(passage, DropCause.PINNED_SOURCE);
      case LIMIT -> refuse(passage, DropCause.MAC_LIMIT);
    }
    return false;
  }

  private boolean isFlooded(Passage passage, long time) {
    return Ethernet.isGroup(passage.destination)
        || table.find(passage.vlan, passage.destination, time) == MacTable.UNKNOWN;
  }

  private boolean admitted(Policy[] policies, Passage passage, ByteBuf frame) {
    if (!passage.plain && !passage.isSuperFrame() && !OffloadCheck.isTransportChecksum(frame)) {
      // Finished now: it would change what the policies have seen.
      Delivery.finish(passage.from, passage, frame);
    }
    for (Policy policy : policies) {
      DropCause cause = policy.admit(passage, frame);
      if (cause != null) {
        refuse(passage, cause);
        return false;
      }
    }
    return true;
  }

  private void group(Passage passage, ByteBuf frame) {
    if (ReservedGroup.kept(passage.destination, reserved)) {
      passage.from.counters.receiveDropped(DropCause.RESERVED_ADDRESS, passage.segments);
    } else if (passage.isSuperFrame()) {
      refuse(passage, DropCause.GROUP_SUPER_FRAME);
    } else {
      flood(
          passage,
          frame,
          passage.destination == Ethernet.BROADCAST
              ? StormControl.Kind.BROADCAST
              : StormControl.Kind.MULTICAST);
    }
  }

  /** Drops a frame that its port may not send: counts it, and logs it once per minute. */
  private void refuse(Passage passage, DropCause cause) {
    Slot from = passage.from;
    from.counters.receiveDropped(cause, passage.segments);
    from.turn.refused();
    if (cause != DropCause.RATE_LIMIT) { // which is as it should be, and nobody's to act on
      from.refusals.add(name, passage, cause, now());
    }
  }

  /** The clock is read once per burst. */
  private long now() {
    if (!nowKnown) {
      now = clock.nanoTime();
      nowKnown = true;
    }
    return now;
  }

  private void flood(Passage passage, ByteBuf frame, StormControl.Kind kind) {
    Slot from = passage.from;
    StormControl storm = from.storm;
    if (storm != null && !storm.admits(kind, now())) {
      refuse(passage, kind.cause);
      return;
    }
    floods += passage.segments;
    int copies = 0;
    for (Slot to : ports.numbered) {
      if (to != null && to != from && (from.reaches & to.is) != 0) {
        copies++;
        delivery.send(to, passage, frame);
      }
    }
    if (storm != null) {
      storm.charge(kind, copies * passage.segments);
    }
  }

  /** Ends a burst: flushes every port that was handed a frame since the last call. */
  public void flush() {
    nowKnown = false;
    delivery.flush();
    while (depth == 0 && !left.isEmpty()) {
      tellLeft(left.removeLast());
    }
  }

  /**
   * Pins an address to a port, in all VLANs: frames for it go there, and frames from it that come
   * in by another port are dropped and counted ({@link DropCause#PINNED_SOURCE}).
   *
   * @param mac the address
   * @param port a port that is attached; the address is free again when it is detached
   * @return false if the address is pinned to another port, or the port is not attached
   */
  public boolean pin(long mac, Port port) {
    Slot slot = ports.find(port);
    return slot != null && table.pin(mac, slot.number, clock.nanoTime());
  }

  /**
   * Keeps an address for a port that is still to come: nobody may send from it until it is pinned.
   *
   * @param mac the address
   */
  public void reserve(long mac) {
    table.pin(mac, MacTable.UNKNOWN, clock.nanoTime());
  }

  /**
   * Ends what {@link #reserve} has begun, unless the address is pinned to a port by now.
   *
   * @param mac the address
   */
  public void unreserve(long mac) {
    table.unpin(mac, MacTable.UNKNOWN);
  }

  /**
   * Ends what {@link #pin} has begun: the address is learned again from the frames that it sends.
   *
   * @param mac the address
   * @param port the port; nothing happens if the address is not pinned to it
   */
  public void unpin(long mac, Port port) {
    Slot slot = ports.find(port);
    if (slot != null) {
      table.unpin(mac, slot.number);
    }
  }

  /**
   * Whether an untagged frame from an address is to be expected from another port than one: the
   * address is pinned there, kept for a port that is still to come, or was learned there.
   *
   * @param mac the address
   * @param port the name of the one port
   * @return false also if nobody has the address
   */
  public boolean isElsewhere(long mac, String port) {
    int number = table.find(0, mac, clock.nanoTime());
    if (number == MacTable.UNKNOWN) {
      return table.cell() != MacTable.UNKNOWN;
    }
    Slot slot = ports.numbered[number];
    return slot != null && !slot.port.name().equals(port);
  }

  /**
   * Sets the reserved group addresses that are forwarded; none at first.
   *
   * @param groups those that are
   */
  public void forwardReserved(Set<ReservedGroup> groups) {
    int mask = 0;
    for (ReservedGroup group : groups) {
      mask |= group.bit();
    }
    reserved = mask;
  }

  private void stateChanged(Port port, PortState before, PortState now) {
    if (before.hasCarrier() && !now.hasCarrier()) {
      carrierLost(port);
    }
  }

  /**
   * Forgets what was learned from the frames of a port (IEEE 802.1Q section 8.8): its stations may
   * turn up elsewhere. What is pinned to the port stays.
   */
  private void carrierLost(Port port) {
    Slot slot = ports.find(port);
    if (slot == null) {
      return;
    }
    table.forgetLearned(slot.number);
    slot.forget();
    tellLeft(slot);
  }

  /**
   * Tells the switches behind a port that the addresses known elsewhere are to be reached by it
   * now, as when it has become another uplink ({@link Announcement}).
   *
   * @param port a port; nothing happens if it is not attached
   */
  public void announce(Port port) {
    Slot to = ports.find(port);
    if (to == null || depth > 0) {
      return;
    }
    int sent = 0;
    for (Address known : addresses()) {
      Slot from = ports.find(known.port());
      if (from == null || from == to || known.vlan() != 0 || (from.reaches & to.is) == 0) {
        continue;
      }
      ByteBuf frame = Announcement.of(known.mac(), allocator);
      Passage passage = passages[depth++];
      try {
        if (passage.fill(from, frame) == null) {
          delivery.send(to, passage, frame);
        }
      } finally {
        depth--;
        frame.release();
      }
      if (++sent == MOST_ANNOUNCED) {
        break;
      }
    }
    delivery.flush();
  }

  /**
   * A port's problem for the network, for people: a storm that comes from it, or many frames that
   * it may not send.
   *
   * @param port a port
   * @return the problem and its remedy while it lasts, or an empty text
   */
  public String problem(Port port) {
    Slot slot = ports.find(port);
    return slot == null ? "" : slot.problem(clock.nanoTime());
  }

  /**
   * Whether one more broadcast frame may be sent that a port is the cause of, such as the gateway's
   * question on behalf of a request; else a frame to the gateway alone would reach all ports. The
   * port may cause as many as it may send itself, and what it has sent does not count here: a
   * request that was broadcast has passed.
   *
   * @param port the cause
   * @return false if the port has caused too many, which counts as a storm, or is gone
   */
  public boolean admitsBroadcastOf(Port port) {
    Slot slot = ports.find(port);
    if (slot == null) {
      return false;
    }
    StormControl storm = slot.storm;
    if (storm == null) {
      return true;
    }
    if (!storm.admits(StormControl.Kind.CAUSED, clock.nanoTime())) {
      return false;
    }
    storm.charge(StormControl.Kind.CAUSED, ports.size() - 1);
    return true;
  }

  /**
   * Shows every frame to a tap from now on.
   *
   * @param tap sees frames of all ports, on the loop
   */
  public void addTap(FrameTap tap) {
    delivery.addTap(tap);
  }

  /**
   * Takes a tap away; nothing happens if it is not there.
   *
   * @param tap what {@link #addTap} was given
   */
  public void removeTap(FrameTap tap) {
    delivery.removeTap(tap);
  }

  /**
   * The network's name.
   *
   * @return as given
   */
  public String name() {
    return name;
  }

  /**
   * How the ports share the loop's time.
   *
   * @return the one object of this switch
   */
  public Turns turns() {
    return turns;
  }

  /**
   * The ports that are attached.
   *
   * @return a snapshot
   */
  public List<Port> ports() {
    return ports.list();
  }

  /**
   * One address that the switch knows.
   *
   * @param vlan 0 for frames without a tag
   * @param mac the address
   * @param port where it is
   * @param hold how it came there
   * @param ageNanos since it last sent a frame, or was pinned
   */
  public record Address(int vlan, long mac, Port port, MacTable.Hold hold, long ageNanos) {}

  /**
   * The addresses that the switch knows.
   *
   * @return a snapshot, in no order
   */
  public List<Address> addresses() {
    List<Address> list = new ArrayList<>();
    table.forEach(
        clock.nanoTime(),
        (vlan, mac, number, hold, age) -> {
          Slot slot = ports.numbered[number];
          if (slot != null) {
            list.add(new Address(vlan, mac, slot.port, hold, age));
          }
        });
    return list;
  }

  /**
   * Counts addresses that were seen on another port than before.
   *
   * @return since the switch was made
   */
  public long moves() {
    return table.moves();
  }

  /**
   * Counts addresses that were given up because the table was full.
   *
   * @return since the switch was made
   */
  public long evictions() {
    return table.evictions();
  }

  /**
   * Counts wire frames that went to all ports: group addresses and unknown ones.
   *
   * @return since the switch was made
   */
  public long floods() {
    return floods;
  }

  /** Gives back the memory that the switch holds; ports are the caller's. */
  public void close() {
    delivery.close();
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node =
        DumpNode.of("switch " + name)
            .with("addresses", table.size())
            .with("floodedFrames", floods)
            .withNonZero("unknownDestinationFrames", unknownFrames)
            .withNonZero("addressMoves", table.moves())
            .withNonZero("addressMovesRefused", movesRefused)
            .withNonZero("addressEvictions", table.evictions())
            .withNonZero("addressExpiries", table.expiries())
            .with("longestProbe", table.longestProbe());
    for (Slot slot : ports.numbered) {
      if (slot != null) {
        node.child(slot.dump(table.learned(slot.number)));
      }
    }
    return node.build();
  }
}
