package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.base.MemoryBudget;
import io.lanyard.base.TimerWheel;
import io.lanyard.base.Timers;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.LoopFaults;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.SinkPort;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class InProcessPortTest extends PortSuite {
  private final LinkedBlockingQueue<byte[]> toGuest = new LinkedBlockingQueue<>();
  private volatile boolean full;
  private volatile boolean failing;
  private volatile Offloads offloads = Offloads.NONE;
  private @org.jspecify.annotations.Nullable InProcessPort made;

  private InProcessPort made() {
    return java.util.Objects.requireNonNull(made);
  }

  @Override
  Port start() {
    InProcessPort port =
        new InProcessPort(
            "guest", "guest", 1500, new GuestEnd(), loop, network, PooledByteBufAllocator.DEFAULT);
    port.carrier(true);
    network.attach(port);
    port.start();
    made = port;
    return port;
  }

  private final class GuestEnd implements FrameConsumer {
    @Override
    public boolean accept(MemorySegment frame) {
      if (failing) {
        throw new IllegalStateException("on purpose");
      }
      return !full
          && toGuest.add(frame.asSlice(OffloadHeader.LENGTH).toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public void flush() {}

    @Override
    public Offloads offloads() {
      return offloads;
    }
  }

  @Override
  @SuppressWarnings("MustBeClosedChecker") // closed by the guest's close
  Guest connect(Port port) {
    return new Guest() {
      private final Arena arena = Arena.ofShared();
      private final MemorySegment memory = arena.allocate(70_000);

      @Override
      public void send(byte[] frame) throws Exception {
        MemorySegment.copy(frame, 0, memory, ValueLayout.JAVA_BYTE, 12, frame.length);
        memory.asSlice(0, 12).fill((byte) 0);
        FrameConsumer end = made().network();
        await("room in the ring", () -> end.accept(memory.asSlice(0, 12L + frame.length)));
        end.flush();
      }

      @Override
      public byte[] receive() throws Exception {
        byte[] frame = toGuest.poll(60, TimeUnit.SECONDS);
        assertThat(frame).isNotNull();
        return java.util.Objects.requireNonNull(frame);
      }

      @Override
      public void close() {
        arena.close();
      }
    };
  }

  @Test
  void aGuestThatIsOffHasNoCarrierAndGetsNoFrames() throws Exception {
    boolean before =
        onLoop(() -> {
          made().carrier(false);
          peer.send(Frames.ethernet(GUEST, PEER, 0x88b5, new byte[46]));
          return made().state().hasCarrier();
        });
    assertThat(before).isFalse();
    assertThat(made().counters().transmitDrops(DropCause.NO_CARRIER)).isEqualTo(1);
    assertThat(toGuest).isEmpty();
    onLoop(() -> {
      made().carrier(true);
      peer.send(Frames.ethernet(GUEST, PEER, 0x88b5, new byte[46]));
      return 0;
    });
    assertThat(toGuest).hasSize(1);
  }

  @Test
  void aGuestWithoutRoomLosesFramesThatAreCounted() throws Exception {
    full = true;
    onLoop(() -> {
      peer.send(Frames.ethernet(GUEST, PEER, 0x88b5, new byte[46]));
      return 0;
    });
    assertThat(made().counters().transmitDrops(DropCause.QUEUE_FULL)).isEqualTo(1);
    assertThat(made().counters().transmittedFrames()).isZero();
  }

  @Test
  void aRingThatIsFullRefusesFramesThatAreCounted() throws Exception {
    FrameConsumer end = made().network();
    int[] refused = {0};
    onLoop(() -> {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment frame = arena.allocate(12 + 60);
        frame.set(ValueLayout.JAVA_BYTE, 12 + 11, (byte) 2);
        for (int i = 0; i < 1000; i++) {
          if (!end.accept(frame)) {
            refused[0]++;
          }
        }
      }
      return 0;
    });
    assertThat(refused[0]).isEqualTo(1000 - InProcessPort.RING_SLOTS);
    end.flush();
    await(
        "the drops are counted",
        () -> made().counters().receiveDrops(DropCause.QUEUE_FULL) == refused[0]);
  }

  @Test
  void aFrameOfAnImpossibleLengthIsRefusedAndCounted() throws Exception {
    FrameConsumer end = made().network();
    try (Arena arena = Arena.ofConfined()) {
      assertThat(end.accept(arena.allocate(0))).isFalse();
      assertThat(end.accept(arena.allocate(25))).isFalse();
      assertThat(end.accept(arena.allocate(100_000))).isFalse();
    }
    onLoop(() -> made().dump());
    assertThat(made().counters().receiveDrops(DropCause.BAD_LENGTH)).isEqualTo(3);
  }

  @Test
  void aGuestThatThrowsLosesItsNetworkAndNothingElseHappens() throws Exception {
    LogWatch.expect("guest-nic-failed network=\"suite\" port=");
    failing = true;
    onLoop(() -> {
      peer.send(Frames.ethernet(GUEST, PEER, 0x88b5, new byte[46]));
      peer.send(Frames.ethernet(GUEST, PEER, 0x88b5, new byte[46]));
      return 0;
    });
    assertThat(made().counters().transmitDrops(DropCause.HOST_ERROR)).isEqualTo(1);
    assertThat(made().counters().transmitDrops(DropCause.NO_CARRIER)).isEqualTo(1);
  }

  @Test
  void aPortThatThrowsInABurstCostsTheGuestOneFrame() throws Exception {
    LogWatch.expect("loop-task-failed");
    int[] taken = {0};
    onLoop(() -> {
      SinkPort _ =
          new SinkPort(
              "faulty",
              Offloads.NONE,
              network,
              frame -> {
                if (++taken[0] == 3) {
                  throw new IllegalStateException("on purpose");
                }
              });
      return 0;
    });
    sendBurst(10);
    await("the burst", () -> made().counters().receivedFrames() == 10);
    awaitOnLoop("the burst is over", () -> taken[0] == 10);
    assertThat(made().counters().receiveDrops(DropCause.HOST_ERROR)).isEqualTo(1);
    assertThat(arrivals()).hasSize(10); // it was served before the faulty one
    sendBurst(5);
    awaitOnLoop("another burst", () -> taken[0] == 15);
    assertThat(made().counters().receiveDrops()).isEqualTo(1);
  }

  @Test
  void aGuestWhoseFramesAlwaysThrowHasFailedUntilItIsStartedAgain() throws Exception {
    LogWatch.expect("loop-task-failed network=\"suite\" port=\"guest\"");
    int[] taken = {0};
    boolean[] throwing = {true};
    onLoop(() -> {
      SinkPort _ =
          new SinkPort(
              "faulty",
              Offloads.NONE,
              network,
              frame -> {
                taken[0]++;
                if (throwing[0]) {
                  throw new IllegalStateException("on purpose");
                }
              });
      return 0;
    });
    sendBurst(40);
    awaitState(made(), "failed");
    assertThat(onLoop(() -> made().state().problem()))
        .contains("frames cannot be handed over", "on purpose", "restart the guest");
    assertThat(onLoop(() -> taken[0])).isLessThan(40);
    onLoop(() -> {
      throwing[0] = false;
      made().carrier(false);
      made().carrier(true);
      return 0;
    });
    awaitState(made(), "up");
    awaitOnLoop("the rest of the frames", () -> taken[0] == 40);
  }

  /** Puts broadcasts in and wakes the loop once. */
  private void sendBurst(int frames) throws Exception {
    onLoop(() -> {
      try (Arena arena = Arena.ofConfined()) {
        for (int i = 0; i < frames; i++) {
          byte[] frame = numbered(Ethernet.BROADCAST, GUEST, i, 60);
          MemorySegment memory = arena.allocate(OffloadHeader.LENGTH + frame.length);
          MemorySegment.copy(
              frame, 0, memory, ValueLayout.JAVA_BYTE, OffloadHeader.LENGTH, frame.length);
          assertThat(made().network().accept(memory)).isTrue();
        }
      }
      made().network().flush();
      return 0;
    });
  }

  @Test
  void aSuperFramePassesWholeToAGuestThatNegotiatedIt() throws Exception {
    offloads = Offloads.ALL;
    passSuperFrame();
    assertThat(made().counters().softwareSegmentations()).isZero();
    assertThat(made().counters().transmittedFrames()).isEqualTo(20);
  }

  /** Timers that nobody waits for. */
  private static Timers timersOfThisThread() {
    return new TimerWheel(
        Clock.system(),
        _ -> {},
        cause -> {
          throw new AssertionError(cause);
        });
  }

  /** None of the bursts is taken by the loop: that is the most that a guest can have waiting. */
  @Test
  void guestsThatSendTheLargestFramesLeaveAnotherItsPartOfTheMemory() throws Exception {
    LogWatch.expect("no-port-memory");
    MemoryBudget budget = new MemoryBudget(16 << 20, Clock.system());
    Timers own = timersOfThisThread();
    Switch busy =
        new Switch(
            "busy",
            own,
            Runnable::run,
            new LoopFaults("busy", Clock.system()),
            Frames.UNTRACKED,
            budget.share("busy"));
    InMemoryPort taker = InMemoryPort.attached("taker", Offloads.ALL, busy);
    List<Runnable> wakes = new ArrayList<>();
    List<InProcessPort> ports = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      InProcessPort port =
          new InProcessPort(
              "guest" + i, "guest", 65_520, new GuestEnd(), wakes::add, busy, Frames.UNTRACKED);
      busy.attach(port);
      port.start();
      ports.add(port);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment largest = frame(arena, 65_534);
      MemorySegment usual = frame(arena, 1514);
      for (InProcessPort port : ports.subList(0, 29)) {
        for (int i = 0; i < InProcessPort.RING_SLOTS; i++) {
          boolean _ = port.network().accept(largest);
        }
        port.network().flush();
      }
      InProcessPort honest = ports.getLast();
      for (int i = 0; i < 64; i++) {
        assertThat(honest.network().accept(usual)).isTrue();
      }
      honest.network().flush();
      assertThat(budget.used()).isGreaterThan(4 << 20).isLessThanOrEqualTo(16 << 20);
      assertThat(busy.memory().problem()).contains("guest");
      while (!wakes.isEmpty()) {
        wakes.removeLast().run();
        taker.clear();
      }
      assertThat(honest.counters().receivedFrames()).isEqualTo(64);
      assertThat(ports.getFirst().counters().receiveDrops(DropCause.NO_BUFFERS)).isPositive();
    }
    ports.forEach(InProcessPort::close);
    assertThat(budget.used()).isZero();
    taker.close();
    busy.close();
  }

  private static MemorySegment frame(Arena arena, int length) {
    MemorySegment frame = arena.allocate(OffloadHeader.LENGTH + length);
    frame.set(ValueLayout.JAVA_BYTE, OffloadHeader.LENGTH + 6, (byte) 2);
    return frame;
  }

  @Test
  void aMillionHostileFramesWithHeadersOfTheirOwnDoNoHarm() throws Exception {
    Switch hot = new Switch("hot", timersOfThisThread(), Frames.UNTRACKED);
    InMemoryPort taker = InMemoryPort.attached("taker", Offloads.NONE, hot);
    // Wakes are run by hand, so that the ring is the only thing between the two.
    InProcessPort port =
        new InProcessPort(
            "hot", "guest", 1500, new GuestEnd(), Runnable::run, hot, Frames.UNTRACKED);
    hot.attach(port);
    port.start();
    SplittableRandom random = new SplittableRandom(31);
    byte[] noise = new byte[256];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(4096);
      for (int i = 0; i < 1_000_000; i++) {
        random.nextBytes(noise);
        int length = random.nextInt(i % 50 == 0 ? 4096 : 200);
        MemorySegment.copy(noise, 0, memory, ValueLayout.JAVA_BYTE, 0, noise.length);
        if ((i & 3) != 0) {
          memory.set(ValueLayout.JAVA_SHORT, 0, (short) (i & 1)); // a likely flag, no gso_type
          memory.set(ValueLayout.JAVA_BYTE, 12 + 6, (byte) 2);
        }
        boolean _ = port.network().accept(memory.asSlice(0, length));
        if ((i & 31) == 0) {
          port.network().flush();
          taker.clear();
        }
      }
    }
    port.network().flush();
    assertThat(port.counters().receivedFrames()).isGreaterThan(100_000);
    assertThat(port.counters().receiveDrops(DropCause.BAD_OFFLOAD_HEADER)).isPositive();
    assertThat(port.counters().receiveDrops(DropCause.BAD_LENGTH)).isPositive();
    taker.close();
    port.close();
    hot.close();
  }

  @Test
  void framesThatAreRetainedKeepTheirBytesWhileTheRingGoesOn() throws Exception {
    FrameRing ring = new FrameRing(4, TestBuffers.ample());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment frame = arena.allocate(100);
      ByteBuf[] kept = new ByteBuf[16];
      for (int i = 0; i < kept.length; i++) {
        frame.fill((byte) i);
        assertThat(ring.offer(frame)).isNull();
        ByteBuf lent = java.util.Objects.requireNonNull(ring.peek());
        kept[i] = lent.retain();
        ring.next();
      }
      for (int i = 0; i < kept.length; i++) {
        assertThat(kept[i].getByte(50)).isEqualTo((byte) i);
        kept[i].release();
      }
    }
    ring.close();
    ring.close();
  }

  @Test
  void twoThreadsPassEveryFrameOnceAndInOrder() throws Exception {
    FrameRing ring = new FrameRing(64, TestBuffers.of(MemoryBudget.ample(), Frames.UNTRACKED));
    int count = 200_000;
    Thread producer =
        Thread.ofPlatform()
            .start(() -> {
              SplittableRandom random = new SplittableRandom(1);
              try (Arena arena = Arena.ofConfined()) {
                MemorySegment memory = arena.allocate(5000);
                for (int i = 0; i < count; i++) {
                  MemorySegment frame =
                      memory.asSlice(0, 8 + random.nextInt(i % 64 == 0 ? 4000 : 80));
                  memory.set(ValueLayout.JAVA_INT_UNALIGNED, 0, i);
                  memory.set(ValueLayout.JAVA_INT_UNALIGNED, frame.byteSize() - 4, i);
                  while (ring.offer(frame) != null) {
                    LockSupport.parkNanos(1000);
                  }
                }
              }
            });
    for (int i = 0; i < count; ) {
      ByteBuf frame = ring.peek();
      if (frame == null) {
        LockSupport.parkNanos(1000);
        continue;
      }
      boolean headIsWrong = frame.readableBytes() > 11 && frame.getIntLE(0) != i;
      if (headIsWrong || frame.getIntLE(frame.writerIndex() - 4) != i) {
        throw new AssertionError("frame " + i + " holds " + frame.getIntLE(0));
      }
      ring.next();
      i++;
    }
    producer.join();
    assertThat(ring.isEmpty()).isTrue();
    ring.close();
  }

  @Test
  void closingWhileTheOtherThreadOffersLosesNoBuffer() throws Exception {
    for (int round = 0; round < 60; round++) {
      FrameRing ring = new FrameRing(8, TestBuffers.ample());
      Thread producer =
          Thread.ofPlatform()
              .start(() -> {
                try (Arena arena = Arena.ofConfined()) {
                  MemorySegment frame = arena.allocate(60);
                  for (int i = 0; i < 500; i++) {
                    DropCause _ = ring.offer(frame);
                  }
                }
              });
      for (int i = 0; i < round; i++) {
        if (ring.peek() != null) {
          ring.next();
        }
      }
      ring.close();
      producer.join();
    }
    // Leak detection is paranoid: a buffer that was lost fails the build's log check.
    System.gc();
    PooledByteBufAllocator.DEFAULT.directBuffer(64).release();
  }
}
