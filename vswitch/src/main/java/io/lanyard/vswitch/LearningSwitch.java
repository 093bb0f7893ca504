package io.lanyard.vswitch;

import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadCheck;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.SuperFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A switch that learns where addresses are from the frames that they send (IEEE 802.1Q section 8).
 *
 * <p>A frame's VLAN is part of its address: the outermost tag's, or 0. Tags pass as they are.
 *
 * <p>A port may call {@link #receive} from inside its {@link Port#transmit} (a gateway that answers
 * at once); the frames that this causes leave before the call returns.
 *
 * <p>Thread: the network's loop only.
 */
@SuppressWarnings("ReferenceEquality") // a port or a tap is itself, whatever it may say to equals
public final class LearningSwitch implements Switch, Dumpable {
  /** Ports of one switch: enough for any host, and it bounds what a flood costs. */
  public static final int MOST_PORTS = 1024;

  private static final FrameTap[] NO_TAPS = {};

  private final String name;
  private final Clock clock;
  private final ByteBufAllocator allocator;
  private final MacTable table = new MacTable();
  private final IdentityHashMap<Port, Slot> slots = new IdentityHashMap<>();

  /** By number; a hole is null. Replaced, never changed: a flood may attach or detach. */
  private @Nullable Slot[] ports = {};

  private FrameTap[] taps = NO_TAPS;
  private Slot[] touched = new Slot[16];
  private int touchedCount;
  private @Nullable Slot latest;
  private @Nullable ByteBuf spare;
  private long now;
  private boolean nowKnown;
  private long floods;
  private long unknownFrames;

  /** A port's place at the switch. */
  private static final class Slot {
    final Port port;
    final int number;
    boolean touched;

    Slot(Port port, int number) {
      this.port = port;
      this.number = number;
    }
  }

