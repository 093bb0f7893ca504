package io.lanyard.nat.gateway;

import io.lanyard.base.Counters;
import io.lanyard.base.Timers;
import io.lanyard.nat.station.Excess;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Station;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Puts guests' fragmented datagrams together (RFC 791 section 3.2, RFC 815).
 *
 * <p>Memory and time are bounded: so many datagrams at a time for the network, each port and each
 * station, and 30 s for each. The oldest of the station or the port that has too many gives way,
 * and where the network has too many, the oldest of the port that has most. A datagram's fragments
 * come by one port: those of another, with a forged source, are of another datagram.
 *
 * <p>A fragment that covers bytes twice gives up its datagram (RFC 1858 section 4, RFC 5722 section
 * 4); only a mere repetition is ignored.
 */
final class Reassembly {
  /** As Linux (ipfrag_time); RFC 1122 section 3.3.2 allows 60 to 120, but memory is dearer. */
  static final long TIMEOUT_NANOS = 30_000_000_000L;

  static final int PER_STATION = 16;
  static final int PER_PORT = 32;
  static final int TOTAL = 64;

  /** Where the payload lies in the buffer: behind the longest header. */
  private static final int PAYLOAD = GuestLink.LINK_HEADROOM + 60;

  private static final int LARGEST_PAYLOAD = 65535 - Ipv4.HEADER_LENGTH;

  /**
   * The key of one datagram's fragments. Its methods are written out: the JVM would spin a record's
   * own when the first fragment comes.
   */
  private record Key(PortBudget port, int source, int destination, int idAndProtocol) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Key that
          && port.equals(that.port)
          && source == that.source
          && destination == that.destination
          && idAndProtocol == that.idAndProtocol;
    }

    @Override
    public int hashCode() {
      return 31 * (31 * (31 * source + destination) + idAndProtocol) + port.hashCode();
    }
  }

  /** A datagram with holes. Reused. */
  private final class Partial {
    private final long[] units = new long[65536 / 8 / 64];
    private final byte[] header = new byte[60];
    private final Timers.Timer timer = timers.create(() -> late(this));
    private @Nullable Key key;
    private @Nullable Station station;
    private @Nullable ByteBuf data;
    private int headerLength;
    private int total;
    private int received;

    private void begin(Key key, Packet first) {
      this.key = key;
      station = first.station;
      first.station.countFragmented(1);
      headerLength = 0;
      total = -1;
      received = 0;
      java.util.Arrays.fill(units, 0);
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

  Reassembly(
      Timers timers, ByteBufAllocator allocator, Counters<GatewayCount> counters, Expiry expiry) {
    this.timers = timers;
    this.allocator = allocator;
    this.counters = counters;
    this.expiry = expiry;
  }

  /**
   * Takes a fragment.
   *
   * @param packet lent: its header has been checked
   * @return the whole datagram if this was its last missing part: a frame with offload header and
   *     room for the Ethernet header, the caller's to release; else null
   */
  @Nullable ByteBuf receive(Packet packet) {
    counters.count(GatewayCount.FRAGMENTS_IN);
    ByteBuf frame = packet.frame;
    int ip = packet.network;
    int headerLength = Ipv4.headerLength(frame, ip);
    int length = Ipv4.totalLength(frame, ip) - headerLength;
    int offset = Ipv4.fragmentOffset(frame, ip);
    boolean more = (Ipv4.fragment(frame, ip) & Ipv4.MORE_FRAGMENTS) != 0;
    Key key =
        new Key(
            packet.station.budget(),
            Ipv4.source(frame, ip),
            Ipv4.destination(frame, ip),
            (Ipv4.id(frame, ip) << 8) | Ipv4.protocol(frame, ip));
    Partial partial = partials.get(key);
    if (length == 0 || (more && (length & 7) != 0) || offset + length > LARGEST_PAYLOAD) {
      giveUp(partial);
      return null;
    }
    if (partial == null) {
      partial = begin(key, packet);
    }
    return take(partial, frame, ip, headerLength, offset, length, more);
  }

  private @Nullable ByteBuf take(
      Partial partial,
      ByteBuf frame,
      int ip,
      int headerLength,
      int offset,
      int length,
      boolean more) {
    int end = offset + length;
    boolean beyond = partial.total >= 0 && (end > partial.total || (!more && end != partial.total));
    if (beyond || (!more && highest(partial) > (end + 7) / 8)) {
      giveUp(partial);
      return null;
    }
    int first = offset / 8;
    int last = (end + 7) / 8;
    int covered = covered(partial, first, last);
    if (covered != 0) {
      if (covered != last - first) {
        giveUp(partial);
      }
      return null;
    }
    for (int unit = first; unit < last; unit++) {
      partial.units[unit >> 6] |= 1L << unit;
    }
    ByteBuf data = room(partial, PAYLOAD + end);
    data.setBytes(PAYLOAD + offset, frame, ip + headerLength, length);
    partial.received += length;
    if (!more) {
      partial.total = end;
    }
    if (offset == 0) {
      partial.headerLength = headerLength;
      frame.getBytes(ip, partial.header, 0, headerLength);
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
    int ip = PAYLOAD - partial.headerLength;
    data.setBytes(ip, partial.header, 0, partial.headerLength);
    Ipv4.setTotalLength(data, ip, partial.headerLength + partial.total);
    data.setShort(ip + 6, 0);
    Ipv4.finishChecksum(data, ip);
    OffloadHeader.clear(data, ip - GuestLink.LINK_HEADROOM);
    data.setZero(ip - 14, 14);
    return data.setIndex(ip - GuestLink.LINK_HEADROOM, PAYLOAD + partial.total);
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

  private static int covered(Partial partial, int first, int last) {
    int covered = 0;
    for (int unit = first; unit < last; unit++) {
      covered += (int) (partial.units[unit >> 6] >>> unit) & 1;
    }
    return covered;
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
    } else if (order.size() >= TOTAL) {
      PortBudget most = portWithMost(port);
      giveWay(oldest(other -> most.equals(portOf(other))));
    }
    Partial partial = free.isEmpty() ? new Partial() : free.pop();
    partial.begin(key, first);
    partials.put(key, partial);
    order.add(partial);
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

  private void late(Partial partial) {
    ByteBuf data = partial.data;
    Station station = partial.station;
    if (data != null && station != null && partial.headerLength > 0) {
      int ip = PAYLOAD - partial.headerLength;
      data.setBytes(ip, partial.header, 0, partial.headerLength);
      // What is quoted is the first fragment: RFC 792 allows the message for no other.
      int payload = Math.min(8, data.capacity() - PAYLOAD);
      Ipv4.setTotalLength(data, ip, partial.headerLength + payload);
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

  private void giveUp(@Nullable Partial partial) {
    counters.count(GatewayCount.REASSEMBLY_FAILED);
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
        break;
      }
    }
    ByteBuf data = partial.data;
    if (data != null) {
      data.release();
    }
    Station station = partial.station;
    if (station != null) {
      station.countFragmented(-1);
    }
    partial.data = null;
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

  int pending() {
    return order.size();
  }

  void close() {
    while (!order.isEmpty()) {
      remove(order.getLast());
    }
  }
}
