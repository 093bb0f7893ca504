package io.lanyard.machine;

import io.lanyard.base.LogEvent;
import io.lanyard.machine.virtio.VirtioNet;
import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.FrameSink;
import io.lanyard.vmm.InProcessNic;
import io.lanyard.vmm.NicOffloads;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.NicStatistics;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A guest's NIC, which outlives its machines: address, link and counters.
 *
 * <p>Thread: any. Frames from the guest go out with {@code sending} held, so that {@link #connect}
 * and {@link #disconnect} return when none is under way.
 */
final class LanyardNic implements InProcessNic, FrameSink, VirtioNet.Backend {
  private static final System.Logger LOG = System.getLogger(LanyardNic.class.getName());
  private static final int HEADER = VirtioNet.HEADER;
  private static final Attachment IN_PROCESS = new Attachment.InProcess();

  private final NicSpec spec;
  private final ReentrantLock sending = new ReentrantLock();
  private final LongAdder receivedFrames = new LongAdder();
  private final LongAdder receivedBytes = new LongAdder();
  private final LongAdder receiveDrops = new LongAdder();
  private final LongAdder transmittedFrames = new LongAdder();
  private final LongAdder transmittedBytes = new LongAdder();
  private final LongAdder transmitDrops = new LongAdder();
  private volatile @Nullable FrameSink network;
  private volatile @Nullable VirtioNet device;
  private volatile boolean running;

  LanyardNic(NicSpec spec) {
    this.spec = spec;
  }

  /** Whether the daemon offers the one way in which the machine attaches NICs. */
  static boolean offered(NicSpec spec) {
    return spec.offers().contains(IN_PROCESS);
  }

  NicSpec spec() {
    return spec;
  }

  /** Names the machine's device, or none. */
  void device(@Nullable VirtioNet newDevice) {
    device = newDevice;
  }

  /** Notes whether the guest's processors run: a guest that stands still refuses frames. */
  void running(boolean now) {
    running = now;
  }

  @Override
  public String name() {
    return spec.name();
  }

  @Override
  public long mac() {
    return spec.mac();
  }

  @Override
  public Attachment attachment() {
    return IN_PROCESS;
  }

  @Override
  public FrameSink sink() {
    return this;
  }

  @Override
  public void connect(FrameSink newNetwork) {
    attachTo(newNetwork);
  }

  @Override
  public void disconnect() {
    attachTo(null);
  }

  private void attachTo(@Nullable FrameSink newNetwork) {
    boolean changed;
    sending.lock();
    try {
      changed = (network == null) != (newNetwork == null);
      network = newNetwork;
    } finally {
      sending.unlock();
    }
    VirtioNet target = device;
    if (changed && target != null) {
      target.linkChanged();
    }
  }

  @Override
  public NicStatistics statistics() {
    return new NicStatistics(
        receivedFrames.sum(),
        receivedBytes.sum(),
        receiveDrops.sum(),
        transmittedFrames.sum(),
        transmittedBytes.sum(),
        transmitDrops.sum());
  }

  // The network's side: FrameSink.

  @Override
  public boolean accept(MemorySegment frame) {
    VirtioNet target = device;
    if (target == null || !running || network == null || !target.receive(frame)) {
      receiveDrops.increment();
      return false;
    }
    receivedFrames.increment();
    receivedBytes.add(frame.byteSize() - HEADER);
    return true;
  }

  @Override
  public void flush() {
    VirtioNet target = device;
    if (target != null) {
      target.flushReceive();
    }
  }

  @Override
  public NicOffloads offloads() {
    VirtioNet target = device;
    return target == null ? NicOffloads.NONE : target.guestOffloads();
  }

  // The guest's side: VirtioNet.Backend.

  @Override
  public void transmit(MemorySegment frame) {
    sending.lock();
    try {
      FrameSink target = network;
      if (target == null) {
        transmitDrops.increment();
        return;
      }
      // The guest has sent a frame that the network refuses: the network counts the loss.
      boolean _ = target.accept(frame);
      transmittedFrames.increment();
      transmittedBytes.add(frame.byteSize() - HEADER);
    } catch (RuntimeException e) {
      transmitDrops.increment();
      LogEvent.of("network-failed").with("nic", spec.name()).log(LOG, Level.WARNING, e);
    } finally {
      sending.unlock();
    }
  }

  @Override
  public void malformed() {
    transmitDrops.increment();
  }

  @Override
  public void flushNetwork() {
    sending.lock();
    try {
      FrameSink target = network;
      if (target != null) {
        target.flush();
      }
    } catch (RuntimeException e) {
      LogEvent.of("network-failed").with("nic", spec.name()).log(LOG, Level.WARNING, e);
    } finally {
      sending.unlock();
    }
  }

  @Override
  public boolean up() {
    return network != null;
  }

  @Override
  public NicOffloads networkOffloads() {
    FrameSink target = network;
    return target == null ? NicOffloads.ALL : target.offloads();
  }
}
