package io.lanyard.nat.tcp;

import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.nat.station.Station;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The engine: finds the connection that a segment belongs to, and makes new ones. */
final class Engine implements TcpEngine {
  private static final System.Logger LOG = System.getLogger(Engine.class.getName());

  /** RFC 6335 section 6: the dynamic ports. */
  private static final int FIRST_DYNAMIC_PORT = 49152;

  private static final int PORT_ATTEMPTS = 64;

  private final GuestLink link;
  private final TcpHost host;
  private final TcpSettings settings;
  private final RandomGenerator random;
  private final InitialSequence initial;
  private final EngineMemory memory;
  private final Counters<TcpCount> counters = new Counters<>(TcpCount.class);
  private final Segment segment = new Segment();
  private final SackBlocks blocks = new SackBlocks();
  private final Map<Long, StreamService> services = new HashMap<>();
  private final Set<Connection> connections = new LinkedHashSet<>();
  private final List<Connection> touched = new ArrayList<>();
  private @Nullable ByteBuf control;
  private boolean sent;
  private final RateLimitedLog log;

  Engine(GuestLink link, TcpHost host, TcpSettings settings, RandomGenerator random) {
    this.link = link;
    this.host = host;
    this.settings = settings;
    this.log = new RateLimitedLog(LOG, link.timers().clock());
    this.random = random;
    initial = new InitialSequence(random);
    memory = new EngineMemory(settings.memory());
  }

  GuestLink link() {
    return link;
  }

  TcpSettings settings() {
    return settings;
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
    return initial.next(
        nanoTime(), c.remoteAddress(), c.remotePort(), c.guestAddress(), c.guestPort());
  }

  int timestampOffset(Connection c) {
    return initial.timestampOffset(
        c.remoteAddress(), c.remotePort(), c.guestAddress(), c.guestPort());
  }

