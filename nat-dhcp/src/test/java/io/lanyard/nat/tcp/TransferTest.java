package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.frame.Frames;
import io.netty.buffer.ByteBuf;
import java.util.PriorityQueue;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two engines talk to each other over a link that loses, delays and duplicates. */
class TransferTest {
  Family family() {
    return Family.IPV4;
  }

  private record Arrival(long at, long order, Engine to, ByteBuf frame) {}

  /** Both engines, and the frames between them. */
  private static final class Wire implements AutoCloseable {
    final StoppedTimers timers = new StoppedTimers();
    final TestLink serverLink = new TestLink(timers, TestNetworks.quota());
    final TestLink clientLink = new TestLink(timers, TestNetworks.quota());
    final Engine server;
    final Engine client;
    final PriorityQueue<Arrival> flying =
        new PriorityQueue<>(
            (a, b) -> a.at != b.at ? Long.compare(a.at, b.at) : Long.compare(a.order, b.order));
    final Family family;
    final Random random;
    final double loss;
    final double reorder;
    final double duplicate;
    long order;
    @Nullable TestStream serverStream;

    Wire(Family family, long seed, double loss, double reorder, double duplicate) {
      this.family = family;
      serverLink.mtu = family.mtu(1500);
      clientLink.mtu = family.mtu(1500);
      random = new Random(seed);
      this.loss = loss;
      this.reorder = reorder;
      this.duplicate = duplicate;
      server = engine(serverLink, seed + 1);
      client = engine(clientLink, seed + 2);
      serverLink.sink = frame -> carry(client, frame);
      clientLink.sink = frame -> carry(server, frame);
      server.serve(
          family.service,
          (guest, address, port) -> {
            TestStream stream = new TestStream(guest, serverLink.allocator);
            serverStream = stream;
            guest.connected();
            return stream;
          });
    }

    private static Engine engine(TestLink link, long seed) {
      return Scene.engine(link, TcpBuffers.USUAL.receive(), MemoryPool.ofProcess(), seed);
    }

    private void carry(Engine to, ByteBuf frame) {
      // Whole frames where nothing is lost; else each segment has its own fate.
      if (loss == 0 || !Frames.isSuper(frame)) {
        fly(to, copy(frame));
        return;
      }
      int segments = Frames.segments(frame);
      for (int i = 0; i < segments; i++) {
        ByteBuf one = clientLink.allocator.directBuffer(2000);
        Frames.copySegment(frame, i, one);
        fly(to, one);
      }
    }

    private ByteBuf copy(ByteBuf frame) {
      return clientLink.allocator.directBuffer(frame.readableBytes()).writeBytes(frame.slice());
    }

    private void fly(Engine to, ByteBuf frame) {
      if (random.nextDouble() < loss) {
        frame.release();
        return;
      }
      long at = timers.nanoTime() + 50_000;
      if (random.nextDouble() < reorder) {
        at += random.nextInt(1_000_000);
      }
      if (random.nextDouble() < duplicate) {
        flying.add(new Arrival(at + random.nextInt(300_000), order++, to, copy(frame)));
      }
      flying.add(new Arrival(at, order++, to, frame));
    }

    /** Lets the next thing happen; false if nothing is left. */
    boolean step() {
      Arrival next = flying.peek();
      long timer = timers.next();
      if (next != null && next.at <= timer) {
        flying.remove();
        timers.advance(Math.max(0, next.at - timers.nanoTime()));
        try {
          Scene.receive(next.to, next.frame);
          next.to.flush();
        } finally {
          next.frame.release();
        }
        return true;
      }
      if (timer == Long.MAX_VALUE) {
        return false;
      }
      timers.advance(Math.max(0, timer - timers.nanoTime()));
      return true;
    }

    @Override
    public void close() {
      server.close();
      client.close();
      for (Arrival arrival : flying) {
        arrival.frame.release();
      }
      assertThat(server.memory().used()).isZero();
      assertThat(client.memory().used()).isZero();
      assertThat(serverLink.allocator.metric().usedDirectMemory()).isZero();
      assertThat(clientLink.allocator.metric().usedDirectMemory()).isZero();
    }
  }

