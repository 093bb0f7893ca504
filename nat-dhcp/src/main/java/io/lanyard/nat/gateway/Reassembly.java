package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.base.Timers;
import io.lanyard.nat.station.Excess;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.StationMemory;
import io.lanyard.nat.station.StationMemory.Table;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Puts guests' fragmented datagrams of both families together (RFC 791 section 3.2, RFC 815, RFC
 * 8200 section 4.5).
 *
 * <p>Memory and time are bounded: so many datagrams at a time for the network, each port and each
 * station, and 30 s for each. The oldest of the station or the port that has too many gives way,
 * and where the network has too many, the oldest of the port that has most. All networks together
 * have a part of the process's memory ({@link StationMemory}). A datagram's fragments come by one
 * port: those of another, with a forged source, are of another datagram.
 *
 * <p>A fragment that covers bytes twice ends its datagram, and all fragments of that which have yet
 * to come (RFC 1858 section 4, RFC 5722 section 4): the datagram is remembered without its bytes
 * until its time is over. Only an exact repetition of a fragment is ignored (RFC 8200 section 4.5).
 */
final class Reassembly {
  /** As Linux (ipfrag_time); RFC 1122 section 3.3.2 allows 60 to 120, but memory is dearer. */
  static final long TIMEOUT_NANOS = 30_000_000_000L;

  static final int PER_STATION = 16;
  static final int PER_PORT = 32;
  static final int TOTAL = 64;

  /** Where the payload lies in the buffer: behind the longest header. */
  private static final int PAYLOAD = GuestLink.LINK_HEADROOM + 60;

  /** The content of a fragment's header, as {@link Reassembly#receive} takes it. Reusable. */
  static final class Fragment {
    /** Bytes of the header that the whole packet gets, from the packet's first byte on. */
    int headerLength;

    /** Index of the fragment's own bytes. */
    int payload;

    int length;
    int offset;

    /** The most bytes that the whole packet may have behind its header. */
    int largest;

    boolean more;

    /** The identification, and the protocol in the family that tells datagrams apart by it. */
    long id;

    /** The next header of an IPv6 packet, if this is the first fragment. */
    int next;
  }