  long idleNanos(Connection.State state) {
    return switch (state) {
      case ESTABLISHED, CLOSE_WAIT, FIN_WAIT_2 -> settings.establishedTimeout().toNanos();
      case TIME_WAIT -> settings.timeWait().toNanos();
      default -> settings.transitoryTimeout().toNanos();
    };
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
  public void receive(Station from, ByteBuf frame, int ip, int at, int end, int destination) {
    counters.count(TcpCount.SEGMENTS_IN);
    Segment s = segment;
    if (!s.parse(frame, ip) || s.sourcePort == 0 || s.destinationPort == 0) {
      counters.count(TcpCount.DROP_MALFORMED);
      return;
    }
    if (!s.checksumHolds(frame)) {
      counters.count(TcpCount.DROP_CHECKSUM);
      return;
    }
    long high = FlowKey.high(s.source, s.destination);
    long low = FlowKey.low(FlowKey.TCP, s.sourcePort, s.destinationPort);
    if (host.flows().get(high, low) instanceof Connection c) {
      int bytes = s.payload + s.length - ip;
      c.countFromGuest(1 + s.length / Math.max(1, c.advertisedMss()), bytes);
      try {
        c.receive(from, s, frame);
      } catch (RuntimeException | OutOfDirectMemoryError e) {
        fault(c, e);
      }
    } else {
      receiveUnknown(from, s, high, low);
    }
  }

  /** RFC 9293 section 3.10.7.1 and 3.10.7.2. */
  private void receiveUnknown(Station from, Segment s, long high, long low) {
    if (s.rst()) {
      return;
    }
    if (s.syn() && !s.hasAck() && !s.fin()) {
      accept(from, s, high, low);
      return;
    }
    counters.count(TcpCount.DROP_NO_CONNECTION);
    refuse(s);
  }

  private void refuse(Segment s) {
    counters.count(TcpCount.RESETS_OUT);
    IpHeader header = new Ipv4Header(s.destination, s.source);
    if (s.hasAck()) {
      sendReset(header, s.destinationPort, s.sourcePort, s.ack, 0, Tcp.RST);
    } else {
      sendReset(header, s.destinationPort, s.sourcePort, 0, s.end(), Tcp.RST | Tcp.ACK);
    }
  }

  private void accept(Station from, Segment s, long high, long low) {
    StreamService service = services.get(serviceKey(s.destination, s.destinationPort));
    InetSocketAddress target = null;
    if (service == null) {
      target = host.route(s.source, s.destination, s.destinationPort);
      if (target == null) {
        counters.count(TcpCount.CONNECT_FAILED);
        refuse(s);
        return;
      }
    }
    Connection c = new Connection(this, high, low);
    if (!host.flows().add(c)) {
      c.leaveGuest();
      counters.count(TcpCount.QUOTA);
      refuse(s);
      return;
    }
    connections.add(c);
    c.accept(s);
    try {
      if (service != null) {
        c.spliceTo(service.open(c, from, s.sourcePort));
      } else if (target != null) {
        SocketStream.connect(link, settings, target, c);
      }
    } catch (RuntimeException | OutOfDirectMemoryError e) {
      fault(c, e);
    }
  }

  /** Begins a new connection in place of one in TIME-WAIT, if its SYN is new enough. */
  boolean reopen(Station from, Connection old, Segment s) {
    if (!old.mayReopen(s)) {
      return false;
    }
    old.abort();
    receiveUnknown(
        from,
        s,
        FlowKey.high(s.source, s.destination),
        FlowKey.low(FlowKey.TCP, s.sourcePort, s.destinationPort));
    return true;
  }

  private static long serviceKey(int address, int port) {
    return (address & 0xffff_ffffL) << 16 | port;
  }

  @Override
  public void flush() {
    // By index: ending a burst may touch others, through a service.
    for (int i = 0; i < touched.size(); i++) {
      Connection c = touched.get(i);
      try {
        c.endBurst();
      } catch (RuntimeException | OutOfDirectMemoryError e) {
        fault(c, e);
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
  public void serve(int address, int port, StreamService service) {
    services.put(serviceKey(address, port), service);
  }

  @Override
  public @Nullable Flow connectToGuest(
      Channel accepted, int source, int sourcePort, int guest, int port) {
    Connection c =
        openToGuest(
            source, sourcePort, guest, port, stream -> SocketStream.adopt(link, accepted, stream));
    if (c == null) {
      SocketStream.refuse(accepted);
    }
    return c;
  }

  /** Opens a connection to a guest; null if there is no place for it. */
  @Nullable Connection openToGuest(
      int source,
      int sourcePort,
      int guest,
      int port,
      Function<GuestStream, @Nullable HostStream> hostSide) {
    int chosen = choosePort(source, sourcePort, guest, port);
    Connection c =
        new Connection(this, FlowKey.high(guest, source), FlowKey.low(FlowKey.TCP, port, chosen));
    if (chosen == 0 || !host.flows().add(c)) {
      c.leaveGuest();
      counters.count(TcpCount.QUOTA);
      return null;
    }
    connections.add(c);
    try {
      HostStream stream = hostSide.apply(c);
      if (stream == null) {
        forget(c);
        return null;
      }
      c.open(stream);
    } catch (RuntimeException | OutOfDirectMemoryError e) {
      fault(c, e);
    }
    link.flush();
    return c;
  }

  private int choosePort(int source, int wanted, int guest, int port) {
    int candidate = wanted;
    for (int i = 0; i < PORT_ATTEMPTS; i++) {
      if (candidate != 0) {
        Flow there =
            host.flows()
                .get(FlowKey.high(guest, source), FlowKey.low(FlowKey.TCP, port, candidate));
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
  public void unreachable(ByteBuf frame, int quoted, int code) {
    int tcp = quoted + (frame.getByte(quoted) & 0xf) * 4;
    if (tcp < quoted + Ipv4.HEADER_LENGTH || frame.writerIndex() - tcp < 8) {
      return;
    }
    int ports = frame.getInt(tcp);
    long high = FlowKey.high(frame.getInt(quoted + 16), frame.getInt(quoted + 12));
    long low = FlowKey.low(FlowKey.TCP, ports & 0xffff, ports >>> 16);
    if (host.flows().get(high, low) instanceof Connection c) {
      c.unreachable(frame.getInt(tcp + 4));
    }
  }

  @Override
  public void unanswered(int guest) {
    for (Connection c : List.copyOf(connections)) {
      if (c.guestAddress() == guest) {
        c.guestAbsent();
      }
    }
  }

  /** Reports that the SYN of a connection led nowhere; its beginning is written anew. */
  void reportUnreachable(Connection c, int initialSequence, int code) {
    ByteBuf packet = link.allocator().directBuffer(Ipv4.HEADER_LENGTH + Tcp.HEADER_LENGTH);
    try {
      packet.setIndex(0, Ipv4.HEADER_LENGTH + Tcp.HEADER_LENGTH);
      new Ipv4Header(c.guestAddress(), c.remoteAddress()).write(packet, 0, Tcp.HEADER_LENGTH);
      int tcp = Ipv4.HEADER_LENGTH;
      packet.setInt(tcp, c.guestPort() << 16 | c.remotePort());
      packet.setInt(tcp + 4, initialSequence);
      packet.setInt(tcp + 8, 0);
      packet.setInt(tcp + 12, Tcp.HEADER_LENGTH << 26 | Tcp.SYN << 16);
      packet.setInt(tcp + 16, 0);
      host.unreachable(packet, code);
    } finally {
      packet.release();
    }
  }

  /** Sends a reset that belongs to no connection, or to one that ends. */
  void sendReset(IpHeader ip, int localPort, int guestPort, int seq, int ack, int flags) {
    ByteBuf frame = control();
    blocks.clear();
    new SegmentWriter(ip, localPort, guestPort)
        .write(frame, SegmentWriter.HEADROOM, 0, seq, ack, flags, 0, 536, blocks);
    counters.count(TcpCount.SEGMENTS_OUT);
    ip.send(link, frame);
  }

  @Override
  public void abortGuest(int guest) {
    for (Connection c : List.copyOf(connections)) {
      if (c.guestAddress() == guest) {
        c.abort();
      }
    }
    link.flush();
  }

  @Override
  public Counters<TcpCount> counters() {
    return counters;
  }

  @Override
  public int connections() {
    return connections.size();
  }

  /** Takes a connection that has ended off the books. */
  void forget(Connection c) {
    connections.remove(c);
    host.flows().remove(c);
    c.leaveGuest();
  }

  /** Runs a timer's action so that nothing escapes to the loop, and what it sent leaves. */
  void run(Connection c, Runnable action) {
    try {
      action.run();
    } catch (RuntimeException | OutOfDirectMemoryError e) {
      fault(c, e);
    }
    sent = false;
    link.flush();
  }

  Runnable guarded(Connection c, Runnable action) {
    return () -> run(c, action);
  }

  /**
   * Ends a connection that ran into a fault of the engine, or that the allocator refused a buffer;
   * the others go on. Only the budget for direct memory is survived: it refuses before anything has
   * changed. A full heap has left who knows what half done, and the JVM exits.
   */
  private void fault(Connection c, Throwable e) {
    if (e instanceof OutOfDirectMemoryError) {
      counters.count(TcpCount.NO_MEMORY);
      log.log(
          System.Logger.Level.WARNING,
          "tcp-out-of-memory",
          line ->
              line.with("cause", e)
                  .with(
                      "advice",
                      "connections are reset; give the daemon more by"
                          + " LANYARD_JVM_FLAGS=-XX:MaxDirectMemorySize=..."));
    } else {
      counters.count(TcpCount.FAULTS);
      log.log(
          System.Logger.Level.ERROR,
          "tcp-fault",
          line -> line.with("state", c.state()).with("advice", "the flow ends; please report this"),
          e);
    }
    try {
      c.abort();
    } catch (RuntimeException | OutOfDirectMemoryError again) {
      log.log(
          System.Logger.Level.ERROR,
          "tcp-fault",
          line -> line.with("state", "ending").with("advice", "please report this"),
          again);
    }
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
