package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedClock;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.AfterBatch;
import io.lanyard.vswitch.LoopAlarm;
import io.lanyard.vswitch.LoopFaults;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.SinkPort;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.Work;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients that write much and close: what they cost the others, and when the next one's turn is.
 */
@SuppressWarnings("NullAway.Init") // the fields are set before each test
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StreamHangUpTest {
  private static final long GUEST = 0x525400000001L;

  /** The price of a frame, on a clock that nothing else moves. */
  private static final long FRAME_NANOS = 50_000;

  /** A turn, and the burst that has begun before its end. */
  private static final long LONGEST_TURN_NANOS = 1_000_000;

  private final LoopFaults faults = new LoopFaults("hang-up", Clock.system());
  private final AfterBatch later = new AfterBatch(faults);
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, later.around(EpollIoHandler.newFactory()));
  private final IoEventLoop loop = group.next();
  private final SteppedClock clock = new SteppedClock();
  private final Switch network =
      new Switch("hang-up", new SteppedTimers(clock), later, PooledByteBufAllocator.DEFAULT);
  private final List<Integer> arrived = new ArrayList<>();
  private final List<Long> turns = new ArrayList<>();
  private boolean watching = true;

  @TempDir Path directory;
  private StreamPort port;
  private SinkPort sink;

  @BeforeEach
  void start() throws Exception {
    onLoop(() -> {
      sink =
          new SinkPort(
              "sink",
              Offloads.NONE,
              network,
              frame -> {
                arrived.add((int) frame.getShort(OffloadHeader.LENGTH + Ethernet.HEADER_LENGTH));
                clock.advanceNanos(FRAME_NANOS);
              });
      port =
          new StreamPort(
              "vm",
              "qemu-stream",
              1500,
              Framing.QEMU,
              new StreamAddress.Listen(path()),
              new PortContext(
                  loop,
                  LoopAlarm.wheel(loop, Clock.system(), faults),
                  network,
                  PooledByteBufAllocator.DEFAULT,
                  Runnable::run));
      network.attach(port);
      port.start();
      watchTurns();
      return 0;
    });
    await(() ->
        port.state() instanceof PortState.NoCarrier(String reason, _)
            && reason.equals("no client is connected"));
  }

  @AfterEach
  void stop() throws Exception {
    onLoop(() -> {
      watching = false;
      network.detach(port);
      port.close();
      network.close();
      return 0;
    });
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(60, TimeUnit.SECONDS);
  }

  /** Another port that always has work notes how long it has waited each time. */
  private void watchTurns() {
    network
        .turns()
        .of(sink)
        .later(
            new Work() {
              private long before;

              @Override
              protected boolean run() {
                long spent = port.counters().loopNanos();
                if (spent > before) {
                  turns.add(spent - before);
                  before = spent;
                }
                return watching;
              }

              @Override
              protected void broke(Throwable cause) {
                throw new AssertionError(cause);
              }
            });
  }

  private Path path() {
    return directory.resolve("vm.sock");
  }

  private <T> T onLoop(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  private void await(Callable<Boolean> condition) throws Exception {
    Await.until(() -> onLoop(condition));
  }

  /** Holds the loop until the latch is counted down. */
  private Future<?> hold(CountDownLatch busy) {
    return loop.submit(() -> {
      busy.await();
      return 0;
    });
  }

  private static byte[] framed(int number) {
    byte[] frame = PortSuite.numbered(Ethernet.BROADCAST, GUEST, number, 46);
    return ByteBuffer.allocate(4 + frame.length).putInt(frame.length).put(frame).array();
  }

  /** Writes numbered frames until the socket takes no more. Returns how many it has as a whole. */
  private static int fill(StreamPortTest.Client client) throws IOException {
    client.channel.configureBlocking(false);
    int length = framed(0).length;
    ByteBuffer all = ByteBuffer.allocate(10_000 * length); // small writes would fill it sooner
    for (int i = 0; i < 10_000; i++) {
      all.put(framed(i));
    }
    all.flip();
    int written = 0;
    for (int now = client.channel.write(all); now > 0; now = client.channel.write(all)) {
      written += now;
    }
    return written / length;
  }

  @Test
  void theRestOfAStreamIsTakenInTurnsThoughItsClientHasClosed() throws Exception {
    StreamPortTest.Client client = new StreamPortTest.Client(path());
    await(() -> port.state().hasCarrier());
    CountDownLatch busy = new CountDownLatch(1);
    Future<?> held = hold(busy);
    int sent = fill(client);
    client.close();
    busy.countDown();
    held.sync();
    await(() -> !port.state().hasCarrier());
    onLoop(() -> {
      assertThat(sent).isGreaterThan(1_000); // 50 ms
      assertThat(arrived).hasSize(sent);
      assertThat(turns).allMatch(nanos -> nanos <= LONGEST_TURN_NANOS);
      return 0;
    });
  }

  @Test
  void theNextClientIsServedOnceAllOfTheFormersStreamWasTakenInTurns() throws Exception {
    StreamPortTest.Client client = new StreamPortTest.Client(path());
    await(() -> port.state().hasCarrier());
    CountDownLatch busy = new CountDownLatch(1);
    Future<?> held = hold(busy);
    int sent = fill(client);
    client.close();
    try (StreamPortTest.Client next = new StreamPortTest.Client(path())) {
      next.write(framed(-1));
      busy.countDown();
      held.sync();
      await(() -> arrived.contains(-1));
      onLoop(() -> {
        assertThat(arrived).hasSize(sent + 1).endsWith(-1);
        assertThat(turns).allMatch(nanos -> nanos <= LONGEST_TURN_NANOS);
        assertThat(port.state().hasCarrier()).isTrue();
        return 0;
      });
    }
  }

  @Test
  void noMoreThanAFewClientsThatHaveClosedWaitForTheirTurn() throws Exception {
    LogWatch.expect("client-refused");
    StreamPortTest.Client first = new StreamPortTest.Client(path());
    await(() -> port.state().hasCarrier());
    CountDownLatch busy = new CountDownLatch(1);
    Future<?> held = hold(busy);
    int sent = fill(first); // takes many turns, and the loop looks for clients between two
    first.close();
    List<Integer> expected = new ArrayList<>();
    for (int i = 0; i < StreamPort.MOST_WAITING + 1; i++) {
      try (StreamPortTest.Client client = new StreamPortTest.Client(path())) {
        client.write(framed(20_000 + i));
      }
      expected.add(20_000 + i);
    }
    expected.removeLast();
    busy.countDown();
    held.sync();
    await(() -> !port.state().hasCarrier());
    onLoop(() -> {
      assertThat(arrived.subList(sent, arrived.size())).isEqualTo(expected);
      assertThat(port.dump().properties()).containsEntry("refusedClients", 1L);
      return 0;
    });
  }
}
