package io.lanyard.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VirtQueueTest {
  private static final long BASE = 0x8000_0000L;
  private static final long DATA = BASE + 0x4000;
  private final SegmentMemory ram = new SegmentMemory(BASE, 1 << 20);
  private final Ring ring = new Ring(ram, BASE);

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
    assertThat(ring.interrupts()).isEqualTo(1);
    assertThat(ram.get(DATA + 100, 4)).containsExactly(0, 0, 9, 8);
    assertThat(ram.get(DATA + 200, 2)).containsExactly(7, 6);
    assertThat(queue.pop(chain)).isFalse();
  }

  @Test
  void aQueueGoesOnWhereTheLastDeviceHasStopped() {
    for (int i = 0; i < 3; i++) {
      ring.offer(Ring.in(DATA + 100L * i, 50 + i));
    }
    ram.putShort(ring.used + 2, (short) 2);
    VirtQueue queue =
        VirtQueue.resume(
            ram,
            Ring.SIZE,
            ring.descriptors,
            ring.available,
            ring.used,
            0,
            new VirtQueue.Listener() {
              @Override
              public void interrupt() {}

              @Override
              public void broken(String why) {
                throw new AssertionError(why);
              }
            },
            2);
    Chain chain = queue.newChain();
    assertThat(queue.nextAvailable()).isEqualTo(2);
    assertThat(queue.pop(chain)).isTrue();
    assertThat(chain.writable()).isEqualTo(52);
    queue.push(chain, 7);
    queue.publish();
    assertThat(queue.nextAvailable()).isEqualTo(3);
    assertThat(ring.used()).isEqualTo(3);
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
    assertThat(fresh.broken()).contains(why);
    assertThat(queue.pop(queue.newChain())).isFalse();
  }

  @Test
  void indirectInsideIndirectAndIndexThatRunsAheadBreakIt() {
    ring.descriptor(DATA, 0, DATA, 16, VirtQueue.INDIRECT, 0);
    ring.descriptor(0, DATA, 16, VirtQueue.INDIRECT, 0);
    ring.offer(0);
    VirtQueue queue = ring.queue(Features.INDIRECT);
    assertThat(queue.pop(queue.newChain())).isFalse();
    assertThat(ring.broken()).contains("indirect");
    ram.putShort(ring.available + 2, (short) 17);
    VirtQueue other = ring.queue(0);
    assertThat(other.hasNext()).isFalse();
    assertThat(ring.broken()).contains("runs ahead");
  }

  @Test
  void ringsOutsideRamBreakIt() {
    VirtQueue queue = new Ring(ram, BASE + (1 << 20) - 64).queue(0);
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
    assertThat(ring.interrupts()).isZero();
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
    assertThat(ring.interrupts()).isEqualTo(2);
    queue.notifications(true);
    assertThat(ram.getShort(ring.used + 4 + 8 * Ring.SIZE)).isEqualTo((short) 5);
  }

  @Test
  void theDriverIsAskedToTellOfWhatItAddsToChainsThatWait() {
    VirtQueue queue = ring.queue(Features.EVENT_IDX);
    assertThat(queue.waiting()).isZero();
    ring.offer(Ring.in(DATA, 4));
    ring.offer(Ring.in(DATA, 4));
    assertThat(queue.waiting()).isEqualTo(2);
    queue.notifications(true);
    // Passed by the third alone: a driver would not tell of it if the first were named.
    assertThat(ram.getShort(ring.used + 4 + 8 * Ring.SIZE)).isEqualTo((short) 2);
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
}