  /** Feeds bytes as fast as the connection takes them, and ends. */
  private static int feed(@Nullable TestStream stream, byte[] data, int from) {
    int at = from;
    if (stream == null) {
      return at;
    }
    while (stream.reading && at < data.length && stream.guest.room() > 0) {
      int part = Math.min(stream.guest.burst(), data.length - at);
      stream.send(data, at, part);
      at += part;
      if (at == data.length) {
        stream.guest.end();
      }
    }
    return at;
  }

  private static TestStream open(Wire wire) {
    Endpoint source = new Endpoint(wire.family.guestAddress, Scene.GUEST_PORT);
    return Scene.open(wire.client, wire.clientLink, source, wire.family.server, Scene.SERVER_PORT);
  }

  private static long transfer(Wire wire, int bytes) {
    byte[] up = new byte[bytes];
    byte[] down = new byte[bytes];
    wire.random.nextBytes(up);
    wire.random.nextBytes(down);
    long start = wire.timers.nanoTime();
    TestStream clientStream = open(wire);
    int sentUp = 0;
    int sentDown = 0;
    for (int steps = 0; steps < 3_000_000; steps++) {
      sentUp = feed(clientStream, up, sentUp);
      sentDown = feed(wire.serverStream, down, sentDown);
      TestStream serverStream = wire.serverStream;
      if (serverStream != null
          && clientStream.finished
          && serverStream.finished
          && clientStream.closed
          && serverStream.closed) {
        assertThat(serverStream.received.toByteArray()).isEqualTo(up);
        assertThat(clientStream.received.toByteArray()).isEqualTo(down);
        return wire.timers.nanoTime() - start;
      }
      if (!wire.step()) {
        break;
      }
    }
    TestStream serverStream = wire.serverStream;
    throw new AssertionError(
        "stuck: up "
            + sentUp
            + " arrived "
            + (serverStream == null ? -1 : serverStream.received.size())
            + ", down "
            + sentDown
            + " arrived "
            + clientStream.received.size()
            + " aborted "
            + clientStream.aborted
            + " idle "
            + wire.client.counters().get(TcpCount.IDLE_TIMEOUTS)
            + wire.server.counters().get(TcpCount.IDLE_TIMEOUTS)
            + " took "
            + (wire.timers.nanoTime() - start) / 1e9);
  }

  @Test
  void aCleanWireCarriesBothWaysWithoutRetransmission() {
    try (Wire wire = new Wire(family(), 7, 0, 0, 0)) {
      transfer(wire, 2 << 20);
      assertThat(wire.client.counters().get(TcpCount.RETRANSMITTED)).isZero();
      assertThat(wire.server.counters().get(TcpCount.RETRANSMITTED)).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0.02, 0, 0",
    "2, 0.02, 0.05, 0.02",
    "3, 0.02, 0.2, 0.05",
    "4, 0.10, 0.02, 0.02",
    "5, 0.20, 0.10, 0.10",
    "6, 0.001, 0.5, 0.5"
  })
  void anImpairedWireKeepsEveryByte(long seed, double loss, double reorder, double duplicate) {
    try (Wire wire = new Wire(family(), seed, loss, reorder, duplicate)) {
      int bytes = loss > 0.05 ? 150_000 : 1_500_000;
      long took = transfer(wire, bytes);
      // A second of RTOs for every hundred segments would mean that recovery does not work.
      assertThat(took).isLessThan(loss > 0.1 ? 200_000_000_000L : 10_000_000_000L);
    }
  }

  @Test
  void manySmallWritesArriveWhole() {
    try (Wire wire = new Wire(family(), 11, 0.02, 0.02, 0.02)) {
      TestStream client = open(wire);
      StringBuilder all = new StringBuilder();
      for (int i = 0; i < 4_000; i++) {
        if (client.reading && all.length() < 40_000) {
          String piece = "piece " + i + "\n";
          all.append(piece);
          client.send(piece);
        }
        wire.step();
      }
      TestStream server = wire.serverStream;
      assertThat(server).isNotNull();
      if (server != null) {
        for (int i = 0; i < 100_000 && server.received.size() < all.length(); i++) {
          wire.step();
        }
        assertThat(server.received.toString(java.nio.charset.StandardCharsets.US_ASCII))
            .isEqualTo(all.toString());
      }
    }
  }
}
