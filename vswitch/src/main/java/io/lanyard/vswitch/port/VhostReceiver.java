package io.lanyard.vswitch.port;

import io.lanyard.linux.SharedMemory;
import io.lanyard.virtio.Chain;
import io.lanyard.virtio.VirtQueue;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Work;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.vhost.VhostFeatures;
import io.lanyard.vswitch.vhost.VhostSession;
import io.lanyard.vswitch.vhost.Vring;
import io.netty.buffer.ByteBuf;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The frames that a guest sends through shared rings.
 *
 * <p>A frame is copied once, out of the guest's memory, before anything looks at it: the guest
 * could change it between a check and a use. A burst is copied whole, its buffers go back, and only
 * then is it switched, so that pages which are gone cannot make another port's code throw.
 *
 * <p>Thread: the network's loop only.
 */
final class VhostReceiver extends Work {
  /** The process's memory, for addresses that were checked. */
  private static final MemorySegment PROCESS = VhostSender.PROCESS;

  /**
   * Most descriptors of a chain. Windows needs up to about a hundred; a guest may name single
   * bytes, and each costs the network's loop 6 ns.
   */
  private static final int MOST_DESCRIPTORS = 256;

  private static final int SHORTEST = OffloadHeader.LENGTH + 14;

  private final VhostSession session;
  private final VhostUserPort port;
  private final VhostLink link;
  private final Switch network;
  private final Turn turn;
  private final DeviceBurst burst;
  private final @Nullable Chain[] chains;
  private int header = OffloadHeader.LENGTH;
  private int firstRing;
  private boolean reading;
  private boolean closed;

  VhostReceiver(VhostSession session, VhostUserPort port, VhostLink link, PortContext context) {
    this.session = session;
    this.port = port;
    this.link = link;
    this.network = context.network();
    this.turn = network.turns().of(port);
    this.burst = new DeviceBurst(context.allocator());
    this.chains = new @Nullable Chain[session.ringCount()];
  }

  void started(Vring ring) {
    VirtQueue queue = ring.queue();
    header = VhostFeatures.headerLength(session.features());
    chains[ring.index()] = queue == null ? null : queue.newChain(MOST_DESCRIPTORS);
  }

  void stopping(Vring ring) {
    chains[ring.index()] = null;
  }

  @Override
  protected boolean run() {
    if (closed) {
      return false;
    }
    boolean more = true;
    reading = true;
    try {
      if (!burst.hasMore()) {
        more = fetch();
      }
      if (!closed) {
        more |= !burst.deliver(network, port, turn);
      }
      network.flush();
    } finally {
      reading = false;
      if (closed) {
        burst.release();
      }
    }
    return more && !closed;
  }

  @Override
  protected void broke(Throwable cause) {
    link.end("its frames cannot be handed over: " + cause);
  }

  /** Takes frames out of the rings until no more fit. Returns whether there may be another. */
  private boolean fetch() {
    int rings = session.ringCount();
    boolean more = false;
    try {
      for (int i = 1; i < rings && !closed; i += 2) {
        more |= fetch(session.ring((firstRing + i) % rings));
      }
      SharedMemory.settle();
    } catch (InternalError e) {
      // Frames that were not copied whole hold what was in their buffers before.
      port.counters().receiveDropped(DropCause.HOST_ERROR, burst.discard());
      link.fault();
      return false;
    }
    firstRing = (firstRing + 2) % rings;
    return more;
  }

  private boolean fetch(Vring ring) {
    VirtQueue queue = ring.queue();
    Chain chain = chains[ring.index()];
    if (queue == null || chain == null || queue.broken() || !ring.wasEnabled()) {
      return false;
    }
    queue.notifications(false);
    int taken = 0;
    boolean more = true;
    while (taken < DeviceBurst.FRAMES && burst.hasRoom()) {
      more = queue.pop(chain);
      if (!more) {
        break;
      }
      taken++;
      boolean large = take(ring, queue, chain);
      if (closed || ring.queue() == null) {
        return false;
      }
      if (large && turn.isOver()) { // each may cost as much as many small ones
        break;
      }
    }
    if (taken > 0) {
      queue.publish();
    }
    if (!more) {
      queue.notifications(true);
      more = queue.hasNext(); // one that came before the driver knew
    }
    return more && !queue.broken();
  }

  /** Copies a frame and gives its buffers back. Returns whether it was a large one, switched. */
  private boolean take(Vring ring, VirtQueue queue, Chain chain) {
    int whole = -1;
    long length = chain.readable() + (OffloadHeader.LENGTH - header);
    if (ring.enabled()) {
      if (length < SHORTEST || length > Burst.LARGEST) { // none if it had too many descriptors
        port.counters().receiveDropped(DropCause.BAD_LENGTH);
      } else {
        whole = copy(chain, (int) length);
      }
    } else {
      port.counters().receiveDropped(DropCause.NO_CARRIER); // the guest has switched the ring off
    }
    queue.push(chain, 0);
    if (whole < 0 || burst.take(whole)) {
      return false;
    }
    queue.publish();
    SharedMemory.settle();
    burst.deliverLarge(network, port, whole);
    return true;
  }

  /** Copies a frame into its room. Returns its length, or -1 if there is no memory for it. */
  private int copy(Chain chain, int length) {
    ByteBuf room;
    try {
      room = burst.room(length);
    } catch (OutOfDirectMemoryError e) {
      port.counters().receiveDropped(DropCause.NO_BUFFERS);
      return -1;
    }
    long address = room.memoryAddress();
    if (header == OffloadHeader.LENGTH) {
      chain.read(0, PROCESS, address, length);
    } else {
      chain.read(0, PROCESS, address, header);
      long rest = (long) length - OffloadHeader.LENGTH;
      chain.read(header, PROCESS, address + OffloadHeader.LENGTH, rest);
    }
    room.setShort(OffloadHeader.LENGTH - Short.BYTES, 0); // num_buffers: not of this direction
    return length;
  }

  /** Ends the work. The buffers go once no frame is lent. */
  void close() {
    if (!closed) {
      closed = true;
      if (!reading) {
        burst.release();
      }
    }
  }
}
