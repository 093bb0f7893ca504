package io.lanyard.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import java.lang.foreign.MemorySegment;

/** Frames go into buffers in memory or nowhere, for any rings over memory of several regions. */
class ReceiveQueueFuzzTest {
  private static final long LOW = 0x1000;
  private static final long HIGH = 0x1_0000_0000L;
  private static final int SIZE = 8;
  private static final int REGION = 0x2000;

  private final MemorySegment low = MemorySegment.ofArray(new byte[REGION]);
  private final MemorySegment high = MemorySegment.ofArray(new byte[REGION]);
  private final RegionMemory memory = new RegionMemory(4);

  ReceiveQueueFuzzTest() {
    memory.add(LOW, low);
    memory.add(HIGH, high);
  }

  @FuzzTest
  void aFrameIsPutWholeOrNotAtAll(byte[] input) {
    FuzzInput in = new FuzzInput(input);
    low.fill((byte) 0);
    high.fill((byte) 0);
    Ring ring = new Ring(memory, LOW, SIZE);
    int shape = in.octet();
    VirtQueue queue = ring.queue((shape & 1) != 0 ? Features.COMMON : 0);
    boolean mergeable = (shape & 2) != 0;
    int header = (shape & 4) != 0 ? 12 : 10;
    ReceiveQueue frames = new ReceiveQueue(queue, mergeable, header);
    while (in.hasNext()) {
      switch (in.choice(5)) {
        case 0 -> ring.descriptor(in.choice(SIZE), address(in), in.word(), in.choice(8), in.word());
        case 1 -> ring.descriptor(HIGH, in.choice(SIZE), address(in), in.word(), in.choice(4), 0);
        case 2 -> ring.offer(in.choice(SIZE + 1));
        case 3 -> memory.putShort(ring.available + 2L * in.choice(4 + SIZE), (short) in.word());
        default -> put(queue, frames, 14 + in.word() % 0x3000, mergeable);
      }
    }
    put(queue, frames, 100, mergeable);
  }

  private static long address(FuzzInput in) {
    return switch (in.choice(3)) {
      case 0 -> LOW + in.word();
      case 1 -> HIGH + in.word();
      default -> in.longNumber();
    };
  }

  private static void put(VirtQueue queue, ReceiveQueue frames, int length, boolean mergeable) {
    MemorySegment frame = MemorySegment.ofArray(new byte[12 + length]);
    int next = queue.nextAvailable();
    // The rings themselves say nothing: a driver may have its buffers there.
    int used = queue.nextUsed();
    boolean put = frames.put(frame, 0, frame.byteSize(), true);
    int taken = (queue.nextAvailable() - next) & 0xffff;
    if (put) {
      assertThat(taken).isBetween(1, mergeable ? SIZE : 1);
    } else {
      assertThat(taken).isZero();
    }
    assertThat((queue.nextUsed() - used) & 0xffff).isEqualTo(taken);
    queue.publish();
  }
}
