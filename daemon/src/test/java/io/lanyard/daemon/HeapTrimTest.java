package io.lanyard.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class HeapTrimTest {
  private static final long MEBIBYTE = 1 << 20;

  /** A heap of which a test says how large it is; a collection leaves what is live. */
  private static final class TestHeap implements HeapTrim.Heap {
    private long committed = 12 * MEBIBYTE;
    private long used = 10 * MEBIBYTE;
    private long live = 10 * MEBIBYTE;
    private int collections;

    @Override
    public long committed() {
      return committed;
    }

    @Override
    public long used() {
      return used;
    }

    @Override
    public void collect() {
      collections++;
      used = live;
      committed = live + 4 * MEBIBYTE;
    }
  }

  private final TestHeap heap = new TestHeap();
  private final HeapTrim trim = new HeapTrim(heap);

  private void grow(long mebibytes) {
    heap.committed = mebibytes * MEBIBYTE;
    heap.used = mebibytes * MEBIBYTE - MEBIBYTE;
  }

  @Test
  void aHeapThatHasGrownIsCollectedOnceItIsQuiet() {
    grow(100);
    trim.check();
    assertThat(heap.collections).isZero();
    trim.check();
    assertThat(heap.collections).isEqualTo(1);
    assertThat(heap.committed).isEqualTo(14 * MEBIBYTE);
  }

  @Test
  void aHeapThatIsInUseIsLeftAlone() {
    grow(100);
    for (int i = 0; i < 10; i++) {
      heap.used += (i % 2 == 0 ? 1 : -1) * HeapTrim.QUIET_BYTES;
      trim.check();
    }
    assertThat(heap.collections).isZero();
  }

  @Test
  void whatStaysAliveIsNotCollectedAgainAndAgain() {
    grow(100);
    heap.live = 90 * MEBIBYTE;
    for (int i = 0; i < 10; i++) {
      trim.check();
    }
    assertThat(heap.collections).isEqualTo(1);
  }

  @Test
  void aSmallHeapIsNotWorthAPause() {
    grow(40);
    trim.check();
    trim.check();
    assertThat(heap.collections).isZero();
  }
}
