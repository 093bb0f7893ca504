package io.lanyard.nat.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Arrays;

/**
 * Bytes from the guest that arrived ahead of what is missing: sorted pieces that do not overlap,
 * each a copy. The first copy of a byte wins, as a later one could be forged to differ.
 *
 * <p>A piece of its own has a buffer of exactly its size. What follows a piece goes into the room
 * behind it, which doubles with each buffer of a run: so a run of many small segments takes few
 * pieces, and what is held is less than three times what has come, besides the cost of a piece.
 */
final class ReceiveQueue {
  /** Pieces, not bytes: what one-byte segments can make us hold. */
  private static final int MOST_PIECES = 512;

  /**
   * The charge for a piece besides its buffer. It takes about 150 bytes of the heap; as all the
   * memory that connections may hold could be pieces of a byte, its price keeps those of all
   * networks below a tenth of the launcher's heap.
   */
  static final int OVERHEAD = 2048;

  /** The most room that is kept for what may follow a piece. */
  private static final int MOST_ROOM = 16 << 10;

  /** Places that are kept when nothing is there: many connections could each leave hundreds. */
  private static final int FEW = 8;

  private static final int RECENT = Segment.MOST_BLOCKS;

  private final ByteBufAllocator allocator;
  private final EngineMemory.Share share;
  private ByteBuf[] pieces = {};
  private int[] starts = {};
  private int count;
  private final int[] recent = new int[RECENT];
  private int recents;

  ReceiveQueue(ByteBufAllocator allocator, EngineMemory.Share share) {
    this.allocator = allocator;
    this.share = share;
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** The pieces that there are places for. */
  int places() {
    return pieces.length;
  }

  private int end(int i) {
    return starts[i] + pieces[i].readableBytes();
  }

  /**
   * Keeps what is new of a range.
   *
   * @param seq the sequence number of the first byte, after the next one expected
   * @param frame where the bytes lie; copied
   * @param index of the first byte
   * @param length how many
   * @return false if there was no room for all of it
   */
  boolean insert(int seq, ByteBuf frame, int index, int length) {
    int at = seq;
    int stop = seq + length;
    boolean all = true;
    int i = 0;
    while (Seq.before(at, stop)) {
      while (i < count && Seq.notAfter(end(i), at)) {
        i++;
      }
      if (i < count && Seq.notAfter(starts[i], at)) {
        at = end(i);
        continue;
      }
      int until = i < count ? Seq.min(starts[i], stop) : stop;
      boolean follows = i > 0 && end(i - 1) == at;
      int room = follows ? Math.min(until - at, pieces[i - 1].writableBytes()) : 0;
      if (room > 0) {
        pieces[i - 1].writeBytes(frame, index + (at - seq), room);
        at += room;
        continue;
      }
      if (count == MOST_PIECES || share.exhausted()) {
        all = false;
        break;
      }
      int behind = follows ? Math.min(2 * pieces[i - 1].capacity(), MOST_ROOM) : 0;
      if (i < count) {
        behind = Math.min(behind, starts[i] - at);
      }
      insertAt(i, at, frame, index + (at - seq), until - at, behind);
      at = until;
    }
    remember(seq);
    return all;
  }

  private void insertAt(int i, int seq, ByteBuf frame, int index, int length, int least) {
    if (count == pieces.length) {
      int slots = Math.max(FEW, 2 * count);
      pieces = Arrays.copyOf(pieces, slots);
      starts = Arrays.copyOf(starts, slots);
    }
    int size = Math.max(length, least);
    ByteBuf copy = allocator.directBuffer(size, size);
    copy.writeBytes(frame, index, length);
    System.arraycopy(pieces, i, pieces, i + 1, count - i);
    System.arraycopy(starts, i, starts, i + 1, count - i);
    pieces[i] = copy;
    starts[i] = seq;
    count++;
    share.change(size + OVERHEAD);
  }

  private void remember(int seq) {
    System.arraycopy(recent, 0, recent, 1, RECENT - 1);
    recent[0] = seq;
    recents = Math.min(recents + 1, RECENT);
  }

  /**
   * Writes down the ranges held: the one that changed last first, then those before it, then the
   * others from the lowest on (RFC 2018 section 4).
   */
  void describe(SackBlocks into) {
    for (int r = 0; r < recents; r++) {
      for (int i = 0; i < count; i++) {
        if (Seq.within(recent[r], starts[i], end(i))) {
          addRange(i, into);
          break;
        }
      }
    }
    for (int i = 0; i < count && into.count() < Segment.MOST_BLOCKS; i++) {
      if (i == 0 || end(i - 1) != starts[i]) {
        addRange(i, into);
      }
    }
  }

  private void addRange(int piece, SackBlocks into) {
    int low = piece;
    while (low > 0 && end(low - 1) == starts[low]) {
      low--;
    }
    int high = piece;
    while (high + 1 < count && end(high) == starts[high + 1]) {
      high++;
    }
    into.add(starts[low], end(high));
  }

  /** The sequence number of the first piece; only where {@link #isEmpty} is false. */
  int first() {
    return starts[0];
  }

  /**
   * Takes the first piece away.
   *
   * @return its bytes, owned by the caller
   */
  @SuppressWarnings("NullAway") // the slots that are not in use hold nothing
  ByteBuf take() {
    ByteBuf piece = pieces[0];
    count--;
    System.arraycopy(pieces, 1, pieces, 0, count);
    System.arraycopy(starts, 1, starts, 0, count);
    pieces[count] = null;
    share.change(-(piece.capacity() + OVERHEAD));
    if (count == 0) {
      recents = 0;
      if (pieces.length > FEW) {
        pieces = Arrays.copyOf(pieces, FEW);
        starts = Arrays.copyOf(starts, FEW);
      }
    }
    return piece;
  }

  /** Lets go of everything. */
  void clear() {
    while (count > 0) {
      take().release();
    }
  }
}
