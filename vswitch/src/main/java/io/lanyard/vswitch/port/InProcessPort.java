package io.lanyard.vswitch.port;

import io.lanyard.base.Causes;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.LogEvent;
import io.lanyard.base.Timers;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.ObservedPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Work;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A guest's NIC in this process.
 *
 * <p>Frames from the guest go into {@link #network}, by one guest thread at a time; a ring carries
 * them to the network's loop, which is woken once per burst. Frames to the guest go into the {@link
 * FrameConsumer} that the port was made with, on the loop. Each way a frame is copied once.
 *
 * <p>The ring takes memory as frames wait in it, and gives back what it has not needed for a
 * second. A frame that there is no memory for is dropped, counted as NO_BUFFERS.
 *
 * <p>Thread: the network's loop, except for what {@link #network} answers.
 */
public final class InProcessPort extends ObservedPort implements Dumpable {
  /** Frames on their way from the guest: a virtqueue's usual size. */
  static final int RING_SLOTS = 256;

  private static final PortState OFF = new PortState.NoCarrier("the guest is off", "start it");

  private static final System.Logger LOG = System.getLogger(InProcessPort.class.getName());

  /** Sets of kept segments, of {@link #WAYS}: the buffers of the rings of a few other guests. */
  private static final int SET_BITS = 7;

  /** The keys of a set fill a line of the processor's cache. */
  private static final int WAYS = 8;

  /** The bits of a frame's length in a key; the address above them may lose its highest. */
  private static final int LENGTH_BITS = 17;

  /** Frames handled before the loop is given back. */
  private static final int BURST = 64;

  /** How long a buffer of the ring is kept that no frame needs. */
  private static final long TRIM_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** The length above which a frame is more than a wire frame of the usual MTU. */
  private static final int LARGE = 2048;

  private final FrameConsumer guest;
  private final Executor loop;
  private final Switch to;
  private final PortBuffers buffers;
  private final FrameRing ring;
  private final Timers.Timer trim;
  private final long[] segmentKeys = new long[WAYS << SET_BITS];
  private final @Nullable MemorySegment[] segments = new MemorySegment[WAYS << SET_BITS];
  private int nextWay;
  private final Runnable ready = this::ready;
  private @Nullable Turn turn;
  private final Work work =
      new Work() {
        @Override
        protected boolean run() {
          return drain();
        }

        @Override
        protected void broke(Throwable cause) {
          handOverBroke(cause);
        }
      };
  private final NetworkEnd networkEnd = new NetworkEnd();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final AtomicLong refusedFull = new AtomicLong();
  private final AtomicLong refusedLength = new AtomicLong();
  private final AtomicLong refusedMemory = new AtomicLong();
  private long countedFull;
  private long countedMemory;
  private long countedLength;

  /** Whether the state is up, for each frame. */
  private boolean live;

  private boolean on;
  private boolean closed;
  private String failure = "";
  private boolean draining;

  /** Whether the hand-over of the guest's frames has ended. */
  private boolean resting;

  /**
   * Makes a port without carrier, to be attached by the caller and then started.
   *
   * @param name the port's name
   * @param kind its kind, as {@code guest}
   * @param mtu the largest IP packet on the port, in bytes
   * @param guest takes the frames for the guest, called on the loop
   * @param loop runs a task on the network's loop
   * @param network the switch that the port is attached to
   * @param allocator where frames are copied to; direct and pooled
   */
  public InProcessPort(
      String name,
      String kind,
      int mtu,
      FrameConsumer guest,
      Executor loop,
      Switch network,
      ByteBufAllocator allocator) {
    super(name, kind, mtu, OFF);
    this.guest = guest;
    this.loop = loop;
    this.to = network;
    this.buffers = PortBuffers.of(network, name, allocator);
    this.ring = new FrameRing(RING_SLOTS, buffers);
    this.trim = network.timers().create(this::trim);
  }

  @Override
  public void start() {
    Turn own = to.turns().of(this);
    turn = own;
    own.later(work); // for a guest that was earlier
  }

  /**
   * The end that the guest puts its frames into.
   *
   * @return the same object for the life of the port; one thread at a time, any thread
   */
  public FrameConsumer network() {
    return networkEnd;
  }

  /** The port as the guest's threads see it. */
  private final class NetworkEnd implements FrameConsumer {
    @Override
    public boolean accept(MemorySegment frame) {
      long length = frame.byteSize() - OffloadHeader.LENGTH;
      if (length < Ethernet.HEADER_LENGTH || length > Ethernet.LARGEST_FRAME) {
        refusedLength.lazySet(refusedLength.getPlain() + 1);
        return false;
      }
      DropCause refused = ring.offer(frame);
      if (refused == null) {
        return true;
      }
      AtomicLong count = refused == DropCause.NO_BUFFERS ? refusedMemory : refusedFull;
      count.lazySet(count.getPlain() + 1);
      wake();
      return false;
    }

    @Override
    public void flush() {
      wake();
    }

    @Override
    public Offloads offloads() {
      return Offloads.ALL;
    }
  }

  /** Makes {@link #drain} run once more after whatever was offered before. */
  private void wake() {
    if (!ring.isEmpty() && !scheduled.getAndSet(true)) {
      try {
        loop.execute(ready);
      } catch (RejectedExecutionException e) {
        // The loop has ended, and the network with it: nobody is left to take frames.
        ring.close();
      }
    }
  }

  private void ready() {
    Turn own = turn;
    if (own != null) { // else the start comes back to it
      own.ready(work);
    }
  }

