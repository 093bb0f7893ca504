package io.lanyard.vswitch.vhost;

import io.lanyard.virtio.VirtQueue;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rings of a session: set up, started, stopped, and started again where what lies beneath them
 * has changed.
 *
 * <p>Thread: the session's.
 */
final class VringTable {
  private static final int MOST_ENTRIES = 1 << 15;
  private static final int LOG_RING = 1;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private final VhostDevice device;
  private final VhostMemory memory;
  private final Vring[] rings;

  /** The features that the front end has acknowledged. */
  long features;

  /** Whether the front end keeps a buffer of what is in flight: see {@link InflightArea}. */
  boolean tracked;

  VringTable(int count, VhostMemory memory, VhostDevice device) {
    this.memory = memory;
    this.device = device;
    this.rings = new Vring[count];
    for (int i = 0; i < count; i++) {
      rings[i] = new Vring(i, device);
    }
  }

  int count() {
    return rings.length;
  }

  Vring get(int index) {
    return rings[index];
  }

  void setSize(VhostMessage message) throws VhostException {
    Vring ring = stopped(message);
    int entries = message.state();
    if (entries <= 0 || entries > MOST_ENTRIES || Integer.bitCount(entries) != 1) {
      throw new VhostException("a ring of " + entries + " entries is impossible");
    }
    ring.size = entries;
  }

  void setAddresses(VhostMessage message) throws IOException {
    message.atLeast(40);
    Vring ring = ring(message);
    MemorySegment payload = message.payload;
    if ((payload.get(INT, 4) & LOG_RING) != 0) {
      throw new VhostException("there is no log of dirty pages");
    }
    List<Vring> running = pause(ring);
    ring.descriptors = payload.get(LONG, 8);
    ring.used = payload.get(LONG, 16);
    ring.available = payload.get(LONG, 24);
    ring.addressed = true;
    resumeAll(running);
  }

  void setKick(VhostMessage message) throws IOException {
    Vring ring = eventRing(message);
    int descriptor = message.takeEvent();
    if (descriptor == Vring.NONE) {
      throw new VhostException("a ring without a kick descriptor would have to be polled");
    }
    stop(ring);
    closeKick(ring);
    ring.kick = descriptor;
    if ((features & VhostFeatures.PROTOCOL_FEATURES) == 0) {
      ring.enabled = true;
    }
    start(ring);
    device.changed();
  }

  void enable(VhostMessage message) throws VhostException {
    Vring ring = ring(message);
    int on = message.state();
    if (on != 0 && on != 1) {
      throw new VhostException("a ring cannot be enabled by " + on);
    }
    ring.enabled = on == 1;
    ring.wasEnabled |= ring.enabled;
    device.changed();
  }

  private void start(Vring ring) throws VhostException {
    if (ring.size == 0 || !ring.addressed) {
      throw new VhostException("ring " + ring.index() + " starts without a size or addresses");
    }
    long descriptors = memory.translate(ring.descriptors, 16L * ring.size);
    long available = memory.translate(ring.available, 6 + 2L * ring.size);
    long used = memory.translate(ring.used, 6 + 8L * ring.size);
    ring.wasEnabled = ring.enabled;
    int next = tracked ? memory.guest().getShort(used + 2) : ring.base;
    ring.queue =
        VirtQueue.resume(
            memory.guest(), ring.size, descriptors, available, used, features, ring, next);
    try {
      device.started(ring);
    } catch (VhostException e) {
      ring.queue = null;
      throw e;
    }
  }

  void stop(Vring ring) {
    VirtQueue queue = ring.queue;
    if (queue != null) {
      device.stopping(ring);
      ring.base = queue.nextAvailable();
      ring.queue = null;
    }
  }

  void closeKick(Vring ring) {
    int descriptor = ring.kick;
    if (descriptor != Vring.NONE) {
      ring.kick = Vring.NONE;
      device.closeKick(ring, descriptor);
    }
  }

  /** Stops a ring that runs, for as long as something changes beneath it. */
  private List<Vring> pause(Vring ring) {
    boolean runs = ring.queue != null;
    stop(ring);
    return runs ? List.of(ring) : List.of();
  }

  List<Vring> pauseAll() {
    List<Vring> running = new ArrayList<>();
    for (Vring ring : rings) {
      running.addAll(pause(ring));
    }
    return running;
  }

  void resumeAll(List<Vring> paused) throws VhostException {
    @Nullable VhostException failure = null;
    for (Vring ring : paused) {
      try {
        start(ring);
      } catch (VhostException e) {
        failure = e;
      }
    }
    device.changed();
    if (failure != null) {
      throw failure;
    }
  }

  void restartAll() throws VhostException {
    resumeAll(pauseAll());
  }

  Vring ring(VhostMessage message) throws VhostException {
    message.atLeast(8);
    return ring(Integer.toUnsignedLong(message.payload.get(INT, 0)));
  }

  Vring eventRing(VhostMessage message) throws VhostException {
    return ring(message.eventIndex());
  }

  private Vring ring(long index) throws VhostException {
    if (index >= rings.length) {
      throw new VhostException("there is no ring " + index);
    }
    return rings[(int) index];
  }

  Vring stopped(VhostMessage message) throws VhostException {
    Vring ring = ring(message);
    if (ring.queue != null) {
      throw new VhostException("ring " + ring.index() + " runs");
    }
    return ring;
  }

  /** Stops all rings and forgets what was said of them. */
  void reset() {
    for (Vring ring : rings) {
      stop(ring);
      closeKick(ring);
      ring.call(Vring.NONE);
      ring.error(Vring.NONE);
      ring.addressed = false;
      ring.enabled = false;
      ring.base = 0;
    }
    features = 0;
    tracked = false;
    device.changed();
  }

  void disableAll() {
    for (Vring ring : rings) {
      ring.enabled = false;
    }
    device.changed();
  }
}
