package io.lanyard.vswitch.port;

import io.lanyard.linux.SharedMemory;
import io.lanyard.virtio.ReceiveQueue;
import io.lanyard.virtio.VirtQueue;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Work;
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
 * <p>Frames for which a ring has no buffers wait for them ({@link WaitingFrames}), and the driver
 * is asked to notify of new ones. While none waits it is asked not to.
 *
 * <p>With several pairs of queues a flow stays on one, found from its addresses and ports.
 *
 * <p>Thread: the network's loop only.
 */
final class VhostSender extends Work {
  /** The process's memory, for addresses that were checked. */
  static final MemorySegment PROCESS = process();

  /** Looks at a ring while its driver adds buffers and they do not suffice. */
  private static final int TRIES = 3;

  private final VhostSession session;
  private final VhostUserPort port;
  private final VhostLink link;
  private final Turn turn;
  private final @Nullable ReceiveQueue[] queues;
  private final WaitingFrames[] waiting;

  /** The indexes of the queues that take frames; {@link #activeCount} of them. */
  private final int[] active;

  private int activeCount;
  private Offloads offloads = Offloads.NONE;
  private boolean trusts;
  private boolean pending;

  VhostSender(VhostSession session, VhostUserPort port, VhostLink link, PortContext context) {
    this.session = session;
    this.port = port;
    this.link = link;
    this.turn = context.network().turns().of(port);
    this.queues = new @Nullable ReceiveQueue[session.ringCount() / 2];
    this.active = new int[queues.length];
    this.waiting = new WaitingFrames[queues.length];
    for (int i = 0; i < waiting.length; i++) {
      waiting[i] = new WaitingFrames(port.buffers(), waiting.length);
    }
  }

  @SuppressWarnings("restricted") // used with the addresses of buffers alone
  private static MemorySegment process() {
    return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  }

  void started(Vring ring) {
    VirtQueue queue = ring.queue();
    if (queue != null) {
      long features = session.features();
      queue.notifications(false); // no frame waits for its buffers
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
        active[activeCount++] = i;
      } else {
        drop(i);
      }
    }
    offloads = activeCount == 0 ? Offloads.NONE : offloads(session.features());
    trusts = offloads.checksum();
  }

  /** The offloads that a guest takes, by the features that its driver has acknowledged. */
  private static Offloads offloads(long features) {
    return (features & VhostFeatures.GUEST_CSUM) == 0
        ? Offloads.NONE
        : Offloads.of(
            true,
            (features & VhostFeatures.GUEST_TSO4) != 0,
            (features & VhostFeatures.GUEST_TSO6) != 0,
            (features & VhostFeatures.GUEST_USO) == VhostFeatures.GUEST_USO);
  }

  boolean isLive() {
    return activeCount > 0;
  }

  Offloads offloads() {
    return offloads;
  }

  /** Frames that wait for buffers. */
  int waiting() {
    int count = 0;
    for (WaitingFrames frames : waiting) {
      count += frames.count();
    }
    return count;
  }

  /** Drops the frames that wait for a ring which takes none any more. */
  private void drop(int queue) {
    port.counters().transmitDropped(DropCause.NO_CARRIER, waiting[queue].clear());
  }

  /**
   * Puts a frame into the guest's buffers.
   *
   * @throws InternalError if pages of the guest's memory are gone; the frame is counted
   */
  boolean transmit(Passage passage, ByteBuf frame) {
    int count = activeCount;
    if (count == 0) {
      port.counters().transmitDropped(DropCause.NO_CARRIER, passage.segments());
      return false;
    }
    int to = active[count == 1 ? 0 : queueOf(passage, frame, count)];
    @Nullable DropCause cause = DropCause.HOST_ERROR;
    try {
      cause = send(to, frame);
      SharedMemory.settle();
    } finally {
      if (cause != null) {
        port.counters().transmitDropped(cause, passage.segments());
      }
    }
    return cause == null;
  }

  /** Puts a frame into a ring, or behind those that wait for it. Returns why not, if so. */
  private @Nullable DropCause send(int to, ByteBuf frame) {
    ReceiveQueue queue = queues[to];
    if (queue == null) {
      return DropCause.NO_CARRIER;
    }
    if (waiting[to].count() == 0 && put(queue, frame)) {
      return null;
    }
    if (queue.queue().broken()) {
      return DropCause.NO_CARRIER;
    }
    DropCause refused = waiting[to].add(frame);
    if (refused != null) {
      return refused;
    }
    if (waiting[to].count() == 1) {
      turn.later(this); // asks to be notified, after the burst
    }
    return null;
  }

  private boolean put(ReceiveQueue to, ByteBuf frame) {
    long address = frame.memoryAddress() + frame.readerIndex();
    boolean done = to.put(PROCESS, address, frame.readableBytes(), trusts);
    pending |= done;
    return done;
  }

  /** {@inheritDoc} There may be new buffers for frames that wait. */
  @Override
  protected boolean run() {
    boolean more = false;
    try {
      for (int i = 0; i < activeCount; i++) {
        if (i > 0 && turn.isOver()) {
          more = true;
          break;
        }
        more |= serve(active[i]);
      }
      flush();
      SharedMemory.settle();
    } catch (InternalError e) {
      link.fault();
      return false;
    }
    return more;
  }

  @Override
  protected void broke(Throwable cause) {
    link.end("frames for it cannot be handed over: " + cause);
  }

  /** Puts what waits for a ring into it. Returns whether to look again without being notified. */
  private boolean serve(int index) {
    ReceiveQueue to = queues[index];
    WaitingFrames frames = waiting[index];
    int tries = 0;
    while (to != null && !to.queue().broken()) {
      ByteBuf frame = frames.first();
      if (frame == null) {
        to.queue().notifications(false);
        return false;
      }
      if (put(to, frame)) {
        frames.remove();
        if (turn.isOver()) {
          return true;
        }
      } else if (to.queue().waiting() == to.queue().size()) {
        frames.remove(); // all of the ring is too small for it
        port.counters().transmitDropped(DropCause.QUEUE_FULL);
      } else {
        int before = to.queue().waiting();
        to.queue().notifications(true);
        if (to.queue().waiting() == before) {
          return false;
        }
        tries++;
        if (tries == TRIES) {
          return true;
        }
      }
    }
    return false;
  }

  /** Drops all that waits: the link is closed. Touches no shared memory. */
  void close() {
    for (int i = 0; i < waiting.length; i++) {
      drop(i);
    }
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
        ReceiveQueue queue = queues[active[i]];
        if (queue != null) {
          queue.queue().publish();
        }
      }
      SharedMemory.settle();
    }
  }
}
