package io.lanyard.machine.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.machine.bus.Ram;
import io.lanyard.virtio.Chain;
import io.lanyard.virtio.Features;
import io.lanyard.virtio.VirtQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class VirtQueueTest {
  private static final long DATA = Ram.BASE + 0x4000;
  private final Ram ram = Ram.allocate(1 << 20);
  private final Ring ring = new Ring(ram, Ram.BASE);

  @AfterEach
  void closeRam() {
    ram.close();
  }

  @Test
  void chainIsReadThenWrittenAndGivenBack() {
    VirtQueue queue = ring.queue(0);
    Chain chain = queue.newChain();
    ram.put(DATA, new byte[] {1, 2, 3, 4, 5});
    ring.offer(
        Ring.out(DATA, 2), Ring.out(DATA + 2, 3), Ring.in(DATA + 100, 4), Ring.in(DATA + 200, 4));
    assertThat(queue.pop(chain)).isTrue();
    assertThat(chain.readable()).isEqualTo(5);
    assertThat(chain.writable()).isEqualTo(8);
    assertThat(chain.readNumber(1, 4)).isEqualTo(0x05040302);
    chain.write(2, new byte[] {9, 8, 7, 6});
    queue.push(chain, 6);
    assertThat(ring.used()).isZero();
    queue.publish();
    assertThat(ring.take()).isEqualTo(6);
    assertThat(ring.interrupts).isEqualTo(1);
    assertThat(ram.get(DATA + 100, 4)).containsExactly(0, 0, 9, 8);
    assertThat(ram.get(DATA + 200, 2)).containsExactly(7, 6);
    assertThat(queue.pop(chain)).isFalse();
  }

  @Test
  void indirectTableIsFollowedWhereNegotiated() {
    ring.descriptor(DATA, 0, DATA + 0x1000, 10, VirtQueue.NEXT, 1);
    ring.descriptor(DATA, 1, DATA + 0x2000, 20, VirtQueue.WRITE, 0);
    ring.descriptor(0, DATA, 32, VirtQueue.INDIRECT, 0);
    ring.offer(0);
    VirtQueue queue = ring.queue(Features.INDIRECT);
    Chain chain = queue.newChain();
    assertThat(queue.pop(chain)).isTrue();
    assertThat(chain.readable()).isEqualTo(10);
    assertThat(chain.writable()).isEqualTo(20);
  }

  /** Section 2.7.5.3.2: the device must take it, and must not look at WRITE of the table itself. */
  @Test
  void indirectTableMayFollowPlainDescriptors() {
    ring.descriptor(DATA, 0, DATA + 0x1000, 10, VirtQueue.NEXT, 1);
    ring.descriptor(DATA, 1, DATA + 0x2000, 20, VirtQueue.WRITE, 0);
    ring.descriptor(0, DATA + 0x3000, 3, VirtQueue.NEXT, 1);
    ring.descriptor(1, DATA, 32, VirtQueue.INDIRECT | VirtQueue.WRITE, 0);
    ring.offer(0);
    VirtQueue queue = ring.queue(Features.INDIRECT);
    Chain chain = queue.newChain();
    assertThat(queue.pop(chain)).isTrue();
    assertThat(chain.readable()).isEqualTo(13);
    assertThat(chain.writable()).isEqualTo(20);
  }

  @Test
  void ruleBreakersBreakTheQueue() {
    breaks(() -> ring.descriptor(0, DATA, 4, VirtQueue.NEXT, 0), "loop");
    breaks(() -> ring.descriptor(0, DATA, 4, VirtQueue.NEXT, 99), "leaves");
    breaks(() -> ring.descriptor(0, 0x1000, 4, 0, 0), "not in RAM");
    breaks(() -> ring.descriptor(0, -8, 16, 0, 0), "not in RAM");
    breaks(() -> ring.descriptor(0, DATA, 0xffff_ffffL, 0, 0), "not in RAM");
    breaks(() -> ring.descriptor(0, DATA, 16, VirtQueue.INDIRECT, 0), "indirect");
    breaks(
        () -> {
          ring.descriptor(0, DATA, 4, VirtQueue.WRITE | VirtQueue.NEXT, 1);
          ring.descriptor(1, DATA, 4, 0, 0);
        },
        "out of order");
  }

  private void breaks(Runnable mischief, String why) {
    Ring fresh = ring;
    mischief.run();
    ram.putShort(ring.available + 2, (short) 1);
    ram.putShort(ring.available + 4, (short) 0);
    VirtQueue queue = fresh.queue(0);
    assertThat(queue.pop(queue.newChain())).isFalse();
    assertThat(queue.broken()).isTrue();
    assertThat(fresh.broken).contains(why);
    assertThat(queue.pop(queue.newChain())).isFalse();
  }

  @Test
  void indirectInsideIndirectAndIndexThatRunsAheadBreakIt() {
    ring.descriptor(DATA, 0, DATA, 16, VirtQueue.INDIRECT, 0);
    ring.descriptor(0, DATA, 16, VirtQueue.INDIRECT, 0);
    ring.offer(0);
    VirtQueue queue = ring.queue(Features.INDIRECT);
    assertThat(queue.pop(queue.newChain())).isFalse();
    assertThat(ring.broken).contains("indirect");
    ram.putShort(ring.available + 2, (short) 17);
    VirtQueue other = ring.queue(0);
    assertThat(other.hasNext()).isFalse();
    assertThat(ring.broken).contains("runs ahead");
  }

  @Test
  void ringsOutsideRamBreakIt() {
    VirtQueue queue = new Ring(ram, Ram.BASE + (1 << 20) - 64).queue(0);
    assertThat(queue.broken()).isTrue();
    assertThat(queue.hasNext()).isFalse();
    queue.publish();
    queue.notifications(true);
  }

  @Test
  void driverThatWantsNoInterruptGetsNone() {
    VirtQueue queue = ring.queue(0);
    Chain chain = queue.newChain();
    ram.putShort(ring.available, (short) 1);
    ring.offer(Ring.in(DATA, 4));
    queue.pop(chain);
    queue.push(chain, 0);
    queue.publish();
    assertThat(ring.interrupts).isZero();
  }

  @Test
  void eventIndexDelaysTheInterruptAndTheNotification() {
    VirtQueue queue = ring.queue(Features.EVENT_IDX);
    Chain chain = queue.newChain();
    ram.putShort(ring.available + 4 + 2 * Ring.SIZE, (short) 2); // after the third
    for (int i = 0; i < 5; i++) {
      ring.offer(Ring.in(DATA, 4));
      queue.pop(chain);
      queue.push(chain, 0);
      queue.publish();
    }
    // The first, because the driver may have looked away before it, and the third.
    assertThat(ring.interrupts).isEqualTo(2);
    queue.notifications(true);
    assertThat(ram.getShort(ring.used + 4 + 8 * Ring.SIZE)).isEqualTo((short) 5);
  }

  @Test
  void indicesWrap() {
    VirtQueue queue = ring.queue(Features.EVENT_IDX);
    Chain chain = queue.newChain();
    for (int i = 0; i < 70_000; i++) {
      ring.offer(Ring.in(DATA, 4));
      assertThat(queue.pop(chain)).isTrue();
      queue.push(chain, 4);
      queue.publish();
    }
    assertThat(ring.used()).isEqualTo(70_000 & 0xffff);
  }

  /** A million rings of random bytes and half-good descriptors: nothing thrown, no endless walk. */
  @Test
  @Timeout(60)
  void millionHostileRingsAreSurvived() {
    SplittableRandom random = new SplittableRandom(42);
    int good = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment scratch = arena.allocate(64);
      VirtQueue queue = ring.queue(Features.COMMON);
      Chain chain = queue.newChain();
      for (int i = 0; i < 1_000_000; i++) {
        if (queue.broken()) {
          queue = ring.queue(Features.COMMON);
          ram.putShort(ring.available + 2, (short) 0);
        }
        mutate(random);
        int index = ram.getShort(ring.available + 2);
        ram.putShort(ring.available + 2, (short) (index + random.nextInt(3)));
        int bound = 0;
        while (queue.pop(chain)) {
          assertThat(++bound).isLessThanOrEqualTo(Ring.SIZE);
          good++;
          long n = Math.min(64, chain.readable());
          chain.read(chain.readable() - n, scratch, 0, n);
          long w = Math.min(16, chain.writable());
          chain.write(chain.writable() - w, scratch, 0, w);
          queue.push(chain, w);
        }
        queue.publish();
        queue.notifications(random.nextBoolean());
      }
    }
    assertThat(good).isGreaterThan(10_000);
  }

  private void mutate(SplittableRandom random) {
    for (int n = 0; n < 3; n++) {
      int index = random.nextInt(Ring.SIZE);
      if (random.nextInt(4) == 0) {
        ram.putLong(ring.descriptors + 16L * index + (random.nextInt(2) * 8L), random.nextLong());
      } else {
        ring.descriptor(
            index,
            DATA + random.nextInt(1 << 16),
            random.nextInt(256),
            random.nextInt(8),
            random.nextInt(Ring.SIZE));
      }
    }
    // Data must not hit the rings themselves, or the test would mutate its own index.
    ram.segment()
        .set(ValueLayout.JAVA_BYTE, 0x4000 + random.nextInt(1 << 16), (byte) random.nextInt());
    ram.putShort(
        ring.available + 4 + 2L * random.nextInt(Ring.SIZE),
        (short) (random.nextInt(50) == 0 ? random.nextInt() : random.nextInt(Ring.SIZE)));
  }
}
