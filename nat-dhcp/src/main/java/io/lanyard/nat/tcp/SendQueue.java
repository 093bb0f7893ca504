package io.lanyard.nat.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Arrays;

/**
 * Bytes on their way to the guest, from the first unacknowledged one on: a ring of records, each a
 * buffer with room for the headers before its payload, its sequence number and its length.
 *
 * <p>A record goes out as one super-frame from where it lies, the first time; whatever is sent
 * again is copied, so that a port that still holds the frame never sees it change.
 */
final class SendQueue {
  /** The size below which bytes are copied rather than kept in a buffer that is mostly empty. */
  private static final int COPY_LIMIT = 4096;

  /** The least that a record is charged with, so that tiny records cannot grow the ring far. */
  private static final int SMALLEST_BUFFER = 2048;

  /**
   * Records that places are kept for when none is there, as many as a busy connection has: a
   * thousand small ones, once, on each of many connections would fill the heap.
   */
  private static final int FEW = 32;

  private static final ByteBuf[] NONE = {};

  private final ByteBufAllocator allocator;
  private final EngineMemory.Share share;
  private ByteBuf[] buffers = NONE;
  private int[] payloads = {};
  private int[] starts = {};
  private int[] lengths = {};
  private int head;
  private int count;
  private int begin;
  private int end;
  private int memory;

  SendQueue(ByteBufAllocator allocator, EngineMemory.Share share) {
    this.allocator = allocator;
    this.share = share;
  }

  /** Sets the sequence number of the first byte, before any is there. */
  void start(int seq) {
    begin = seq;
    end = seq;
  }

  /** The sequence number behind the last byte. */
  int end() {
    return end;
  }

  /** The memory that is held, at least the bytes that wait. */
  int memory() {
    return memory;
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** The records that there are places for. */
  int places() {
    return buffers.length;
  }

  /**
   * Appends bytes.
   *
   * @param data released, now or when it is acknowledged
   * @param next the next sequence number to be sent: what lies before it is not touched
   * @param most bytes a record
   */
  void append(ByteBuf data, int next, int most) {
    int length = data.readableBytes();
    if (length == 0) {
      data.release();
    } else if (length <= COPY_LIMIT && mergeable(length, next, most)) {
      int last = slot(count - 1);
      buffers[last].writeBytes(data);
      lengths[last] += length;
      end += length;
      data.release();
    } else if (length > most
        || data.readerIndex() < SegmentWriter.HEADROOM
        || (length <= COPY_LIMIT && length < data.capacity() / 4)) {
      appendCopies(data, most);
    } else {
      append(data);
    }
  }

  private boolean mergeable(int length, int next, int most) {
    if (count == 0) {
      return false;
    }
    int last = slot(count - 1);
    ByteBuf buffer = buffers[last];
    return Seq.notBefore(starts[last], next)
        && lengths[last] + length <= most
        && buffer.refCnt() == 1
        && buffer.writerIndex() == payloads[last] + lengths[last]
        && buffer.writableBytes() >= length;
  }

  private void appendCopies(ByteBuf data, int most) {
    while (data.isReadable()) {
      int part = Math.min(data.readableBytes(), most);
      int size = SegmentWriter.HEADROOM + Math.max(2 * part, SMALLEST_BUFFER);
      ByteBuf copy =
          allocator.directBuffer(part <= COPY_LIMIT ? size : SegmentWriter.HEADROOM + part);
      copy.setIndex(SegmentWriter.HEADROOM, SegmentWriter.HEADROOM);
      copy.writeBytes(data, part);
      append(copy);
    }
    data.release();
  }

  private void append(ByteBuf data) {
    if (count == buffers.length) {
      resize(Math.max(4, 2 * buffers.length));
    }
    int slot = slot(count);
    int length = data.readableBytes();
    buffers[slot] = data;
    payloads[slot] = data.readerIndex();
    starts[slot] = end;
    lengths[slot] = length;
    count++;
    end += length;
    charge(data.capacity());
  }

  private void charge(int bytes) {
    memory += bytes;
    share.change(bytes);
  }

  private int slot(int index) {
    return (head + index) & (buffers.length - 1);
  }

  private void resize(int size) {
    ByteBuf[] grown = Arrays.copyOf(NONE, size);
    int[] grownPayloads = new int[size];
    int[] grownStarts = new int[size];
    int[] grownLengths = new int[size];
    for (int i = 0; i < count; i++) {
      int slot = slot(i);
      grown[i] = buffers[slot];
      grownPayloads[i] = payloads[slot];
      grownStarts[i] = starts[slot];
      grownLengths[i] = lengths[slot];
    }
    buffers = grown;
    payloads = grownPayloads;
    starts = grownStarts;
    lengths = grownLengths;
    head = 0;
  }

  /** Lets go of the records that lie wholly before a sequence number. */
  void acknowledge(int una) {
    while (count > 0 && Seq.notAfter(starts[head] + lengths[head], una)) {
      drop();
    }
    if (Seq.after(una, begin)) {
      begin = Seq.min(una, end);
    }
  }

  @SuppressWarnings("NullAway") // the slots that are not in use hold nothing
  private void drop() {
    ByteBuf buffer = buffers[head];
    charge(-buffer.capacity());
    buffer.release();
    buffers[head] = null;
    head = (head + 1) & (buffers.length - 1);
    count--;
    if (count == 0 && buffers.length > FEW) {
      resize(FEW);
    }
  }

  /** The record that holds a sequence number between the first and the last byte. */
  int find(int seq) {
    int low = 0;
    int high = count - 1;
    // Nearly always the last record, or the first.
    if (high >= 0 && Seq.notBefore(seq, starts[slot(high)])) {
      return slot(high);
    }
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (Seq.notBefore(seq, starts[slot(middle)])) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return slot(low);
  }

  /** The buffer of a record that {@link #find} has found. */
  ByteBuf buffer(int slot) {
    return buffers[slot];
  }

  /** Where a sequence number lies in its record's buffer. */
  int index(int slot, int seq) {
    return payloads[slot] + (seq - starts[slot]);
  }

  /** Bytes of the record from a sequence number on. */
  int remaining(int slot, int seq) {
    return starts[slot] + lengths[slot] - seq;
  }

  /** Whether a sequence number is the record's first, so that the room before it is free. */
  boolean isStart(int slot, int seq) {
    return starts[slot] == seq;
  }

  /** Lets go of everything. */
  void clear() {
    while (count > 0) {
      drop();
    }
    buffers = NONE;
    payloads = new int[0];
    starts = payloads;
    lengths = payloads;
    begin = end;
    head = 0;
  }
}
