package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.base.Clock;
import io.lanyard.base.MemoryBudget;
import io.lanyard.testing.FewDescriptors;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.AcceptFailures;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.LoadedClasses;
import io.lanyard.vswitch.LoopFaults;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortCounters;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.SinkPort;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.concurrent.Future;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
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
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StreamPortTest extends PortSuite {
  @TempDir Path directory = Path.of("");
  private @Nullable StreamPort made;

  private StreamPort made() {
    return Objects.requireNonNull(made);
  }

  private StreamPort make(String name, StreamAddress address) throws Exception {
    return onLoop(() -> made(name, address));
  }

  private StreamPort made(String name, StreamAddress address) {
    return new StreamPort(name, "qemu-stream", 1500, Framing.QEMU, address, context());
  }

  /** Makes, attaches and starts a port. */
  private StreamPort run(String name, StreamAddress address) throws Exception {
    StreamPort port = make(name, address);
    onLoop(() -> {
      network.attach(port);
      port.start();
      return 0;
    });
    return port;
  }

  private void remove(StreamPort port) throws Exception {
    onLoop(() -> {
      network.detach(port);
      port.close();
      return 0;
    });
  }

  private void awaitListening(StreamPort port) throws Exception {
    awaitOnLoop(
        "port " + port.name() + " listens",
        () ->
            port.state() instanceof PortState.NoCarrier(String reason, _)
                && reason.equals("no client is connected"));
  }

  private static boolean connected(StreamPort port) {
    return port.state().hasCarrier();
  }

  @Override
  Port start() throws Exception {
    StreamPort port = made("vm", new StreamAddress.Listen(directory.resolve("vm.sock")));
    network.attach(port);
    port.start();
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
    awaitListening(made());
    Client client = new Client(directory.resolve("vm.sock"));
    await("the client is known", () -> connected(made()));
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
    await("the port is free", () -> !connected(made()));
    try (Client next = new Client(directory.resolve("vm.sock"))) {
      await("the next client is known", () -> connected(made()));
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
    StreamPort victim =
        onLoop(() ->
            new StreamPort(
                "hostile",
                "qemu-stream",
                1500,
                Framing.QEMU,
                new StreamAddress.Listen(path),
                new PortContext(loop, timers, attacked, Frames.UNTRACKED, Runnable::run)));
    InMemoryPort bystander =
        onLoop(() -> InMemoryPort.attached("bystander", Offloads.NONE, attacked));
    onLoop(() -> {
      attacked.attach(victim);
      victim.start();
      return 0;
    });
    PortCounters counters = victim.counters();
    byte[] good = numbered(PEER, GUEST, 4711, 60);
    awaitListening(victim);
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
  void clientsThatDoNotReadLeaveAnotherPortItsPartOfTheMemory() throws Exception {
    LogWatch.expect("no-port-memory");
    MemoryBudget budget = new MemoryBudget(4 << 20, Clock.system());
    Switch small =
        onLoop(() ->
            new Switch(
                "small",
                timers,
                Runnable::run,
                new LoopFaults("small", Clock.system()),
                PooledByteBufAllocator.DEFAULT,
                budget.share("small")));
    List<StreamPort> ports = new ArrayList<>();
    List<Client> clients = new ArrayList<>();
    InMemoryPort sender = onLoop(() -> InMemoryPort.attached("sender", Offloads.ALL, small));
    for (int i = 0; i < 4; i++) {
      Path path = directory.resolve("slow" + i + ".sock");
      StreamPort made =
          onLoop(() -> {
            StreamPort port =
                new StreamPort(
                    path.getFileName().toString(),
                    "qemu-stream",
                    65_520,
                    Framing.QEMU,
                    new StreamAddress.Listen(path),
                    new PortContext(
                        loop, timers, small, PooledByteBufAllocator.DEFAULT, Runnable::run));
            small.attach(port);
            port.start();
            return port;
          });
      awaitListening(made);
      ports.add(made);
      clients.add(new Client(path));
      awaitState(made, "up");
    }
    byte[] payload = new byte[1400];
    for (int i = 0; i < 40; i++) {
      onLoop(() -> {
        for (int frame = 0; frame < 100; frame++) {
          sender.send(Frames.ethernet(Ethernet.BROADCAST, PEER, Ethernet.TYPE_IPV4, payload));
        }
        return 0;
      });
    }
    assertThat(budget.used()).isGreaterThan(1 << 20).isLessThanOrEqualTo(4 << 20);
    assertThat(ports)
        .allMatch(port -> port.counters().transmitDrops(DropCause.NO_BUFFERS) > 0)
        .allMatch(port -> port.counters().transmittedFrames() > 4);
    onLoop(() -> {
      ports.forEach(small::detach);
      ports.forEach(StreamPort::close);
      sender.close();
      small.close();
      return 0;
    });
    await("all is given back", () -> budget.used() == 0);
    for (Client client : clients) {
      client.close();
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
  void aClientThatClosesAndConnectsAgainAtOnceIsTaken() throws Exception {
    Path path = directory.resolve("vm.sock");
    client().close();
    takeAtOnce(made(), () -> SocketChannel.open(UnixDomainSocketAddress.of(path)));
  }

  @Test
  void aTcpClientThatClosesAndConnectsAgainAtOnceIsTaken() throws Exception {
    StreamPort port =
        run(
            "tcp",
            new StreamAddress.Listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
    awaitListening(port);
    SocketAddress address = port.address();
    takeAtOnce(port, () -> SocketChannel.open(address));
    remove(port);
  }

  /** Fifty clients one after the other, each with a frame; the loop is busy meanwhile. */
  private void takeAtOnce(StreamPort port, Callable<SocketChannel> connect) throws Exception {
    int clients = 50;
    for (int i = 0; i < clients; i++) {
      CountDownLatch busy = new CountDownLatch(1);
      Future<?> held =
          loop.submit(() -> {
            busy.await();
            return 0;
          });
      // The loop finds the end of the one, or of the former, and the beginning of the other in one
      // batch, in either order.
      try (Client first = new Client(connect.call())) {
        first.send(numbered(PEER, GUEST, 2 * i, 60));
      }
      try (Client second = new Client(connect.call())) {
        busy.countDown();
        held.sync();
        second.send(numbered(PEER, GUEST, 2 * i + 1, 60));
        long expected = 2L * i + 2;
        await("both frames", () -> port.counters().receivedFrames() == expected);
      }
    }
    assertThat(onLoop(() -> port.dump().properties())).doesNotContainKey("refusedClients");
  }

  @Test
  void whatAClientSentBeforeItClosedArrivesThoughTheNextIsThereAlready() throws Exception {
    CountDownLatch busy = new CountDownLatch(1);
    Future<?> held =
        loop.submit(() -> {
          busy.await();
          return 0;
        });
    int sent = 40; // fits the socket's buffer
    for (int i = 0; i < sent; i++) {
      client().send(numbered(PEER, GUEST, i, 1000));
    }
    client().close();
    try (Client next = new Client(directory.resolve("vm.sock"))) {
      busy.countDown();
      held.sync();
      next.send(numbered(PEER, GUEST, sent, 60));
      await("all frames", () -> made().counters().receivedFrames() == sent + 1);
    }
  }

  @Test
  void clientsThatAreSentAwayAreAProblemAndDoNotFillTheLog() throws Exception {
    LogWatch.expect("client-refused");
    List<String> lines = new ArrayList<>();
    Logger logger = Logger.getLogger(StreamPort.class.getName());
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            lines.add(line.getMessage()); // on the loop
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    logger.addHandler(handler);
    try {
      assertThat(onLoop(() -> made().limitation())).isEmpty();
      for (int i = 0; i < 300; i++) {
        try (Client second = new Client(directory.resolve("vm.sock"))) {
          assertThat(second.isAtEnd()).isTrue();
        }
      }
      assertThat(onLoop(() -> made().limitation()))
          .startsWith("300 clients were sent away within a minute, the last because the port has a")
          .endsWith("look at what connects to the port");
      assertThat(onLoop(() -> lines))
          .hasSizeBetween(1, 51)
          .allMatch(line -> line.startsWith("event=client-refused network=\"suite\" port=\"vm\""));
    } finally {
      logger.removeHandler(handler);
    }
    assertThat(onLoop(() -> made().dump().properties())).containsEntry("refusedClients", 300L);
  }

  @Test
  void aTcpAddressThatIsTakenNamesItsHolderAndIsHadOnceItIsFree() throws Exception {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    StreamPort port;
    try (ServerSocket holder = new ServerSocket(FreePorts.one(), 1, loopback)) {
      port =
          run(
              "taken",
              new StreamAddress.Listen(new InetSocketAddress(loopback, holder.getLocalPort())));
      assertThat(problem(port))
          .contains("port " + holder.getLocalPort() + " is taken by", "another port");
    }
    awaitListening(port);
    remove(port);
  }

  @Test
  void anAcceptWithoutDescriptorsIsAProblemThatPassesAndTheLoopRests() throws Exception {
    StreamPort loadsClasses = run("x", new StreamAddress.Listen(directory.resolve("no/x")));
    assertThat(problem(loadsClasses)).isNotEmpty();
    remove(loadsClasses);
    LoadedClasses.ofAcceptFailures();
    client().close();
    awaitListening(made());
    assertThat(failedAccepts()).isZero();
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try (FewDescriptors few = new FewDescriptors();
        Client late = new Client(channel)) {
      few.begin();
      long began = System.nanoTime();
      channel.connect(UnixDomainSocketAddress.of(directory.resolve("vm.sock")));
      awaitState(made(), "failed");
      assertThat(onLoop(() -> made().state().problem()))
          .contains("Too many open files", "LimitNOFILE");
      // One failure for each pause: a loop that spun would have thousands.
      awaitOnLoop("it is tried again", () -> failedAccepts() > 1);
      long failed = failedAccepts();
      long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
      assertThat(failed).isLessThan(5 + seconds / AcceptFailures.PAUSE_SECONDS);
      few.end();
      awaitState(made(), "up");
      late.send(numbered(PEER, GUEST, 1, 60));
      await("the frame", () -> made().counters().receivedFrames() == 1);
    }
    awaitListening(made());
  }

  private long failedAccepts() {
    return (Long) made().dump().properties().getOrDefault("failedAccepts", 0L);
  }

  @Test
  void withoutAClientFramesAreDroppedAndCounted() throws Exception {
    client().close();
    await("the client is gone", () -> !connected(made()));
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
    // Frames that were not dropped arrive whole.
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
    StreamPort second = run("vm2", new StreamAddress.Listen(directory.resolve("vm.sock")));
    assertThat(problem(second)).contains("another process listens there");
    Path file = Files.createFile(directory.resolve("file"));
    StreamPort third = run("vm3", new StreamAddress.Listen(file));
    assertThat(problem(third)).contains("no socket");
    assertThat(file).exists();
    StreamPort fourth =
        run("vm4", new StreamAddress.Listen(directory.resolve("missing").resolve("x")));
    assertThat(problem(fourth)).contains("cannot listen on", "missing/x", "make the directory");
    remove(second);
    remove(third);
    remove(fourth);
  }

  private String problem(StreamPort port) throws Exception {
    awaitState(port, "failed");
    return onLoop(() -> port.state().problem());
  }

  @Test
  void aSocketLeftBehindIsReplacedAndOursIsRemoved() throws Exception {
    Path path = directory.resolve("old.sock");
    try (ServerSocketChannel old = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      old.bind(UnixDomainSocketAddress.of(path));
    }
    assertThat(path).exists();
    StreamPort port = run("old", new StreamAddress.Listen(path));
    awaitListening(port);
    new Client(path).close();
    remove(port);
    await("the file is removed", () -> !Files.exists(path));
  }

  @Test
  void aConnectingPortComesBackWhenItsServerDoes() throws Exception {
    Path path = directory.resolve("server.sock");
    StreamPort port = run("client", new StreamAddress.Connect(path));
    for (int round = 0; round < 2; round++) {
      try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
        server.bind(UnixDomainSocketAddress.of(path));
        try (Client accepted = new Client(server.accept())) {
          await("connected", () -> connected(port));
          onLoop(() -> {
            peer.send(Frames.ethernet(-1L >>> 16, PEER, 0x88b5, new byte[46]));
            return 0;
          });
          assertThat(accepted.receive()).hasSize(60);
        }
      }
      Files.delete(path);
      await("the end is noticed", () -> !connected(port));
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
    StreamPort listening = run("tcp", new StreamAddress.Listen(new InetSocketAddress(loopback, 0)));
    awaitListening(listening);
    try (SocketChannel channel = SocketChannel.open(listening.address());
        Client client = new Client(channel)) {
      client.send(numbered(PEER, GUEST, 1, 60));
      await("the frame", () -> listening.counters().receivedFrames() == 1);
    }
    try (ServerSocket server = new ServerSocket(0, 1, loopback)) {
      StreamPort connecting =
          run(
              "tcp2",
              new StreamAddress.Connect(new InetSocketAddress(loopback, server.getLocalPort())));
      try (Socket socket = server.accept()) {
        socket.getOutputStream().write(framed(numbered(PEER, GUEST, 1, 60)));
        await("the frame", () -> connecting.counters().receivedFrames() == 1);
      }
      remove(connecting);
      remove(listening);
    }
  }

  @Test
  void anAddressThatCannotBeUsedIsRefused() {
    assertThatThrownBy(
            () -> new StreamAddress.Listen(InetSocketAddress.createUnresolved("nowhere", 1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aPortThatThrowsInABurstCostsTheClientItsConnectionAndTheNextOneWorks() throws Exception {
    LogWatch.expect("loop-task-failed");
    List<Integer> arrived = new ArrayList<>();
    onLoop(() -> {
      SinkPort _ =
          new SinkPort(
              "faulty",
              Offloads.NONE,
              network,
              frame -> {
                int number = frame.getShort(OffloadHeader.LENGTH + 14);
                arrived.add(number);
                LockSupport.parkNanos(200_000); // the turn ends before the burst does
                if (arrived.size() == 12) {
                  throw new IllegalStateException("on purpose");
                }
              });
      return 0;
    });
    ByteBuffer burst = ByteBuffer.allocate(20 * (4 + 14 + 60));
    for (int i = 0; i < 20; i++) {
      burst.put(framed(numbered(Ethernet.BROADCAST, GUEST, i, 60)));
    }
    Client client = (Client) guest;
    client.write(burst.array());
    assertThat(client.isAtEnd()).isTrue();
    awaitListening(made());
    onLoop(() -> {
      assertThat(arrived).isEqualTo(IntStream.range(0, 20).boxed().toList());
      return 0;
    });
    assertThat(made().counters().receiveDrops(DropCause.HOST_ERROR)).isEqualTo(1);
    try (Client next = new Client(directory.resolve("vm.sock"))) {
      next.send(numbered(Ethernet.BROADCAST, GUEST, 20, 60));
      awaitOnLoop("a frame of the next client", () -> arrived.size() == 21);
    }
  }
}
