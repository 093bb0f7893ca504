package io.lanyard.vswitch.port;

import io.lanyard.linux.SharedMemory;
import io.lanyard.virtio.ReceiveQueue;
import io.lanyard.virtio.VirtQueue;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.vhost.VhostFeatures;
import io.lanyard.vswitch.vhost.VhostSession;
import io.lanyard.vswitch.vhost.Vring;
import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The frames that go to a guest through shared rings: copied into the driver's buffers as they
 * come, shown to it at the end of a burst.
 *
 * <p>With several pairs of queues a flow stays on one, found from its addresses and ports.
 *
 * <p>Thread: the network's loop only.
 */
final class VhostSender {
  /** The process's memory, for addresses that were checked. */
  static final MemorySegment PROCESS = process();

  private final VhostSession session;
  private final VhostUserPort port;
  private final @Nullable ReceiveQueue[] queues;
  private final ReceiveQueue[] active;
  private int activeCount;
  private Offloads offloads = Offloads.NONE;
  private boolean trusts;
  private boolean pending;

  VhostSender(VhostSession session, VhostUserPort port) {
    this.session = session;
    this.port = port;
    this.queues = new @Nullable ReceiveQueue[session.ringCount() / 2];
    this.active = new ReceiveQueue[queues.length];
  }

  @SuppressWarnings("restricted") // used with the addresses of buffers alone
  private static MemorySegment process() {
    return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  }

  void started(Vring ring) {
    VirtQueue queue = ring.queue();
    if (queue != null) {
      long features = session.features();
      queue.notifications(false); // nobody waits for its buffers
      queues[ring.index() / 2] =
          new ReceiveQueue(
              queue,
              (features & VhostFeatures.MRG_RXBUF) != 0,
              VhostFeatures.headerLength(features));
    }
  }

  /**
   * Gives up a ring.
   *
   * @param show whether the guest is shown frames that it was not shown yet
   */
  void stopping(Vring ring, boolean show) {
    ReceiveQueue queue = queues[ring.index() / 2];
    queues[ring.index() / 2] = null;
    if (queue != null && show) {
      queue.queue().publish();
    }
    update();
  }

  /** Finds the rings that take frames, and what the guest understands. */
  void update() {
    activeCount = 0;
    for (int i = 0; i < queues.length; i++) {
      ReceiveQueue queue = queues[i];
      if (queue != null && session.ring(2 * i).enabled() && !queue.queue().broken()) {
        active[activeCount++] = queue;
      }
    }
    offloads = activeCount == 0 ? Offloads.NONE : VhostFeatures.offloads(session.features());
    trusts = offloads.checksum();
  }

  boolean isLive() {
    return activeCount > 0;
  }

  Offloads offloads() {
    return offloads;
  }

  /** Frames that wait for buffers. */
  int waiting() {
    return 0;
  }

  /**
   * Puts a frame into the guest's buffers.
   *
   * @throws InternalError if pages of the guest's memory are gone; the frame is counted
   */
  boolean transmit(Passage passage, ByteBuf frame) {
    int count = activeCount;
    if (count == 0) {
      port.counters().transmitDropped(DropCause.NO_CARRIER);
      return false;
    }
    ReceiveQueue to = active[count == 1 ? 0 : queueOf(passage, frame, count)];
    @Nullable DropCause cause = DropCause.HOST_ERROR;
    try {
      if (put(to, frame)) {
        cause = null;
      } else {
        cause = to.queue().broken() ? DropCause.NO_CARRIER : DropCause.QUEUE_FULL;
      }
      SharedMemory.settle();
    } finally {
      if (cause != null) {
        port.counters().transmitDropped(cause);
      }
    }
    return cause == null;
  }

  private boolean put(ReceiveQueue to, ByteBuf frame) {
    long address = frame.memoryAddress() + frame.readerIndex();
    boolean done = to.put(PROCESS, address, frame.readableBytes(), trusts);
    pending |= done;
    return done;
  }

  /** The queue of a frame's flow. Fragments have no ports: they go by their addresses. */
  private static int queueOf(Passage passage, ByteBuf frame, int count) {
    int at = frame.readerIndex() + OffloadHeader.LENGTH + passage.network();
    int left = frame.writerIndex() - at;
    int hash = (int) (passage.source() ^ passage.destination());
    if (passage.etherType() == Ethernet.TYPE_IPV4 && left >= 24) {
      hash = frame.getInt(at + 12) ^ Integer.reverse(frame.getInt(at + 16));
      boolean whole = (frame.getShort(at + 6) & 0x3fff) == 0 && frame.getByte(at) == 0x45;
      hash ^= whole ? frame.getInt(at + 20) : 0;
    } else if (passage.etherType() == Ethernet.TYPE_IPV6 && left >= 44) {
      hash = frame.getInt(at + 20) ^ Integer.reverse(frame.getInt(at + 36));
      hash ^= frame.getInt(at + 40);
    }
    return Math.floorMod((hash * 0x9e37_79b9) >>> 16, count);
  }

  /**
   * Shows the guest its frames, and interrupts it where it wants that.
   *
   * @throws InternalError if pages of the guest's memory are gone
   */
  void flush() {
    if (pending) {
      pending = false;
      for (int i = 0; i < activeCount; i++) {
        active[i].queue().publish();
      }
      SharedMemory.settle();
    }
  }
}
