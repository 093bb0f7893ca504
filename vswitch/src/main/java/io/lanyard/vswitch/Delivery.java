package io.lanyard.vswitch;

import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.SuperFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Hands frames to ports in the form that each takes, and shows them to the taps: what a port cannot
 * do itself, finishing a checksum or cutting a super-frame, is done here.
 *
 * <p>Thread: the network's loop only.
 */
@SuppressWarnings("ReferenceEquality") // a tap is itself, whatever it may say to equals
final class Delivery {
  private static final FrameTap[] NO_TAPS = {};

  private final ByteBufAllocator allocator;
  private FrameTap[] taps = NO_TAPS;
  private Slot[] touched = new Slot[16];
  private int touchedCount;
  private boolean flushing;
  private @Nullable ByteBuf spare;

  Delivery(ByteBufAllocator allocator) {
    this.allocator = allocator;
  }

  /** Hands a frame over, if it may leave by the port. */
  void send(Slot to, Passage passage, ByteBuf frame) {
    if (passage.largestPacket > to.mtu) {
      to.counters.transmitDropped(DropCause.BAD_LENGTH, passage.segments);
      return;
    }
    if (to.egress != null && !leaves(to, to.egress, passage, frame)) {
      return;
    }
    touch(to);
    if (passage.plain) { // the usual frame
      transmit(to, passage, frame);
      return;
    }
    Offloads offloads = to.port.offloads();
    if (!passage.isSuperFrame()) {
      if (!offloads.checksum()) {
        finish(to, passage, frame);
      }
      transmit(to, passage, frame);
    } else if (takes(offloads, OffloadHeader.gsoType(frame, frame.readerIndex()))) {
      transmit(to, passage, frame);
    } else {
      segment(to, passage, frame);
    }
  }

  private static boolean leaves(Slot to, Policy[] policies, Passage passage, ByteBuf frame) {
    for (Policy policy : policies) {
      DropCause cause = policy.admit(passage, frame);
      if (cause != null) {
        to.counters.transmitDropped(cause, passage.segments);
        return false;
      }
    }
    return true;
  }

  /** Makes a frame whose offload header asks for something a plain one, for all ports to come. */
  static void finish(Slot to, Passage passage, ByteBuf frame) {
    int header = frame.readerIndex();
    if ((OffloadHeader.flags(frame, header) & OffloadHeader.NEEDS_CSUM) != 0) {
      to.counters.softwareChecksum();
      Checksum.complete(frame);
    } else {
      // DATA_VALID is not for a guest that did not negotiate it (VIRTIO 1.2 section 5.1.6.4.1).
      OffloadHeader.clear(frame, header);
    }
    passage.plain = true;
  }

  private static boolean takes(Offloads offloads, int type) {
    return offloads.checksum()
        && switch (type & ~OffloadHeader.GSO_ECN) {
          case OffloadHeader.GSO_TCPV4 -> offloads.tso4();
          case OffloadHeader.GSO_TCPV6 -> offloads.tso6();
          default -> offloads.uso();
        };
  }

  private void segment(Slot to, Passage passage, ByteBuf frame) {
    to.counters.softwareSegmentation();
    int segments = passage.segments;
    int wireBytes = passage.wireBytes;
    int largest = passage.largestPacket;
    ByteBuf segment = spare;
    spare = null; // a port that answers at once may need one too
    int headers = passage.headerLength;
    passage.plain = true;
    passage.headerLength = 0;
    passage.segments = 1;
    try {
      for (int i = 0; i < segments; i++) {
        if (segment == null || segment.refCnt() > 1) { // a port retained the last one
          if (segment != null) {
            segment.release();
            segment = null;
          }
          segment = allocator.directBuffer(OffloadHeader.LENGTH + passage.network + largest);
        }
        SuperFrame.copySegment(frame, passage.network, headers, i, segment);
        passage.wireBytes = segment.readableBytes() - OffloadHeader.LENGTH;
        passage.largestPacket = passage.wireBytes - passage.network;
        if (!transmit(to, passage, segment)) {
          to.counters.transmitDropped(DropCause.UNSENT_SEGMENTS, segments - 1 - i);
          break;
        }
      }
    } finally { // the port, or the allocator, may have thrown
      passage.plain = false;
      passage.headerLength = headers;
      passage.segments = segments;
      passage.wireBytes = wireBytes;
      passage.largestPacket = largest;
      if (segment != null && segment.refCnt() == 1 && spare == null) {
        spare = segment;
      } else if (segment != null) {
        segment.release();
      }
    }
  }

  private boolean transmit(Slot to, Passage passage, ByteBuf frame) {
    if (taps.length != 0) {
      return transmitShown(to, passage, frame);
    }
    if (!to.port.transmit(passage, frame)) {
      return false;
    }
    to.counters.transmitted(passage.segments, passage.wireBytes);
    return true;
  }

  /** Transmits, and shows the frame to the taps once it was taken. */
  private boolean transmitShown(Slot to, Passage passage, ByteBuf frame) {
    passage.leaving = to;
    passage.leavingFrame = frame;
    try {
      boolean taken = to.port.transmit(passage, frame);
      if (taken) {
        to.counters.transmitted(passage.segments, passage.wireBytes);
        showLeaving(passage);
      }
      return taken;
    } finally {
      passage.leaving = null;
      passage.leavingFrame = null;
    }
  }

  private void showLeaving(Passage passage) {
    Slot to = passage.leaving;
    ByteBuf frame = passage.leavingFrame;
    if (to != null && frame != null) {
      passage.leaving = null;
      for (FrameTap tap : taps) {
        tap.frame(passage, to.port, false, frame);
      }
    }
  }

  /**
   * Shows a frame that has come in.
   *
   * @param cause what was being handed over when it came, or null
   */
  void showReceived(Passage passage, @Nullable Passage cause, ByteBuf frame) {
    if (cause != null && cause.leaving == passage.from) {
      // A port that answers from inside transmit has taken what it answers to, and that came first.
      showLeaving(cause);
    }
    for (FrameTap tap : taps) {
      tap.frame(passage, passage.from.port, true, frame);
    }
  }

  private void touch(Slot slot) {
    if (!slot.touched) {
      slot.touched = true;
      if (touchedCount == touched.length) {
        touched = Arrays.copyOf(touched, 2 * touchedCount);
      }
      if (touched[touchedCount] != slot) { // storing a reference costs more than comparing it
        touched[touchedCount] = slot;
      }
      touchedCount++;
    }
  }

  /**
   * Flushes every port that was handed a frame since the last call. A port that asks for it from
   * inside its own flush gets it from the call that is under way.
   */
  void flush() {
    if (flushing) {
      return;
    }
    flushing = true;
    int done = 0;
    try {
      // A flush may touch ports again: the count is read anew each time.
      while (done < touchedCount) {
        Slot slot = touched[done++];
        slot.touched = false;
        slot.port.flush();
      }
    } finally { // a port may have thrown: those behind it are flushed the next time
      flushing = false;
      touchedCount -= done;
      System.arraycopy(touched, done, touched, 0, touchedCount);
    }
  }

  /** Whether there are taps. */
  boolean isWatched() {
    return taps.length != 0;
  }

  void addTap(FrameTap tap) {
    FrameTap[] more = Arrays.copyOf(taps, taps.length + 1);
    more[taps.length] = tap;
    taps = more;
  }

  void removeTap(FrameTap tap) {
    taps = Arrays.stream(taps).filter(t -> t != tap).toArray(FrameTap[]::new);
  }

  /** Gives back the buffer of the segments. */
  void close() {
    if (spare != null) {
      spare.release();
      spare = null;
    }
  }
}
