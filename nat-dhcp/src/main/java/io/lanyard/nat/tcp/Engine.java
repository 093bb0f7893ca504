package io.lanyard.nat.tcp;

import io.lanyard.base.Counters;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.config.NatConfig;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowAccount;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.flow.FlowOwner;
import io.lanyard.nat.flow.Grant;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.gateway.IcmpReason;
import io.lanyard.nat.gateway.IpHeader;
import io.lanyard.nat.gateway.Packet;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import io.netty.channel.unix.Socket;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The engine: finds the connection that a segment belongs to, and makes new ones. */
final class Engine implements TcpEngine {
  /** RFC 6335 section 6: the dynamic ports. */
  private static final int FIRST_DYNAMIC_PORT = 49152;

  private static final int PORT_ATTEMPTS = 64;

  private final GuestLink link;
  private final TcpHost host;
  private final TcpBuffers buffers;
  private final MemoryPool pool;
  private final EngineTimeouts timeouts;
  private final RandomGenerator random;
  private final InitialSequence initial;
  private final EngineMemory memory;
  private final Counters<TcpCount> counters = new Counters<>(TcpCount.class);
  private final Segment segment = new Segment();
  private final SackBlocks blocks = new SackBlocks();
  private final FlowKey key = new FlowKey(FlowKey.TCP);
  private final Map<Endpoint, StreamService> services = new HashMap<>();
  private final Set<Connection> connections = new LinkedHashSet<>();
  private final List<Connection> touched = new ArrayList<>();
  private @Nullable ByteBuf control;
  private boolean sent;
  private final EngineFaults faults;

  Engine(
      GuestLink link,
      TcpHost host,
      NatConfig.Timeouts timeouts,
      MemoryPool pool,
      TcpBuffers buffers,
      RandomGenerator random) {
    this.link = link;
    this.host = host;
    this.pool = pool;
    this.buffers = buffers;
    faults = new EngineFaults(link.timers().clock(), counters);
    this.random = random;
    initial = new InitialSequence(random);
    memory = new EngineMemory(pool);
    this.timeouts = new EngineTimeouts(timeouts);
  }

  @Override
  public void configure(NatConfig.Timeouts others) {
    timeouts.configure(others);
    connections.forEach(Connection::renewTimeout);
  }

  GuestLink link() {
    return link;
  }

  TcpBuffers buffers() {
    return buffers;
  }

  EngineMemory memory() {
    return memory;
  }

  SackBlocks blocks() {
    return blocks;
  }

  long nanoTime() {
    return link.timers().clock().nanoTime();
  }

  int initialSequence(Connection c) {
    return initial.next(nanoTime(), c.remoteEnd(), c.guestEnd());
  }

  int timestampOffset(Connection c) {
    return initial.timestampOffset(c.remoteEnd(), c.guestEnd());
  }

  EngineTimeouts timeouts() {
    return timeouts;
  }

  /**
   * A frame for a segment without payload. The same one each time, unless a port still holds it.
   */
  ByteBuf control() {
    sent = true;
    ByteBuf frame = control;
    if (frame != null && frame.refCnt() == 1) {
      return frame;
    }
    ByteBuf fresh = link.allocator().directBuffer(SegmentWriter.HEADROOM);
    if (frame != null) {
      frame.release();
    }
    control = fresh;
    return fresh;
  }

  @Override
  public void receive(Packet packet) {
    counters.count(TcpCount.SEGMENTS_IN);
    Segment s = segment;
    if (!s.parse(packet) || s.sourcePort == 0 || s.destinationPort == 0) {
      counters.count(TcpCount.DROP_MALFORMED);
      return;
    }
    if (!s.checksumHolds()) {
      counters.count(TcpCount.DROP_CHECKSUM);
      return;
    }
    key.guest(packet.sourceHigh(), packet.sourceLow(), s.sourcePort)
        .remote(packet.destinationHigh(), packet.destinationLow(), s.destinationPort);
    if (host.flows().get(key) instanceof Connection c) {
      if (!host.admits(packet, c)) {
        return;
      }
      int bytes = s.payload + s.length - packet.network();
      c.countFromGuest(1 + s.length / Math.max(1, c.advertisedMss()), bytes);
      try {
        c.receive(s, packet.frame());
      } catch (RuntimeException | OutOfDirectMemoryError e) {
        faults.end(c, e);
      }
    } else {
      receiveUnknown(s);
    }
  }

  /** RFC 9293 section 3.10.7.1 and 3.10.7.2. */
  private void receiveUnknown(Segment s) {
    if (s.rst()) {
      return;
    }
    if (s.syn() && !s.hasAck() && !s.fin()) {
      accept(s);
      return;
    }
    counters.count(TcpCount.DROP_NO_CONNECTION);
    refuse(s);
  }

