package io.lanyard.vswitch.port;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.Timers;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.ObservedPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Work;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One end of a patch between two switches of this process: what the one switch transmits by it, the
 * other receives by its other end. Super-frames and unfinished checksums pass as they are.
 *
 * <p>The two switches may have two loops. Each end has a bounded ring of its own, which the other
 * end's loop fills and its own loop empties: frames cross without a lock. A full ring drops and
 * counts, and so does one that there is no memory for. Frames that come in are work in the port's
 * turn, so that the other network has no more of this one's time than any guest.
 *
 * <p>Two patches between the same switches are a loop, which storm control holds down.
 *
 * <p>Thread: the network's loop only, but for what is said to be called by the other end.
 */
public final class PatchPort extends ObservedPort implements Dumpable {
  /** Several bursts. */
  private static final int SLOTS = 256;

  /** How long a buffer of the ring is kept that no frame needs. */
  private static final long TRIM_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Frames before the loop looks at others. */
  private static final int BURST = 64;

  private final Patches patches;
  private final String network;
  private final String peer;
  private final PortContext context;
  private final PortState absent;
  private final PortBuffers buffers;
  private final FrameRing arrived;
  private final Timers.Timer trim;
  private final Turn turn;
  private final Work receiving =
      new Work() {
        @Override
        protected boolean run() {
          return receive();
        }

        @Override
        protected void broke(Throwable cause) {
          close();
        }
      };

  /** Whether the loop has been told that frames wait in {@link #arrived}. */
  private final AtomicBoolean told = new AtomicBoolean();

  private final Runnable arrival = this::arrival;

  /** The other end, whose ring this end fills. */
  private @Nullable PatchPort other;

  /** Whether frames were put into the other end's ring since the last flush. */
  private boolean sent;

  /** Whether frames are lent to the switch. */
  private boolean lent;

  private boolean closed;

  /**
   * Makes an end, to be attached by the caller and then started.
   *
   * @param name the port's name
   * @param mtu the largest IP packet on it, in bytes
   * @param network the network of the other end
   * @param peer the other end's name there
   * @param patches where both ends find each other
   * @param context the network
   */
  public PatchPort(
      String name, int mtu, String network, String peer, Patches patches, PortContext context) {
    super(name, "patch", mtu, new PortState.NoCarrier("the port is not started yet", ""));
    this.patches = patches;
    this.network = network;
    this.peer = peer;
    this.context = context;
    this.buffers = PortBuffers.of(context.network(), name, context.allocator());
    this.arrived = new FrameRing(SLOTS, buffers);
    this.trim = context.timers().create(this::trim);
    this.turn = context.network().turns().of(this);
    this.absent =
        new PortState.NoCarrier(
            "network "
                + network
                + " has no patch port "
                + peer
                + " that leads to port "
                + name
                + " of network "
                + context.network().name(),
            "add it there, or correct network and peer of one of them");
  }

  @Override
  public void start() {
    become(absent);
    patches.add(context.network().name(), this, network, peer);
  }

  /** Whether the end is to lead to a port. On any thread. */
  boolean leadsTo(String where, String port) {
    return network.equals(where) && peer.equals(port);
  }

  /** Hears of its other end. On any thread. */
  void join(PatchPort found) {
    post(() -> {
      if (!closed) {
        other = found;
        become(PortState.up());
      }
    });
  }

  /** Hears that its other end was closed. On any thread. */
  void part(PatchPort gone) {
    post(() -> {
      if (other == gone) {
        other = null;
        become(closed ? PortState.closed() : absent);
      }
    });
  }

  private void post(Runnable task) {
    try {
      context.loop().execute(task);
    } catch (RejectedExecutionException e) {
      // The network has ended, with all its ports.
    }
  }

  @Override
  public boolean transmit(Passage passage, ByteBuf frame) {
    PatchPort to = other;
    if (to == null) {
      counters().transmitDropped(DropCause.NO_CARRIER, passage.segments());
      return false;
    }
    DropCause refused = to.arrived.offer(frame);
    if (refused != null) {
      counters().transmitDropped(refused, passage.segments());
      return false;
    }
    sent = true;
    return true;
  }

  @Override
  public void flush() {
    PatchPort to = other;
    if (sent && to != null) {
      to.wake();
    }
    sent = false;
  }

  /** Tells the loop that frames have arrived, once until it looks. Called by the other end. */
  private void wake() {
    if (!told.get() && told.compareAndSet(false, true)) {
      post(arrival);
    }
  }

  private void arrival() {
    turn.ready(receiving);
  }

  /** Hands a burst over. Answers whether there is more. */
  private boolean receive() {
    told.set(false); // first: what comes from now on is told of anew
    lent = true;
    try {
      deliver();
    } finally {
      lent = false;
      if (closed) {
        arrived.close();
      }
    }
    if (!closed && !trim.armed()) {
      trim.arm(TRIM_NANOS);
    }
    return !closed && !arrived.isEmpty();
  }

  private void trim() {
    if (!closed && arrived.trim()) {
      trim.arm(TRIM_NANOS);
    }
  }

  private void deliver() {
    for (int i = 0; i < BURST && !closed; i++) {
      ByteBuf frame = arrived.peek();
      if (frame == null) {
        break;
      }
      try {
        context.network().receive(this, frame);
      } finally {
        arrived.next();
      }
      if ((i + 1) % Turn.FRAMES == 0 && turn.isOver()) {
        break;
      }
    }
    context.network().flush();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    other = null;
    patches.remove(context.network().name(), this, network, peer);
    trim.cancel();
    buffers.close();
    if (!lent) {
      arrived.close();
    }
    become(PortState.closed());
  }

  @Override
  public Offloads offloads() {
    return Offloads.ALL;
  }

  @Override
  public DumpNode dump() {
    return DumpNode.of("patch to " + network + "/" + peer)
        .with("waitingFrames", arrived.size())
        .withNonZero("heldBytes", buffers.held())
        .build();
  }
}
