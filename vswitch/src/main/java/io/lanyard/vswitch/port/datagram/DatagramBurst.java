package io.lanyard.vswitch.port.datagram;

import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.DatagramBatch;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The frames of one burst of datagrams: one system call reads them, then they are switched in the
 * port's turn, and perhaps the next.
 *
 * <p>A datagram lies in a buffer so that its frame begins behind the room for the offload header,
 * whatever is in front of the frame. What does not fit goes to the batch's overflow, and such a
 * frame is copied.
 *
 * <p>Thread: the network's loop only.
 */
final class DatagramBurst {
  /** As many as a device's burst. */
  static final int FRAMES = 64;

  /** Room for a wire frame of the usual MTU, and its header. */
  private static final int SMALL = 2048;

  /** Room for the largest frame of all, and its header. */
  private static final int LARGEST = OffloadHeader.LENGTH + Ethernet.LARGEST_FRAME;

  private final ByteBufAllocator allocator;
  private final int prefix;
  private final DatagramBatch batch = new DatagramBatch(FRAMES);
  private final @Nullable ByteBuf[] frames = new @Nullable ByteBuf[FRAMES];
  private final @Nullable ByteBuffer[] overflows = new @Nullable ByteBuffer[FRAMES];
  private @Nullable ByteBuf large;
  private int count;

  /** Datagrams of those that were handed over already. */
  private int given;

  DatagramBurst(ByteBufAllocator allocator, int prefix) {
    this.allocator = allocator;
    this.prefix = prefix;
  }

  /**
   * Whether datagrams are left that {@link #deliver} had no time for: none is to be read before.
   */
  boolean hasMore() {
    return given < count;
  }

  /**
   * Reads datagrams.
   *
   * @return how many, or an error number negated
   */
  int receive(BatchSocket socket) {
    for (int i = 0; i < FRAMES; i++) {
      ByteBuf frame = frames[i];
      if (frame == null || frame.refCnt() > 1) { // else nobody keeps it
        ByteBuf fresh = allocator.directBuffer(SMALL, SMALL);
        if (frame != null) {
          frame.release();
        }
        frames[i] = fresh;
        int at = OffloadHeader.LENGTH - prefix;
        batch.buffer(i, fresh.memoryAddress() + at, SMALL - at);
      }
    }
    int result = socket.receive(batch);
    given = 0;
    count = Math.max(0, result);
    return result;
  }

  /** Why {@link #deliver} has come back. */
  enum Stop {
    /** None is left, or the turn is over. */
    DONE,
    /** A message is empty, which is the end of a connection. */
    EMPTY,
    /** It is not known yet whom the next one is from. */
    LATER
  }

  /**
   * Hands over what was read.
   *
   * @return why it has stopped
   */
  Stop deliver(Switch network, DatagramPort port, Turn turn) {
    while (hasMore()) {
      if (batch.length(given) == 0) {
        given++;
        return Stop.EMPTY;
      }
      if (!give(given, network, port)) {
        return Stop.LATER;
      }
      given++;
      if (given % Turn.FRAMES == 0 && hasMore() && turn.isOver()) {
        return Stop.DONE;
      }
    }
    return Stop.DONE;
  }

  /** Leaves what was read and not handed over. */
  void skip() {
    given = count;
  }

  /** Judges a datagram, and hands its frame over. Answers false if that has to wait. */
  private boolean give(int slot, Switch network, DatagramPort port) {
    ByteBuf frame = frames[slot];
    if (frame == null) {
      return true;
    }
    Addressing.Verdict verdict = port.judge(batch, slot, frame, OffloadHeader.LENGTH - prefix);
    if (verdict == Addressing.Verdict.FRAME) {
      handOver(slot, frame, network, port);
    }
    return verdict != Addressing.Verdict.LATER;
  }

  private void handOver(int slot, ByteBuf frame, Switch network, DatagramPort port) {
    int whole = OffloadHeader.LENGTH - prefix + batch.length(slot);
    ByteBuf given = whole <= SMALL ? frame : large(slot, frame, whole, port);
    if (given != null) {
      OffloadHeader.clear(given, 0);
      given.setIndex(0, whole);
      port.addressing().received(given);
      network.receive(port, given);
    }
  }

  private @Nullable ByteBuf large(int slot, ByteBuf head, int whole, DatagramPort port) {
    if (whole > LARGEST) {
      port.counters().receiveDropped(DropCause.BAD_LENGTH);
      return null;
    }
    ByteBuf into = large;
    if (into == null || into.refCnt() > 1) {
      try {
        into = allocator.directBuffer(LARGEST, LARGEST);
      } catch (OutOfDirectMemoryError e) {
        port.counters().receiveDropped(DropCause.NO_BUFFERS);
        return null;
      }
      if (large != null) {
        large.release();
      }
      large = into;
    }
    ByteBuffer rest = overflows[slot];
    if (rest == null) {
      rest = batch.overflow(slot, DatagramBatch.OVERFLOW);
      overflows[slot] = rest;
    }
    into.setBytes(0, head, 0, SMALL);
    into.setBytes(SMALL, rest.limit(whole - SMALL).position(0));
    return into;
  }

  void release() {
    for (int i = 0; i < FRAMES; i++) {
      ByteBuf frame = frames[i];
      if (frame != null) {
        frame.release();
        frames[i] = null;
      }
    }
    if (large != null) {
      large.release();
      large = null;
    }
    batch.close();
  }
}
