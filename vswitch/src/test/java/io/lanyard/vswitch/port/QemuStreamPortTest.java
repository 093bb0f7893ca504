package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortCounters;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Frames;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.concurrent.Future;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QemuStreamPortTest extends PortSuite {
  @TempDir Path directory = Path.of("");
  private @Nullable QemuStreamPort made;
  private @Nullable Future<Void> started;

  private QemuStreamPort made() {
    return Objects.requireNonNull(made);
  }

  private QemuStreamPort make(QemuStreamPort.Settings settings) {
    return new QemuStreamPort(settings, loop, timers, network, PooledByteBufAllocator.DEFAULT);
  }

  @Override
  Port start() throws Exception {
    QemuStreamPort port =
        make(QemuStreamPort.Settings.unix("vm", true, directory.resolve("vm.sock"), 1500));
    network.attach(port);
    started = port.start();
    made = port;
    return port;
  }

  private static byte[] framed(byte[] frame) {
    return ByteBuffer.allocate(4 + frame.length).putInt(frame.length).put(frame).array();
  }

  /** QEMU's end of the socket. */
  static final class Client implements Guest, AutoCloseable {
    final SocketChannel channel;
    private final DataInputStream in;

    Client(Path path) throws IOException {
      this(SocketChannel.open(UnixDomainSocketAddress.of(path)));
    }

    Client(SocketChannel channel) {
      this.channel = channel;
      this.in = new DataInputStream(Channels.newInputStream(channel));
    }

    void write(byte[] bytes) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    }

    @Override
    public void send(byte[] frame) throws IOException {
      write(framed(frame));
    }

    @Override
    public byte[] receive() throws IOException {
      byte[] frame = new byte[in.readInt()];
      in.readFully(frame);
      return frame;
    }

    boolean isAtEnd() throws IOException {
      return in.read() < 0;
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  @Override
  Guest connect(Port port) throws Exception {
    Objects.requireNonNull(started).get(5, TimeUnit.SECONDS);
    Client client = new Client(directory.resolve("vm.sock"));
    await("the client is known", made()::connected);
    return client;
  }

  private Client client() {
    return (Client) guest;
  }

  @Test
  void framesMayBeCutAnywhere() throws Exception {
    byte[] one = framed(numbered(PEER, GUEST, 1, 300));
    byte[] two = framed(numbered(PEER, GUEST, 2, 50));
    for (int cut = 1; cut < one.length; cut += cut < 8 || cut > one.length - 8 ? 1 : 61) {
      byte[] head = java.util.Arrays.copyOf(one, cut);
      byte[] rest =
          ByteBuffer.allocate(one.length - cut + two.length)
              .put(one, cut, one.length - cut)
              .put(two)
              .array();
      client().write(head);
      onLoop(() -> 0);
      client().write(rest);
      int[] got = {0};
      await(
          "both frames",
          () -> {
            try {
              got[0] += onLoop(() -> peer.drain().size());
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
            return got[0] == 2;
          });
    }
    assertThat(made().counters().receiveDrops()).isZero();
  }

  @Test
  void anImpossibleLengthEndsThatConnectionOnly() throws Exception {
    LogWatch.expect("a frame's length is impossible");
    client().write(ByteBuffer.allocate(8).putInt(69_633).putInt(0).array());
    assertThat(client().isAtEnd()).isTrue();
    await("the port is free", () -> !made().connected());
    try (Client next = new Client(directory.resolve("vm.sock"))) {
      await("the next client is known", made()::connected);
      next.send(numbered(PEER, GUEST, 1, 60));
      await("its frame", () -> made().counters().receivedFrames() == 1);
    }
  }

  @Test
  void theLargestLengthIsReadAndDroppedWithoutHarm() throws Exception {
    client().send(new byte[69_632]);
    client().send(new byte[0]);
    client().send(new byte[13]);
    client().send(numbered(PEER, GUEST, 1, 60));
    await("the good frame", () -> made().counters().receivedFrames() == 1);
    assertThat(made().counters().receiveDrops(DropCause.BAD_LENGTH)).isEqualTo(3);
  }

  /** On a switch of its own, whose frames leak detection does not follow: it would take minutes. */
  @Test
  void aMillionHostileFramesThroughTheSocketHurtNobody() throws Exception {
    Path path = directory.resolve("hostile.sock");
    Switch attacked = new Switch("hostile", timers, loop, Frames.UNTRACKED);
    QemuStreamPort victim =
        new QemuStreamPort(
            QemuStreamPort.Settings.unix("hostile", true, path, 1500),
            loop,
            timers,
            attacked,
            Frames.UNTRACKED);
    InMemoryPort bystander =
        onLoop(() -> InMemoryPort.attached("bystander", Offloads.NONE, attacked));
    onLoop(() -> {
      attacked.attach(victim, InMemoryPort.UNLIMITED); // all of them pass the switch
      return victim.start();
    });
    PortCounters counters = victim.counters();
    byte[] good = numbered(PEER, GUEST, 4711, 60);
    await("the socket is there", () -> Files.exists(path));
    try (Client client = new Client(path)) {
      SplittableRandom random = new SplittableRandom(37);
      byte[] noise = new byte[1600];
      ByteBuffer out = ByteBuffer.allocate(64 * (4 + noise.length));
      for (int sent = 0; sent < 1_000_000; sent += 64) {
        out.clear();
        for (int i = 0; i < 64; i++) {
          random.nextBytes(noise);
          // Length 0 and shorter than a header, too.
          int length = random.nextInt(i % 16 == 0 ? noise.length : 80);
          out.putInt(length).put(noise, 0, length);
        }
        out.flip();
        while (out.hasRemaining()) {
          client.channel.write(out);
        }
        onLoop(() -> {
          bystander.clear();
          return 0;
        });
      }
      await(
          "all are counted",
          () -> counters.receivedFrames() + counters.receiveDrops() >= 1_000_000);
      assertThat(counters.receiveDrops(DropCause.BAD_LENGTH)).isPositive();
      assertThat(counters.receiveDrops(DropCause.BAD_SOURCE)).isPositive();
      onLoop(() -> {
        bystander.clear();
        return 0;
      });
      client.send(good);
      List<byte[]> arrived = new ArrayList<>();
      await(
          "a good frame after the bad ones",
          () -> {
            try {
              return onLoop(() -> arrived.addAll(bystander.drain()));
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          });
      assertThat(arrived).containsExactly(good);
    } finally {
      onLoop(() -> {
        attacked.detach(victim);
        victim.close();
        bystander.close();
        attacked.close();
        return 0;
      });
    }
  }

  @Test
  void aSecondClientIsSentAwayAndTheFirstStays() throws Exception {
    LogWatch.expect("client-refused");
    try (Client second = new Client(directory.resolve("vm.sock"))) {
      assertThat(second.isAtEnd()).isTrue();
    }
    client().send(numbered(PEER, GUEST, 1, 60));
    await("the first client's frame", () -> made().counters().receivedFrames() == 1);
  }

  @Test
  void withoutAClientFramesAreDroppedAndCounted() throws Exception {
    client().close();
    await("the client is gone", () -> !made().connected());
    onLoop(() -> {
      peer.send(Frames.ethernet(GUEST, PEER, 0x88b5, new byte[46]));
      return 0;
    });
    assertThat(made().counters().transmitDrops(DropCause.NO_CARRIER)).isEqualTo(1);
  }

  @Test
  void aClientThatDoesNotReadLosesWholeFramesAndNoMemoryPilesUp() throws Exception {
    onLoop(() -> {
      for (int i = 0; i < 5000; i++) {
        peer.send(Frames.ethernet(GUEST, PEER, 0x88b5, new byte[1486]));
      }
      return 0;
    });
    long dropped = made().counters().transmitDrops(DropCause.QUEUE_FULL);
    assertThat(dropped).isPositive();
    // What was not dropped arrives whole.
    for (long i = dropped; i < 5000; i++) {
      assertThat(client().receive()).hasSize(1500);
    }
    // And afterwards there is room again.
    onLoop(() -> {
      peer.send(Frames.ethernet(GUEST, PEER, 0x88b5, new byte[100]));
      return 0;
    });
    assertThat(client().receive()).hasSize(114);
  }

  @Test
  void aPathThatIsTakenIsNamed() throws Exception {
    LogWatch.expect("client-refused");
    QemuStreamPort second =
        make(QemuStreamPort.Settings.unix("vm2", true, directory.resolve("vm.sock"), 1500));
    assertThatThrownBy(() -> onLoop(second::start).get(5, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(IOException.class)
        .hasMessageContaining("another process listens there");
    Path file = Files.createFile(directory.resolve("file"));
    QemuStreamPort third = make(QemuStreamPort.Settings.unix("vm3", true, file, 1500));
    assertThatThrownBy(() -> onLoop(third::start).get(5, TimeUnit.SECONDS))
        .hasMessageContaining("no socket");
    assertThat(file).exists();
    QemuStreamPort fourth =
        make(
            QemuStreamPort.Settings.unix(
                "vm4", true, directory.resolve("missing").resolve("x"), 1500));
    assertThatThrownBy(() -> onLoop(fourth::start).get(5, TimeUnit.SECONDS))
        .hasMessageContaining("vm4 cannot listen");
  }

  @Test
  void aSocketLeftBehindIsReplacedAndOursIsRemoved() throws Exception {
    Path path = directory.resolve("old.sock");
    try (ServerSocketChannel old = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      old.bind(UnixDomainSocketAddress.of(path));
    }
    assertThat(path).exists();
    QemuStreamPort port = make(QemuStreamPort.Settings.unix("old", true, path, 1500));
    onLoop(port::start).get(5, TimeUnit.SECONDS);
    new Client(path).close();
    onLoop(() -> {
      port.close();
      return 0;
    });
    await("the file is removed", () -> !Files.exists(path));
  }

  @Test
  void aConnectingPortComesBackWhenItsServerDoes() throws Exception {
    Path path = directory.resolve("server.sock");
    QemuStreamPort port = make(QemuStreamPort.Settings.unix("client", false, path, 1500));
    onLoop(() -> {
      network.attach(port);
      return port.start();
    });
    for (int round = 0; round < 2; round++) {
      try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
        server.bind(UnixDomainSocketAddress.of(path));
        try (Client accepted = new Client(server.accept())) {
          await("connected", port::connected);
          onLoop(() -> {
            peer.send(Frames.ethernet(-1L >>> 16, PEER, 0x88b5, new byte[46]));
            return 0;
          });
          assertThat(accepted.receive()).hasSize(60);
        }
      }
      Files.delete(path);
      await("the end is noticed", () -> !port.connected());
    }
    onLoop(() -> {
      network.detach(port);
      port.close();
      return 0;
    });
  }

  @Test
  void tcpWorksBothWaysRound() throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    QemuStreamPort listening =
        make(new QemuStreamPort.Settings("tcp", true, new InetSocketAddress(loopback, 0), 1500));
    onLoop(
            () -> {
              network.attach(listening);
              return listening.start();
            })
        .get(5, TimeUnit.SECONDS);
    try (SocketChannel channel = SocketChannel.open(listening.address());
        Client client = new Client(channel)) {
      client.send(numbered(PEER, GUEST, 1, 60));
      await("the frame", () -> listening.counters().receivedFrames() == 1);
    }
    try (ServerSocket server = new ServerSocket(0, 1, loopback)) {
      QemuStreamPort connecting =
          make(
              new QemuStreamPort.Settings(
                  "tcp2", false, new InetSocketAddress(loopback, server.getLocalPort()), 1500));
      onLoop(() -> {
        network.attach(connecting);
        return connecting.start();
      });
      try (Socket socket = server.accept()) {
        socket.getOutputStream().write(framed(numbered(PEER, GUEST, 1, 60)));
        await("the frame", () -> connecting.counters().receivedFrames() == 1);
      }
      onLoop(() -> {
        connecting.close();
        listening.close();
        return 0;
      });
    }
  }

  @Test
  void anAddressThatCannotBeUsedIsRefused() {
    assertThatThrownBy(() ->
            new QemuStreamPort.Settings(
                "x", true, InetSocketAddress.createUnresolved("nowhere", 1), 1500))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