  /**
   * Makes a switch without ports.
   *
   * @param name the network's name
   * @param clock what ageing goes by
   * @param allocator where the segments of super-frames are put together; direct and pooled
   */
  public LearningSwitch(String name, Clock clock, ByteBufAllocator allocator) {
    this.name = name;
    this.clock = clock;
    this.allocator = allocator;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the port is attached already, another has its name, or
   *     there are {@link #MOST_PORTS}
   */
  @Override
  public void attach(Port port) {
    for (Port other : slots.keySet()) {
      if (other.name().equals(port.name())) {
        throw new IllegalArgumentException(
            "switch " + name + " has a port named " + port.name() + "; choose another name");
      }
    }
    int number = 0;
    while (number < ports.length && ports[number] != null) {
      number++;
    }
    if (number == MOST_PORTS) {
      throw new IllegalArgumentException(
          "switch " + name + " has " + MOST_PORTS + " ports, which is all it takes");
    }
    @Nullable Slot[] grown = Arrays.copyOf(ports, Math.max(ports.length, number + 1));
    Slot slot = new Slot(port, number);
    grown[number] = slot;
    ports = grown;
    slots.put(port, slot);
  }

  /** {@inheritDoc} Does nothing if it is not attached. */
  @Override
  public void detach(Port port) {
    Slot slot = slots.remove(port);
    if (slot == null) {
      return;
    }
    @Nullable Slot[] left = ports.clone();
    left[slot.number] = null;
    ports = left;
    table.forgetPort(slot.number);
    if (latest == slot) {
      latest = null;
    }
    for (Slot other : left) {
      if (other != null) {
        other.port.portLeft(port);
      }
    }
  }

  @Override
  public void receive(Port from, ByteBuf frame) {
    Slot slot = latest;
    if (slot == null || slot.port != from) {
      slot = slots.get(from);
      if (slot == null) {
        return; // detached, with frames still on their way
      }
      latest = slot;
    }
    PortCounters counters = from.counters();
    int length = frame.readableBytes() - OffloadHeader.LENGTH;
    if (length < Ethernet.HEADER_LENGTH || length > Offloads.LARGEST_SUPER_FRAME) {
      counters.receiveDropped(DropCause.BAD_LENGTH);
      return;
    }
    int header = frame.readerIndex();
    if (frame.getShort(header) != 0 && !OffloadCheck.valid(frame)) {
      counters.receiveDropped(DropCause.BAD_OFFLOAD_HEADER);
      return;
    }
    int at = header + OffloadHeader.LENGTH;
    long source = Ethernet.source(frame, at);
    if (source == 0 || Ethernet.isGroup(source)) {
      counters.receiveDropped(DropCause.BAD_SOURCE);
      return;
    }
    int segments = SuperFrame.segments(frame);
    counters.received(segments, SuperFrame.wireBytes(frame, segments));
    for (FrameTap tap : taps) {
      tap.frame(from, true, frame);
    }
    forward(slot, frame, at, source, segments);
  }

  private void forward(Slot from, ByteBuf frame, int at, long source, int segments) {
    int vlan = Ethernet.vlan(frame, at, frame.writerIndex());
    long destination = Ethernet.destination(frame, at);
    long time = now();
    table.learn(vlan, source, from.number, time);
    if (Ethernet.isGroup(destination)) {
      flood(from, frame, segments);
      return;
    }
    int number = table.find(vlan, destination, time);
    if (number == from.number) {
      from.port.counters().receiveDropped(DropCause.SAME_PORT);
      return;
    }
    Slot to = number == MacTable.UNKNOWN ? null : ports[number];
    if (to == null) {
      unknownFrames += segments;
      flood(from, frame, segments);
    } else {
      send(from, to, frame, segments);
    }
  }

  /** The clock is read once a burst. */
  private long now() {
    if (!nowKnown) {
      now = clock.nanoTime();
      nowKnown = true;
    }
    return now;
  }

  private void flood(Slot from, ByteBuf frame, int segments) {
    floods += segments;
    for (Slot to : ports) {
      if (to != null && to != from) {
        send(from, to, frame, segments);
      }
    }
  }

  private void send(Slot from, Slot to, ByteBuf frame, int segments) {
    Port ingress = from.port;
    Port port = to.port;
    Offloads offloads = port.offloads();
    if (frame.getShort(frame.readerIndex()) == 0) { // no flags, no gso_type: the usual frame
      if (frame.readableBytes() - OffloadHeader.LENGTH > offloads.largestFrame()) {
        port.counters().transmitDropped(DropCause.BAD_LENGTH);
      } else {
        touch(to);
        transmit(ingress, port, frame, 1);
      }
      return;
    }
    if (SuperFrame.largestSegment(frame) > offloads.largestFrame()) {
      port.counters().transmitDropped(DropCause.BAD_LENGTH);
      return;
    }
    touch(to);
    int header = frame.readerIndex();
    if (SuperFrame.is(frame)) {
      if (takes(offloads, OffloadHeader.gsoType(frame, header))) {
        transmit(ingress, port, frame, segments);
      } else {
        segment(ingress, port, frame, segments);
      }
      return;
    }
    if (!offloads.checksum()) {
      if ((OffloadHeader.flags(frame, header) & OffloadHeader.NEEDS_CSUM) != 0) {
        port.counters().softwareChecksum();
        Checksum.complete(frame);
      } else {
        // DATA_VALID is not for a guest that did not negotiate it (VIRTIO 1.2 section 5.1.6.4.1).
        OffloadHeader.clear(frame, header);
      }
    }
    transmit(ingress, port, frame, 1);
  }

  private static boolean takes(Offloads offloads, int type) {
    return offloads.checksum()
        && switch (type & ~OffloadHeader.GSO_ECN) {
          case OffloadHeader.GSO_TCPV4 -> offloads.tso4();
          case OffloadHeader.GSO_TCPV6 -> offloads.tso6();
          default -> offloads.uso();
        };
  }

  private void segment(Port ingress, Port port, ByteBuf frame, int segments) {
    port.counters().softwareSegmentation();
    ByteBuf segment = spare;
    spare = null; // a port that answers at once may need one too
    for (int i = 0; i < segments; i++) {
      if (segment == null || segment.refCnt() > 1) { // a port retained the last one
        if (segment != null) {
          segment.release();
        }
        segment = allocator.directBuffer(OffloadHeader.LENGTH + SuperFrame.largestSegment(frame));
      }
      SuperFrame.copySegment(frame, i, segment);
      transmit(ingress, port, segment, 1);
    }
    if (segment != null && segment.refCnt() == 1 && spare == null) {
      spare = segment;
    } else if (segment != null) {
      segment.release();
    }
  }

  private void transmit(Port ingress, Port port, ByteBuf frame, int segments) {
    PortCounters counters = port.counters();
    int bytes = SuperFrame.wireBytes(frame, segments);
    for (FrameTap tap : taps) {
      tap.frame(port, false, frame);
    }
    long drops = counters.transmitDrops();
    port.transmit(ingress, frame);
    if (counters.transmitDrops() == drops) {
      counters.transmitted(segments, bytes);
    }
  }

  private void touch(Slot slot) {
    if (!slot.touched) {
      slot.touched = true;
      if (touchedCount == touched.length) {
        touched = Arrays.copyOf(touched, 2 * touchedCount);
      }
      touched[touchedCount++] = slot;
    }
  }

  @Override
  public void flush() {
    nowKnown = false;
    // A flush may touch ports again: the count is read anew each time.
    for (int i = 0; i < touchedCount; i++) {
      Slot slot = touched[i];
      slot.touched = false;
      slot.port.flush();
    }
    touchedCount = 0;
  }

  /**
   * Pins an address to a port: frames for it go there, and nobody else can claim it.
   *
   * @param vlan 0 for frames without a tag
   * @param mac the address
   * @param port a port that is attached
   * @return false if there is no room, or the port is not attached
   */
  public boolean pin(int vlan, long mac, Port port) {
    Slot slot = slots.get(port);
    return slot != null && table.pin(vlan, mac, slot.number, now());
  }

  /**
   * Forgets an address, pinned or learned.
   *
   * @param vlan 0 for frames without a tag
   * @param mac the address
   */
  public void forget(int vlan, long mac) {
    table.forget(vlan, mac);
  }

  /**
   * Shows every frame to a tap from now on.
   *
   * @param tap sees frames of all ports, on the loop
   */
  public void addTap(FrameTap tap) {
    FrameTap[] more = Arrays.copyOf(taps, taps.length + 1);
    more[taps.length] = tap;
    taps = more;
  }

  /**
   * Takes a tap away; nothing happens if it is not there.
   *
   * @param tap what {@link #addTap} was given
   */
  public void removeTap(FrameTap tap) {
    taps = Arrays.stream(taps).filter(t -> t != tap).toArray(FrameTap[]::new);
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
   * The ports that are attached.
   *
   * @return a snapshot
   */
  public List<Port> ports() {
    List<Port> list = new ArrayList<>();
    for (Slot slot : ports) {
      if (slot != null) {
        list.add(slot.port);
      }
    }
    return list;
  }

  /**
   * One address that the switch knows.
   *
   * @param vlan 0 for frames without a tag
   * @param mac the address
   * @param port where it is
   * @param isStatic whether it was pinned
   * @param ageNanos since it last sent a frame, or was pinned
   */
  public record Address(int vlan, long mac, Port port, boolean isStatic, long ageNanos) {}

  /**
   * The addresses that the switch knows.
   *
   * @return a snapshot, in no order
   */
  public List<Address> addresses() {
    List<Address> list = new ArrayList<>();
    table.forEach(
        clock.nanoTime(),
        (vlan, mac, number, isStatic, age) -> {
          Slot slot = ports[number];
          if (slot != null) {
            list.add(new Address(vlan, mac, slot.port, isStatic, age));
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
    if (spare != null) {
      spare.release();
      spare = null;
    }
  }

  @Override
  public DumpNode dump() {
    DumpNode.Builder node =
        DumpNode.of("switch " + name)
            .with("addresses", table.size())
            .with("flooded-frames", floods)
            .withNonZero("unknown-destination-frames", unknownFrames)
            .withNonZero("address-moves", table.moves())
            .withNonZero("address-evictions", table.evictions())
            .withNonZero("address-expiries", table.expiries());
    for (Slot slot : ports) {
      if (slot != null) {
        DumpNode.Builder child = DumpNode.of("port " + slot.port.name());
        child.with("addresses", table.learned(slot.number));
        slot.port.counters().describe(child);
        if (slot.port instanceof Dumpable dumpable) {
          child.child(dumpable.dump());
        }
        node.child(child.build());
      }
    }
    return node.build();
  }
}