  private void refuse(Segment s) {
    counters.count(TcpCount.RESETS_OUT);
    Packet packet = s.packet;
    IpHeader header =
        IpHeader.unfragmented(FlowKey.TCP, packet.destination(), packet.sender().address());
    SegmentWriter writer = new SegmentWriter(header, s.destinationPort, s.sourcePort);
    if (s.hasAck()) {
      sendReset(writer, packet.sender(), s.ack, 0, Tcp.RST);
    } else {
      sendReset(writer, packet.sender(), 0, s.end(), Tcp.RST | Tcp.ACK);
    }
  }

  private void accept(Segment s) {
    Packet packet = s.packet;
    StreamService service = null;
    if (!packet.leadsOut()) {
      service = services.get(new Endpoint(packet.service(), s.destinationPort));
      if (service == null) {
        counters.count(TcpCount.CONNECT_FAILED);
        refuse(s);
        return;
      }
    }
    Grant grant = service == null ? host.admits(packet, s.destinationPort) : Grant.SERVICE;
    if (grant == null) {
      return;
    }
    Station station = packet.station();
    DescriptorBudget.Holder descriptors = station.budget().descriptors();
    if (service == null && !host.flows().takeDescriptor(descriptors, station.flows().owner())) {
      // As a host does whose queue is full: the guest tries again, and may find a place.
      counters.count(TcpCount.NO_DESCRIPTOR);
      return;
    }
    Connection c =
        new Connection(
            this,
            station.flows(),
            packet.sender(),
            s.sourcePort,
            new Endpoint(packet.destination(), s.destinationPort));
    c.grant(grant);
    if (!host.flows().add(c, station.flows())) {
      c.leaveMemory();
      counters.count(TcpCount.QUOTA);
      if (service == null) {
        descriptors.giveBack();
      }
      refuse(s);
      return;
    }
    connections.add(c);
    c.accept(s);
    try {
      if (service != null) {
        c.spliceTo(service.open(c, station, s.sourcePort));
      } else {
        Endpoint target = new Endpoint(packet.hostSide(), s.destinationPort);
        SocketStream.connect(
            link,
            timeouts.connect(),
            target.toSocketAddress(),
            c,
            station.budget()::turn,
            descriptors,
            Grant.awaitsHello(grant)
                ? stream ->
                    new HelloGate(
                        link.allocator(),
                        stream,
                        c,
                        hello -> host.admits(c, station.budget(), hello))
                : UnaryOperator.identity());
      }
    } catch (RuntimeException | OutOfDirectMemoryError e) {
      faults.end(c, e);
    }
  }

  /** Begins a new connection in place of one in TIME-WAIT, if its SYN is new enough. */
  boolean reopen(Connection old, Segment s) {
    if (!old.mayReopen(s)) {
      return false;
    }
    old.abort();
    receiveUnknown(s);
    return true;
  }

  @Override
  public void flush() {
    // By index: ending a burst may touch others, through a service.
    for (int i = 0; i < touched.size(); i++) {
      Connection c = touched.get(i);
      try {
        c.endBurst();
      } catch (RuntimeException | OutOfDirectMemoryError e) {
        faults.end(c, e);
      }
    }
    touched.clear();
    if (sent) {
      sent = false;
      link.flush();
    }
  }

  /** Has {@link Connection#endBurst} called at the end of the burst. */
  void touched(Connection c) {
    if (c.markDirty()) {
      touched.add(c);
    }
  }

  @Override
  public void serve(Endpoint endpoint, StreamService service) {
    services.put(endpoint, service);
  }

  @Override
  public void withdraw(Endpoint endpoint) {
    services.remove(endpoint);
  }

  @Override
  public @Nullable Flow connectToGuest(
      Socket accepted,
      Endpoint source,
      Neighbour guest,
      int port,
      FlowAccount account,
      DescriptorBudget.Holder descriptors) {
    if (!descriptors.take()) {
      counters.count(TcpCount.NO_DESCRIPTOR);
      SocketStream.refuse(accepted);
      return null;
    }
    Connection c =
        openToGuest(
            source,
            guest,
            port,
            account,
            stream -> SocketStream.adopt(link, accepted, stream, guest::turn, descriptors));
    if (c == null) {
      descriptors.giveBack();
      SocketStream.refuse(accepted);
    }
    return c;
  }

