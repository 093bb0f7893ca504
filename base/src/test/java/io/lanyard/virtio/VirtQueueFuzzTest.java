package io.lanyard.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import java.lang.foreign.MemorySegment;

/** A device is given only chains that lie in memory, for any bytes in the driver's rings. */
class VirtQueueFuzzTest {
  private static final long BASE = 0x8000_0000L;
  private static final int SIZE = 8;
  private static final int MEMORY = 0x4000;
  private static final long DATA = BASE + 0x1000;
  private static final long FEATURES = Features.COMMON;

  private final SegmentMemory ram = new SegmentMemory(BASE, MEMORY);
  private final Ring ring = new Ring(ram, BASE, SIZE);
  private final MemorySegment scratch = MemorySegment.ofArray(new byte[256]);

  @FuzzTest
  void aDeviceIsGivenOnlyChainsInMemory(byte[] input) {
    FuzzInput in = new FuzzInput(input);
    ram.segment().fill((byte) 0);
    VirtQueue queue = ring.queue(in.choice(2) == 0 ? FEATURES : 0);
    Chain chain = in.choice(2) == 0 ? queue.newChain() : queue.newChain(3);
    while (in.hasNext()) {
      switch (in.choice(6)) {
        case 0 ->
            ring.descriptor(
                in.choice(SIZE),
                BASE + in.word() % MEMORY,
                in.word(),
                in.choice(8),
                in.choice(SIZE + 1));
        case 1 ->
            ring.descriptor(
                DATA + 256L * in.choice(4),
                in.choice(SIZE),
                in.longNumber(),
                in.number() & 0xffff_ffffL,
                in.choice(8),
                in.word());
        case 2 -> ring.descriptor(in.choice(SIZE), in.longNumber(), in.number(), in.word(), 0);
        case 3 -> ring.offer(in.choice(SIZE + 1));
        case 4 -> ram.putShort(ring.available + 2L * in.choice(4 + SIZE), (short) in.word());
        default -> serve(queue, chain, in);
      }
    }
    serve(queue, chain, in);
  }

  private void serve(VirtQueue queue, Chain chain, FuzzInput in) {
    int popped = 0;
    while (queue.pop(chain)) {
      assertThat(++popped).isLessThanOrEqualTo(0x10000);
      long readable = chain.readable();
      long writable = chain.writable();
      assertThat(chain.descriptors()).isLessThanOrEqualTo(SIZE);
      assertThat(readable).isBetween(0L, (long) SIZE * MEMORY);
      assertThat(writable).isBetween(0L, (long) SIZE * MEMORY);
      if (chain.tooLong()) {
        assertThat(readable + writable).isZero();
      }
      visits(chain, false, readable);
      visits(chain, true, writable);
      long out = Math.min(scratch.byteSize(), readable);
      chain.read(readable - out, scratch, 0, out);
      if (readable > 0) {
        chain.readByte(readable - 1);
      }
      refusesToPass(() -> chain.readByte(readable));
      refusesToPass(() -> chain.read(readable, scratch, 0, 1));
      refusesToPass(() -> chain.writeByte(writable, 1));
      refusesToPass(() -> chain.write(writable, scratch, 0, 1));
      // The device may write over the rings themselves: the driver's fault, and its alone.
      long into = Math.min(in.octet(), writable);
      chain.write(writable - into, scratch, 0, Math.min(into, scratch.byteSize()));
      queue.push(chain, into);
      if (popped > 2 * SIZE) {
        break; // the chain writes its own ring anew
      }
    }
    queue.publish();
    queue.notifications(in.choice(2) == 0);
    if (queue.broken()) {
      assertThat(queue.pop(chain)).isFalse();
      assertThat(queue.hasNext()).isFalse();
    }
  }

  private void visits(Chain chain, boolean write, long bytes) {
    long[] seen = {0};
    chain.visit(
        write,
        0,
        bytes,
        piece -> {
          assertThat(piece.heapBase()).isEqualTo(ram.segment().heapBase());
          seen[0] += piece.byteSize();
        });
    assertThat(seen[0]).isEqualTo(bytes);
  }

  private static void refusesToPass(Runnable access) {
    try {
      access.run();
    } catch (IndexOutOfBoundsException expected) {
      return;
    }
    throw new AssertionError("an access beyond the chain went through");
  }
}
