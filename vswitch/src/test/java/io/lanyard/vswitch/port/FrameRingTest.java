package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.base.MemoryBudget;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.DropCause;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FrameRingTest {
  private static final int SLOTS = 256;
  private static final int LARGE = 65_000;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment large = arena.allocate(LARGE);
  private final MemorySegment small = arena.allocate(100);
  private final MemoryBudget budget = new MemoryBudget(4 << 20, Clock.system());
  private final FrameRing ring =
      new FrameRing(SLOTS, TestBuffers.of(budget, PooledByteBufAllocator.DEFAULT));

  @AfterEach
  void nothingIsLeft() {
    ring.close();
    assertThat(budget.used()).isZero();
    arena.close();
  }

  private void pass(MemorySegment frame) {
    assertThat(ring.offer(frame)).isNull();
    assertThat(Objects.requireNonNull(ring.peek()).readableBytes())
        .isEqualTo((int) frame.byteSize());
    ring.next();
  }

  private void takeAll() {
    while (ring.peek() != null) {
      ring.next();
    }
  }

  @Test
  void framesThatPassOneByOneShareOneBuffer() {
    for (int i = 0; i < 3 * SLOTS; i++) {
      pass(large);
    }
    assertThat(budget.used()).isEqualTo(80 << 10);
  }

  @Test
  void aRingGivesBackWhatItHasNotNeededSinceTheLastTrim() {
    for (int i = 0; i < 20; i++) {
      assertThat(ring.offer(large)).isNull();
    }
    takeAll();
    assertThat(ring.trim()).isTrue();
    pass(large);
    assertThat(ring.trim()).isTrue();
    assertThat(budget.used()).isEqualTo(80 << 10);
    assertThat(ring.trim()).isFalse();
    assertThat(budget.used()).isZero();
  }

  @Test
  void aFrameWithoutMemoryIsRefusedAndTheRingGoesOn() {
    LogWatch.expect("no-port-memory");
    int waiting = 0;
    DropCause refused = null;
    while (refused == null) {
      refused = ring.offer(large);
      waiting += refused == null ? 1 : 0;
    }
    assertThat(refused).isEqualTo(DropCause.NO_BUFFERS);
    assertThat(waiting).isBetween(20, 30);
    takeAll();
    for (int i = 0; i < 2 * SLOTS; i++) {
      pass(large);
      pass(small);
    }
  }

  @Test
  void smallFramesGoOnInLargeBuffersWhereThereAreNoOthers() {
    LogWatch.expect("no-port-memory");
    while (ring.offer(large) == null) {
      // Until there is no memory.
    }
    while (ring.offer(small) == null) {
      // Nor for a small one.
    }
    takeAll();
    for (int i = 0; i < 2 * SLOTS; i++) {
      pass(small);
    }
  }

  @Test
  void aBufferThatSomebodyKeepsIsNoLongerCounted() {
    assertThat(ring.offer(large)).isNull();
    ByteBuf kept = Objects.requireNonNull(ring.peek()).retain();
    ring.next();
    assertThat(budget.used()).isZero();
    kept.release();
  }

  @Test
  void trimmingWhileTheOtherThreadOffersLosesNoFrame() throws Exception {
    Thread producer =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 0; i < 50_000; i++) {
                MemorySegment frame = small.asSlice(0, 1 + i % 100);
                while (ring.offer(frame) != null) {
                  Thread.onSpinWait();
                }
              }
            });
    for (int i = 0; i < 50_000; ) {
      ByteBuf frame = ring.peek();
      if (frame == null) {
        boolean _ = ring.trim();
        Thread.onSpinWait();
        continue;
      }
      if (frame.readableBytes() != 1 + i % 100) {
        throw new AssertionError("frame " + i + " has " + frame.readableBytes() + " bytes");
      }
      ring.next();
      i++;
    }
    producer.join();
  }
}
