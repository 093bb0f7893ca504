package io.lanyard.vswitch;

import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A port whose other end is a test: it keeps what the switch transmits, and receives what the test
 * says. Frames towards the test, and from it, may be lost, swapped or doubled on the way.
 *
 * <p>Thread: the one that plays the network's loop.
 */
public final class InMemoryPort extends ObservedPort {
  private final ArrayDeque<ByteBuf> arrived = new ArrayDeque<>();
  private Offloads offloads;
  private @Nullable Switch network;
  private Faults outward = Faults.NONE;
  private Faults inward = Faults.NONE;
  private @Nullable ByteBuf heldOutward;
  private @Nullable ByteBuf heldInward;
  private UnaryOperator<ByteBuf> toSwitch = frame -> frame;
  private Function<ByteBuf, @Nullable ByteBuf> toTest = frame -> frame;
  private int flushes;
  private boolean closed;

  /**
   * The faults of one direction. Percentages apply one after the other.
   *
   * @param random decides; a seed makes it repeatable
   * @param lossPercent frames that vanish
   * @param reorderPercent frames that change places with the next
   * @param duplicatePercent frames that arrive twice
   */
  public record Faults(
      SplittableRandom random, double lossPercent, double reorderPercent, double duplicatePercent) {
    /** A perfect way. */
    public static final Faults NONE = new Faults(new SplittableRandom(0), 0, 0, 0);

    /**
     * A bad way.
     *
     * @param seed makes it repeatable
     * @param lossPercent frames that vanish
     * @param reorderPercent frames that change places with the next
     * @param duplicatePercent frames that arrive twice
     * @return the faults
     */
    public static Faults seeded(
        long seed, double lossPercent, double reorderPercent, double duplicatePercent) {
      return new Faults(new SplittableRandom(seed), lossPercent, reorderPercent, duplicatePercent);
    }

    private boolean hits(double percent) {
      return percent > 0 && random.nextDouble(100) < percent;
    }
  }

  /**
   * Makes a port of the usual MTU that is not attached.
   *
   * @param name its name
   * @param offloads what it takes
   */
  public InMemoryPort(String name, Offloads offloads) {
    this(name, 1500, offloads);
  }

  /**
   * Makes a port that is not attached.
   *
   * @param name its name
   * @param mtu the largest packet on it
   * @param offloads what it takes
   */
  public InMemoryPort(String name, int mtu, Offloads offloads) {
    super(name, "memory", mtu, PortState.up());
    this.offloads = offloads;
  }

  /**
   * Makes a port of the usual MTU that is attached.
   *
   * @param name its name
   * @param offloads what it takes
   * @param network the switch
   * @return the port
   */
  public static InMemoryPort attached(String name, Offloads offloads, Switch network) {
    InMemoryPort port = new InMemoryPort(name, offloads);
    port.attachTo(network);
    return port;
  }

  /**
   * Attaches the port, {@link PortRules#PLAIN}.
   *
   * @param to the switch
   */
  public void attachTo(Switch to) {
    attachTo(to, PortRules.PLAIN);
  }

  /**
   * Attaches the port.
   *
   * @param to the switch
   * @param rules what the port may do
   */
  public void attachTo(Switch to, PortRules rules) {
    network = to;
    to.attach(this, rules);
  }

  /**
   * Sets what happens to frames from the switch to the test.
   *
   * @param faults the faults
   */
  public void outward(Faults faults) {
    outward = faults;
  }

  /**
   * Sets what happens to frames from the test to the switch.
   *
   * @param faults the faults
   */
  public void inward(Faults faults) {
    inward = faults;
  }

  /**
   * Has frames translated between the test and the switch.
   *
   * @param out takes a frame of the test's and gives what the switch gets instead
   * @param in takes a frame for the test and gives what the test gets instead; null for nothing
   */
  public void translate(UnaryOperator<ByteBuf> out, Function<ByteBuf, @Nullable ByteBuf> in) {
    toSwitch = out;
    toTest = in;
  }

  /**
   * Gives a frame to the switch, whose burst goes on.
   *
   * @param frame released by this call
   */
  public void put(ByteBuf frame) {
    ByteBuf translated = toSwitch.apply(frame);
    attached().receive(this, translated);
    translated.release();
  }

  private Switch attached() {
    Switch to = network;
    if (to == null) {
      throw new IllegalStateException("port " + name() + " is not attached");
    }
    return to;
  }

