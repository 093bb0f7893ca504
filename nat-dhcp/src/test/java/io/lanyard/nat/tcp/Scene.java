package io.lanyard.nat.tcp;

import io.lanyard.config.NatConfig;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.gateway.TestPackets;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.TestStations;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Random;

/** An engine, a guest whose segments a test writes by hand, and a host's side. */
final class Scene implements AutoCloseable {
  static final Station STATION = station("guest", 0x5254_0000_0010L, Ethernet.LARGEST_PACKET);
  static final int GUEST_PORT = 40000;
  static final int SERVER_PORT = 80;
  static final int GUEST_ISN = 1000;

  final Family family;
  final StoppedTimers timers = new StoppedTimers();
  final TestLink link;
  final Engine engine;
  final Deque<Sent> sent = new ArrayDeque<>();
  final List<TestStream> streams = new ArrayList<>();
  boolean connectAtOnce = true;
  int isn;
  boolean timestamps;
  int tsValue = 100;
  int tsEcho;
  int guestPort = GUEST_PORT;

  Scene() {
    this(Family.IPV4);
  }

  Scene(Family family) {
    this(family, TcpBuffers.USUAL.receive(), MemoryPool.ofProcess());
  }

  /** With another limit of what connections take ahead of the host's side, and their memory. */
  Scene(Family family, int receiveBuffer, MemoryPool pool) {
    this.family = family;
    link = new TestLink(timers, TestNetworks.quota());
    link.mtu = family.mtu(1500);
    link.sink = frame -> sent.add(Sent.of(frame));
    engine = engine(link, receiveBuffer, pool, 1);
    engine.serve(
        family.service,
        (guest, address, port) -> {
          TestStream stream = new TestStream(guest, link.allocator);
          streams.add(stream);
          if (connectAtOnce) {
            guest.connected();
          }
          return stream;
        });
  }

  /** A station of a table of its own, behind a port with an MTU. */
  static Station station(String port, long mac, int mtu) {
    return TestStations.station(
        TestStations.table(), new InMemoryPort(port, mtu, Offloads.NONE), mac);
  }

  static Engine engine(TestLink link, int receiveBuffer, MemoryPool pool, long seed) {
    TcpBuffers buffers = new TcpBuffers(TcpBuffers.USUAL.send(), receiveBuffer);
    return new Engine(link, link, NatConfig.usual().timeouts(), pool, buffers, new Random(seed));
  }

  /** Opens a connection to a guest, as a forward does; its host's side never ends. */
  static TestStream open(Engine engine, TestLink link, Endpoint source, Neighbour guest, int port) {
    TestStream[] made = new TestStream[1];
    Objects.requireNonNull(
        engine.openToGuest(
            source,
            guest,
            port,
            guest.charged().flows(),
            stream -> made[0] = new TestStream(stream, link.allocator)));
    return made[0];
  }

  TestStream stream() {
    return streams.getLast();
  }

  Connection connection() {
    return (Connection) stream().guest;
  }

  /** The engine's next segment; there must be one. */
  Sent next() {
    Sent s = sent.poll();
    if (s == null) {
      throw new AssertionError("nothing was sent");
    }
    return s;
  }

  /** The engine's last segment; there must be one. */
  Sent last() {
    return sent.getLast();
  }

  void guest(int flags, int seq, int ack, int window, byte[] payload, byte... options) {
    ByteBuf frame = frame(flags, seq, ack, window, payload, options);
    try {
      int reader = frame.readerIndex();
      int writer = frame.writerIndex();
      receive(frame);
      if (frame.readerIndex() != reader || frame.writerIndex() != writer) {
        throw new AssertionError("the frame's indexes were moved");
      }
      engine.flush();
    } finally {
      frame.release();
    }
  }

  void receive(ByteBuf frame) {
    receive(engine, frame);
  }

  /** Hands a frame to an engine as the gateway does. */
  static void receive(Engine engine, ByteBuf frame) {
    engine.receive(TestPackets.toGateway(Family.of(frame).sender(frame), frame));
  }