  /**
   * The key of one datagram's fragments. Its methods are written out: the JVM would spin a record's
   * own when the first fragment comes.
   */
  private record Key(
      PortBudget port,
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow,
      long id) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Key that
          && port.equals(that.port)
          && sourceHigh == that.sourceHigh
          && sourceLow == that.sourceLow
          && destinationHigh == that.destinationHigh
          && destinationLow == that.destinationLow
          && id == that.id;
    }

    @Override
    public int hashCode() {
      long source = 31 * sourceHigh + sourceLow;
      long destination = 31 * destinationHigh + destinationLow;
      return Long.hashCode(31 * (31 * source + destination) + id) + port.hashCode();
    }
  }

  /** A datagram with holes. Reused. */
  private final class Partial {
    /** Which units of 8 bytes have come. */
    private final long[] units = new long[65536 / 8 / 64];

    /** Which of them are the first ones of a fragment. */
    private final long[] starts = new long[65536 / 8 / 64];

    private final byte[] header = new byte[60];
    private final Timers.Timer timer = timers.create(() -> expired(this));
    private @Nullable Key key;
    private @Nullable Station station;
    private @Nullable ByteBuf data;
    private int headerLength;
    private int next;
    private int total;
    private int received;
    private boolean isAbandoned;

    private void begin(Key key, Packet first) {
      this.key = key;
      station = first.station;
      first.station.countFragmented(1);
      headerLength = 0;
      total = -1;
      received = 0;
      isAbandoned = false;
      Arrays.fill(units, 0);
      Arrays.fill(starts, 0);
      timer.arm(TIMEOUT_NANOS);
    }
  }

  /** Told of a datagram that came too late, so that its sender can be. */
  interface Expiry {
    /**
     * Takes the header and the first 8 bytes of payload, if the first fragment had come.
     *
     * @param frame lent: the header behind the room for the link's
     */
    void expired(Station station, ByteBuf frame);
  }

  private final Timers timers;
  private final ByteBufAllocator allocator;
  private final Counters<GatewayCount> counters;
  private final Expiry expiry;
  private final Map<Key, Partial> partials = new HashMap<>();
  private final ArrayDeque<Partial> free = new ArrayDeque<>();
  private final ArrayList<Partial> order = new ArrayList<>();
  private final StationMemory.Share memory;

  Reassembly(
      Timers timers,
      ByteBufAllocator allocator,
      Counters<GatewayCount> counters,
      StationMemory.Share memory,
      Expiry expiry) {
    this.memory = memory;
    this.timers = timers;
    this.allocator = allocator;
    this.counters = counters;
    this.expiry = expiry;
  }

  /**
   * Takes a fragment.
   *
   * @param packet lent: its header has been checked
   * @param fragment lent: what that says
   * @return the whole datagram if this was its last missing part: a frame with offload header and
   *     room for the Ethernet header, the caller's to release; else null
   */
  @Nullable ByteBuf receive(Packet packet, Fragment fragment) {
    counters.count(GatewayCount.FRAGMENTS_IN);
    Key key =
        new Key(
            packet.station.budget(),
            packet.sourceHigh,
            packet.sourceLow,
            packet.destinationHigh,
            packet.destinationLow,
            fragment.id);
    Partial partial = partials.get(key);
    if (partial != null && partial.isAbandoned) {
      return null;
    }
    if (fragment.length == 0
        || (fragment.more && (fragment.length & 7) != 0)
        || fragment.offset + fragment.length > fragment.largest) {
      abandon(partial);
      return null;
    }
    if (partial == null) {
      partial = begin(key, packet);
    }
    return take(partial, packet, fragment);
  }

  private @Nullable ByteBuf take(Partial partial, Packet packet, Fragment fragment) {
    ByteBuf frame = packet.frame;
    int offset = fragment.offset;
    int length = fragment.length;
    boolean more = fragment.more;
    int end = offset + length;
    boolean beyond = partial.total >= 0 && (more ? end >= partial.total : end != partial.total);
    if (beyond || (!more && highest(partial) > (end + 7) / 8)) {
      abandon(partial);
      return null;
    }
    int first = offset / 8;
    int last = (end + 7) / 8;
    if (count(partial.units, first, last) != 0) {
      if (!isRepetition(partial, first, last)) {
        abandon(partial);
      }
      return null;
    }
    for (int unit = first; unit < last; unit++) {
      partial.units[unit >> 6] |= 1L << unit;
    }
    partial.starts[first >> 6] |= 1L << first;
    ByteBuf data = room(partial, PAYLOAD + end);
    data.setBytes(PAYLOAD + offset, frame, fragment.payload, length);
    partial.received += length;
    if (!more) {
      partial.total = end;
    }
    if (offset == 0) {
      partial.headerLength = fragment.headerLength;
      partial.next = fragment.next;
      frame.getBytes(packet.network, partial.header, 0, fragment.headerLength);
    }
    if (partial.received != partial.total) {
      return null;
    }
    partial.data = null;
    remove(partial);
    counters.count(GatewayCount.REASSEMBLED);
    return finish(partial, data);
  }

  private static ByteBuf finish(Partial partial, ByteBuf data) {
    int ip = writeHeader(partial, data, partial.total);
    if (data.getByte(ip) >>> 4 == 4) {
      data.setShort(ip + 6, 0);
      Ipv4.finishChecksum(data, ip);
    }
    OffloadHeader.clear(data, ip - GuestLink.LINK_HEADROOM);
    data.setZero(ip - 14, 14);
    return data.setIndex(ip - GuestLink.LINK_HEADROOM, PAYLOAD + partial.total);
  }

  /** Writes the header before a payload. The index of its first byte. */
  private static int writeHeader(Partial partial, ByteBuf data, int payload) {
    int ip = PAYLOAD - partial.headerLength;
    data.setBytes(ip, partial.header, 0, partial.headerLength);
    if (data.getByte(ip) >>> 4 == 4) {
      Ipv4.setTotalLength(data, ip, partial.headerLength + payload);
    } else {
      Ipv6.setPayloadLength(data, ip, payload);
      data.setByte(ip + 6, partial.next);
    }
    return ip;
  }

  private ByteBuf room(Partial partial, int capacity) {
    ByteBuf data = partial.data;
    if (data == null) {
      data = allocator.directBuffer(Math.max(capacity, PAYLOAD + 8192));
      partial.data = data;
    } else if (data.capacity() < capacity) {
      data.capacity(Math.max(capacity, Math.min(2 * data.capacity(), PAYLOAD + 65536)));
    }
    return data;
  }

  /** Whether one fragment with just these units has come. */
  private static boolean isRepetition(Partial partial, int first, int last) {
    return count(partial.units, first, last) == last - first
        && isSet(partial.starts, first)
        && count(partial.starts, first, last) == 1
        && (!isSet(partial.units, last) || isSet(partial.starts, last));
  }

  private static int count(long[] bits, int first, int last) {
    int count = 0;
    for (int unit = first; unit < last; unit++) {
      count += isSet(bits, unit) ? 1 : 0;
    }
    return count;
  }

  private static boolean isSet(long[] bits, int unit) {
    return unit >> 6 < bits.length && (bits[unit >> 6] >>> unit & 1) != 0;
  }

  private static int highest(Partial partial) {
    for (int i = partial.units.length - 1; i >= 0; i--) {
      if (partial.units[i] != 0) {
        return 64 * i + 64 - Long.numberOfLeadingZeros(partial.units[i]);
      }
    }
    return 0;
  }

  private Partial begin(Key key, Packet first) {
    Station station = first.station;
    PortBudget port = station.budget();
    if (station.fragmented() >= PER_STATION) {
      giveWay(oldest(other -> station.equals(other.station)));
    } else if (port.fragmented() >= PER_PORT) {
      giveWay(oldest(other -> port.equals(portOf(other))));
    } else {
      int total = Math.min(TOTAL, memory.most(Table.DATAGRAMS));
      for (int i = 0; i < 2 && order.size() >= total; i++) { // two where it has become less
        PortBudget most = portWithMost(port);
        giveWay(oldest(other -> most.equals(portOf(other))));
      }
    }
    Partial partial = free.isEmpty() ? new Partial() : free.pop();
    partial.begin(key, first);
    partials.put(key, partial);
    order.add(partial);
    memory.changed(Table.DATAGRAMS, 1);
    return partial;
  }

  private @Nullable Partial oldest(Predicate<Partial> which) {
    for (Partial partial : order) {
      if (which.test(partial)) {
        return partial;
      }
    }
    return null;
  }

  private static @Nullable PortBudget portOf(Partial partial) {
    Key key = partial.key;
    return key == null ? null : key.port;
  }

  private PortBudget portWithMost(PortBudget asking) {
    PortBudget most = asking;
    for (Partial partial : order) {
      PortBudget port = portOf(partial);
      if (port != null && port.fragmented() > most.fragmented()) {
        most = port;
      }
    }
    return most;
  }

  private void expired(Partial partial) {
    Station station = partial.station;
    if (station != null) {
      station.budget().turn().charge(() -> late(partial));
    }
  }

  private void late(Partial partial) {
    ByteBuf data = partial.data;
    Station station = partial.station;
    if (data != null && station != null && partial.headerLength > 0) {
      // What is quoted is the first fragment: RFC 792 allows the message for no other.
      int payload = Math.min(8, data.capacity() - PAYLOAD);
      int ip = writeHeader(partial, data, payload);
      data.setIndex(ip - GuestLink.LINK_HEADROOM, PAYLOAD + payload);
      expiry.expired(station, data);
    }
    giveUp(partial);
  }

  private void giveWay(@Nullable Partial partial) {
    PortBudget port = partial == null ? null : portOf(partial);
    if (port != null) {
      port.count(Excess.FRAGMENTS);
    }
    giveUp(partial);
  }

  /** Ends a datagram that makes no sense, with what has yet to come of it. */
  private void abandon(@Nullable Partial partial) {
    counters.count(GatewayCount.REASSEMBLY_FAILED);
    if (partial != null) {
      partial.isAbandoned = true;
      release(partial);
    }
  }

  private static void release(Partial partial) {
    ByteBuf data = partial.data;
    if (data != null) {
      data.release();
    }
    partial.data = null;
  }

  private void giveUp(@Nullable Partial partial) {
    if (partial == null || !partial.isAbandoned) { // an abandoned one has been counted
      counters.count(GatewayCount.REASSEMBLY_FAILED);
    }
    if (partial != null) {
      remove(partial);
    }
  }

  private void remove(Partial partial) {
    partial.timer.cancel();
    Key key = partial.key;
    if (key != null) {
      partials.remove(key);
    }
    for (Iterator<Partial> all = order.iterator(); all.hasNext(); ) {
      if (all.next().equals(partial)) {
        all.remove();
        memory.changed(Table.DATAGRAMS, -1);
        break;
      }
    }
    release(partial);
    Station station = partial.station;
    if (station != null) {
      station.countFragmented(-1);
    }
    partial.station = null;
    partial.key = null;
    free.push(partial);
  }

  /** Gives up what a port that is gone has left unfinished. */
  void release(PortBudget port) {
    for (Partial partial : List.copyOf(order)) {
      if (port.equals(portOf(partial))) {
        giveUp(partial);
      }
    }
  }

  void close() {
    while (!order.isEmpty()) {
      remove(order.getLast());
    }
  }
}