  /**
   * Gives a frame to the switch and ends the burst.
   *
   * @param original released by this call
   */
  public void send(ByteBuf original) {
    Switch to = attached();
    ByteBuf frame = toSwitch.apply(original);
    if (inward.hits(inward.lossPercent())) {
      frame.release();
    } else if (heldInward == null && inward.hits(inward.reorderPercent())) {
      heldInward = frame;
      return;
    } else {
      to.receive(this, frame);
      if (inward.hits(inward.duplicatePercent())) {
        to.receive(this, frame);
      }
      frame.release();
    }
    releaseHeldInward(to);
    to.flush();
  }

  private void releaseHeldInward(Switch to) {
    ByteBuf held = heldInward;
    if (held != null) {
      heldInward = null;
      to.receive(this, held);
      held.release();
    }
  }

  @Override
  public boolean transmit(Passage passage, ByteBuf frame) {
    if (closed || !state().hasCarrier()) {
      counters().transmitDropped(DropCause.NO_CARRIER);
      return false;
    }
    if (outward.hits(outward.lossPercent())) {
      releaseHeldOutward();
    } else if (heldOutward == null && outward.hits(outward.reorderPercent())) {
      heldOutward = frame.copy();
    } else {
      arrive(frame.copy());
      if (outward.hits(outward.duplicatePercent())) {
        arrive(frame.copy());
      }
      releaseHeldOutward();
    }
    return true;
  }

  private void releaseHeldOutward() {
    ByteBuf held = heldOutward;
    if (held != null) {
      heldOutward = null;
      arrive(held);
    }
  }

  private void arrive(ByteBuf frame) {
    ByteBuf translated = toTest.apply(frame);
    if (translated != null) {
      arrived.add(translated);
    }
  }

  @Override
  public void flush() {
    flushes++;
  }

  /**
   * Takes the next frame that the switch transmitted.
   *
   * @return a frame that belongs to the caller, header first; null if there is none
   */
  public @Nullable ByteBuf poll() {
    return arrived.poll();
  }

  /**
   * Takes the next frame that the switch transmitted, which must be there.
   *
   * @return a frame that belongs to the caller, header first
   */
  public ByteBuf take() {
    ByteBuf frame = arrived.poll();
    if (frame == null) {
      throw new AssertionError("no frame has left by port " + name());
    }
    return frame;
  }

  /**
   * Counts the frames that wait for {@link #poll}.
   *
   * @return how many
   */
  public int pending() {
    return arrived.size();
  }

  /**
   * Takes all frames that wait, as bytes of Ethernet frames; super-frames as one.
   *
   * @return the frames in order, without offload header
   */
  public List<byte[]> drain() {
    List<byte[]> frames = new ArrayList<>();
    for (ByteBuf frame = arrived.poll(); frame != null; frame = arrived.poll()) {
      byte[] bytes = new byte[frame.readableBytes() - OffloadHeader.LENGTH];
      frame.getBytes(frame.readerIndex() + OffloadHeader.LENGTH, bytes);
      frames.add(bytes);
      frame.release();
    }
    return frames;
  }

  /**
   * Counts the wire frames that wait.
   *
   * @return segments of super-frames counted each
   */
  public int pendingWireFrames() {
    return arrived.stream().mapToInt(Frames::segments).sum();
  }

  /**
   * Counts the flushes so far.
   *
   * @return how many
   */
  public int flushes() {
    return flushes;
  }

  /**
   * Sets whether a client is at the other end, as it is at first. A port without carrier still
   * takes frames from the test.
   *
   * @param on whether
   */
  public void carrier(boolean on) {
    become(on ? PortState.up() : new PortState.NoCarrier("the test says so", ""));
  }

  @Override
  public Offloads offloads() {
    return offloads;
  }

  /**
   * Changes what the port takes, as a guest that negotiates does.
   *
   * @param now the offloads from now on
   */
  public void offloads(Offloads now) {
    offloads = now;
  }

  /** Throws away the frames that wait for {@link #poll}. */
  public void clear() {
    for (ByteBuf frame = arrived.poll(); frame != null; frame = arrived.poll()) {
      frame.release();
    }
  }

  @Override
  public void close() {
    closed = true;
    clear();
    if (heldOutward != null) {
      heldOutward.release();
      heldOutward = null;
    }
    if (heldInward != null) {
      heldInward.release();
      heldInward = null;
    }
  }
}