  /** Hands a burst over. Says whether more waits. */
  private boolean drain() {
    Turn own = turn;
    if (closed || own == null) {
      return false;
    }
    countRefused();
    draining = true;
    try {
      handOver(own);
      to.flush();
    } finally {
      draining = false;
      if (closed) {
        ring.close();
      }
    }
    if (closed) {
      return false;
    }
    if (!trim.armed()) {
      trim.arm(TRIM_NANOS);
    }
    if (ring.isEmpty()) {
      scheduled.set(false);
      wake(); // a frame may have come in between
      return false;
    }
    return true;
  }

  private void trim() {
    if (!closed && ring.trim()) {
      trim.arm(TRIM_NANOS);
    }
  }

  private void handOver(Turn own) {
    for (int i = 0; i < BURST && !closed; i++) {
      ByteBuf frame = ring.peek();
      if (frame == null) {
        break;
      }
      boolean large = frame.readableBytes() > LARGE;
      try {
        to.receive(this, frame);
      } finally {
        ring.next(); // or one that makes the switch throw would come again without end
      }
      if ((large || (i + 1) % Turn.FRAMES == 0) && own.isOver()) {
        break;
      }
    }
  }

  private void countRefused() {
    long full = refusedFull.get();
    counters().receiveDropped(DropCause.QUEUE_FULL, full - countedFull);
    countedFull = full;
    long length = refusedLength.get();
    counters().receiveDropped(DropCause.BAD_LENGTH, length - countedLength);
    countedLength = length;
    long memory = refusedMemory.get();
    counters().receiveDropped(DropCause.NO_BUFFERS, memory - countedMemory);
    countedMemory = memory;
  }

  /**
   * A frame's memory as a segment. Frames come from buffers that are used again and again, so those
   * of the last places and lengths are kept: a steady stream makes no objects.
   */
  @SuppressWarnings("restricted") // it covers the lent frame and no more
  private MemorySegment segment(long address, int length) {
    long key = address << LENGTH_BITS | length;
    // Fibonacci hashing: buffers lie at distances that are powers of two.
    int set = (int) ((key * 0x9e37_79b9_7f4a_7c15L) >>> (64 - SET_BITS)) * WAYS;
    for (int i = set; i < set + WAYS; i++) {
      MemorySegment kept = segments[i];
      if (segmentKeys[i] == key && kept != null && kept.address() == address) {
        return kept;
      }
    }
    MemorySegment made = MemorySegment.ofAddress(address).reinterpret(length);
    int way = set + nextWay;
    nextWay = (nextWay + 1) % WAYS;
    segmentKeys[way] = key;
    segments[way] = made;
    return made;
  }

  @Override
  public boolean transmit(Passage passage, ByteBuf frame) {
    if (!live) {
      counters().transmitDropped(DropCause.NO_CARRIER, passage.segments());
      return false;
    }
    MemorySegment segment =
        segment(frame.memoryAddress() + frame.readerIndex(), frame.readableBytes());
    try {
      if (guest.accept(segment)) {
        return true;
      }
      counters().transmitDropped(DropCause.QUEUE_FULL, passage.segments());
    } catch (RuntimeException | Error e) {
      fail(e);
      counters().transmitDropped(DropCause.HOST_ERROR, passage.segments());
    }
    return false;
  }

  @Override
  public void flush() {
    if (live) {
      try {
        guest.flush();
      } catch (RuntimeException | Error e) {
        fail(e);
      }
    }
  }

  /**
   * A VMM's error must not reach the loop, not even a class that its plug-in lacks: it costs this
   * guest its network, and nobody else.
   */
  private void fail(Throwable e) {
    failure = "the guest's VMM failed: " + Causes.of(e);
    LogEvent.of("guest-nic-failed")
        .with("network", to.name())
        .with("port", name())
        .with("advice", "restart the guest")
        .log(LOG, Level.ERROR, e);
    update();
  }

  /** The guest's frames are left in the ring until it is started again. */
  private void handOverBroke(Throwable cause) {
    failure = "the guest's frames cannot be handed over: " + cause;
    resting = true;
    update();
  }

  /**
   * Notes whether the guest is powered on. Frames for a guest that is off are dropped here; a frame
   * from a guest is taken in either case, because a guest may send before its VMM has told.
   *
   * @param powered whether it is
   */
  public void carrier(boolean powered) {
    on = powered;
    if (!powered) {
      failure = ""; // it starts afresh
    }
    update();
    Turn own = turn;
    if (powered && resting && own != null) {
      resting = false;
      own.later(work);
    }
  }

  private void update() {
    PortState now = PortState.up();
    if (closed) {
      now = PortState.closed();
    } else if (!failure.isEmpty()) {
      now = new PortState.Failed(failure, "restart the guest");
    } else if (!on) {
      now = OFF;
    }
    live = now.hasCarrier();
    become(now);
  }

  /** {@inheritDoc} A guest thread that is about to put a frame in finds the port closed. */
  @Override
  public void close() {
    if (!closed) {
      countRefused();
      closed = true;
      update();
      trim.cancel();
      buffers.close();
      if (!draining) { // else a frame is still lent
        ring.close();
      }
    }
  }

  @Override
  public Offloads offloads() {
    return guest.offloads();
  }

  @Override
  public DumpNode dump() {
    countRefused();
    return DumpNode.of("in-process")
        .with("waitingFrames", ring.size())
        .with("heldBytes", buffers.held())
        .with("offloads", guest.offloads().checksum())
        .build();
  }
}