  /**
   * Opens a connection to a guest; null if there is no place for it, or the host's side was not
   * made: what was granted for that is still the caller's.
   */
  @Nullable Connection openToGuest(
      Endpoint source,
      Neighbour guest,
      int port,
      FlowAccount account,
      Function<GuestStream, @Nullable HostStream> hostSide) {
    int chosen = choosePort(source, guest.address(), port);
    Connection c =
        new Connection(this, account, guest, port, new Endpoint(source.address(), chosen));
    if (chosen == 0 || !host.flows().add(c, account)) {
      c.leaveMemory();
      counters.count(TcpCount.QUOTA);
      return null;
    }
    connections.add(c);
    HostStream stream = null;
    try {
      stream = hostSide.apply(c);
      if (stream != null) {
        c.open(stream);
      }
    } catch (RuntimeException | OutOfDirectMemoryError e) {
      faults.end(c, e);
    }
    if (stream == null) {
      forget(c);
      return null;
    }
    link.flush();
    return c;
  }

  private int choosePort(Endpoint source, Address guest, int port) {
    int candidate = source.port();
    for (int i = 0; i < PORT_ATTEMPTS; i++) {
      if (candidate != 0) {
        Flow there = host.flows().get(key.guest(guest, port).remote(source.address(), candidate));
        if (there instanceof Connection c && c.tcpState() == Connection.State.TIME_WAIT) {
          c.abort();
          there = null;
        }
        if (there == null) {
          return candidate;
        }
      }
      candidate = FIRST_DYNAMIC_PORT + random.nextInt(65536 - FIRST_DYNAMIC_PORT);
    }
    return 0;
  }

  @Override
  public void unreachable(Packet quoted) {
    ByteBuf frame = quoted.frame();
    int ports = frame.getInt(quoted.transport());
    key.guest(quoted.destinationHigh(), quoted.destinationLow(), ports & 0xffff)
        .remote(quoted.sourceHigh(), quoted.sourceLow(), ports >>> 16);
    if (host.flows().get(key) instanceof Connection c) {
      c.unreachable(frame.getInt(quoted.transport() + 4));
    }
  }

  @Override
  public void unanswered(Neighbour guest) {
    for (Flow flow : host.flows().ofGuest(guest.address())) {
      if (flow instanceof Connection c) {
        c.guestAbsent();
      }
    }
  }

  /** Reports that the SYN of a connection led nowhere. */
  void reportUnreachable(Connection c, int initialSequence, IcmpReason reason) {
    long ports = (long) c.guestPort() << 48 | (long) c.remotePort() << 32;
    host.unreachable(reason, c, c.neighbour(), ports | (initialSequence & 0xffff_ffffL));
  }

  /** Sends a reset that belongs to no connection, or to one that ends. */
  void sendReset(SegmentWriter writer, Neighbour guest, int seq, int ack, int flags) {
    ByteBuf frame = control();
    blocks.clear();
    writer.write(frame, SegmentWriter.HEADROOM, 0, seq, ack, flags, 0, 536, blocks);
    counters.count(TcpCount.SEGMENTS_OUT);
    link.send(frame, guest);
  }

  @Override
  public Counters<TcpCount> counters() {
    return counters;
  }

  @Override
  public MemoryPool memoryPool() {
    return pool;
  }

  @Override
  public long memoryBytes() {
    return memory.used();
  }

  @Override
  public List<FlowOwner> lackMemory() {
    return memory.exhausted();
  }

  @Override
  public boolean lacksMemory(FlowOwner owner) {
    return memory.isExhausted(owner);
  }

  @Override
  public int connections() {
    return connections.size();
  }

  /** Takes a connection that has ended off the books. */
  void forget(Connection c) {
    connections.remove(c);
    host.flows().remove(c);
    c.leaveMemory();
  }

  /** Runs a timer's action so that nothing escapes to the loop, and what it sent leaves. */
  void run(Connection c, Runnable action) {
    c.charge(() -> {
      try {
        action.run();
      } catch (RuntimeException | OutOfDirectMemoryError e) {
        faults.end(c, e);
      }
      sent = false;
      link.flush();
    });
  }

  Runnable guarded(Connection c, Runnable action) {
    return () -> run(c, action);
  }

  @Override
  public void close() {
    for (Connection c : List.copyOf(connections)) {
      c.abort();
    }
    touched.clear();
    link.flush();
    memory.close();
    ByteBuf frame = control;
    control = null;
    if (frame != null) {
      frame.release();
    }
  }

  @Override
  public String toString() {
    StringBuilder b = new StringBuilder();
    for (Connection c : connections) {
      b.append(c.guestPort()).append(' ').append(c.describe()).append('\n');
    }
    return b.toString();
  }
}