  ByteBuf frame(int flags, int seq, int ack, int window, byte[] payload, byte... options) {
    byte[] all = options;
    if (timestamps) {
      ByteBuf b = PooledByteBufAllocator.DEFAULT.buffer(64);
      b.writeInt(0x0101080a).writeInt(tsValue).writeInt(tsEcho).writeBytes(options);
      all = new byte[b.readableBytes()];
      b.readBytes(all);
      b.release();
    }
    int header = 20 + (all.length + 3) / 4 * 4;
    int tcp = family.transport();
    ByteBuf frame = link.allocator.directBuffer(tcp + header + payload.length);
    frame.writeZero(tcp + header);
    frame.writeBytes(payload);
    family.write(frame, header + payload.length);
    frame.setShort(tcp, guestPort);
    frame.setShort(tcp + 2, SERVER_PORT);
    frame.setInt(tcp + 4, seq);
    frame.setInt(tcp + 8, ack);
    frame.setInt(tcp + 12, header << 26 | flags << 16 | window);
    frame.setBytes(tcp + 20, all);
    int size = header + payload.length;
    long sum = family.pseudoSum(frame, size) + Checksum.sum(frame, tcp, size);
    frame.setShort(tcp + 16, Checksum.finish(sum));
    return frame;
  }

  void guest(int flags, int seq, int ack) {
    guest(flags, seq, ack, 65535, new byte[0]);
  }

  void guest(int flags, int seq, int ack, String text) {
    guest(flags, seq, ack, 65535, text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
  }

  void ack(int ack) {
    guest(Tcp.ACK, GUEST_ISN + 1, isn + ack);
  }

  /** Options of a SYN: MSS, SACK permitted, window scale. */
  static byte[] synOptions(int mss, boolean sack, int shift) {
    ByteBuf b = PooledByteBufAllocator.DEFAULT.buffer(32);
    b.writeByte(2).writeByte(4).writeShort(mss);
    if (sack) {
      b.writeInt(0x01010402);
    }
    if (shift >= 0) {
      b.writeInt(0x01030300 | shift);
    }
    byte[] bytes = new byte[b.readableBytes()];
    b.readBytes(bytes);
    b.release();
    return bytes;
  }

  static byte[] sack(int... edges) {
    ByteBuf b = PooledByteBufAllocator.DEFAULT.buffer(64);
    b.writeShort(0x0101).writeByte(5).writeByte(2 + 4 * edges.length);
    for (int edge : edges) {
      b.writeInt(edge);
    }
    byte[] bytes = new byte[b.readableBytes()];
    b.readBytes(bytes);
    b.release();
    return bytes;
  }

  /** A handshake; returns the host's side. */
  TestStream establish(byte... options) {
    guest(Tcp.SYN, GUEST_ISN, 0, 65535, new byte[0], options);
    Sent answer = next();
    isn = answer.seq();
    tsEcho = answer.tsValue();
    guest(Tcp.ACK, GUEST_ISN + 1, isn + 1);
    sent.clear();
    return stream();
  }

  TestStream establish() {
    return establish(synOptions(1460, true, 7));
  }

  /** Bytes that can be told apart. */
  static byte[] bytes(int length) {
    byte[] b = new byte[length];
    for (int i = 0; i < length; i++) {
      b[i] = (byte) (i * 31 + (i >> 8));
    }
    return b;
  }

  @Override
  public void close() {
    engine.close();
    if (link.allocator.metric().usedDirectMemory() != 0) {
      throw new AssertionError(
          "a buffer leaked: " + link.allocator.metric().usedDirectMemory() + " bytes");
    }
    if (link.flows.size() != 0 || engine.memory().used() != 0 || engine.memory().ports() != 0) {
      throw new AssertionError(
          "left over: flows " + link.flows.size() + ", bytes " + engine.memory().used());
    }
  }
}
