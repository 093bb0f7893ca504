package io.lanyard.vswitch.capture;

import io.lanyard.base.Clock;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.vswitch.FrameTap;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.time.Instant;
import java.util.IdentityHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the last frames of each port of a switch, for a look at what has just happened: what {@code
 * capture --last} writes. A port has a ring of bytes from its first frame on; nothing is allocated
 * after that.
 *
 * <p>Thread: the network's loop.
 */
public final class FrameHistory implements FrameTap, Dumpable, AutoCloseable {
  /** Of one port: what the loop can copy in a few milliseconds when somebody asks. */
  public static final int LARGEST = 16 << 20;

  /** Of one port: two frames of the largest size fit. */
  public static final int SMALLEST = 256 << 10;

  /** Of all ports of the process. */
  public static final long ALL_BYTES = 128L << 20;

  /** Further back nothing is kept, and the clock's numbers have room for it. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  private static final AtomicLong ALL = new AtomicLong();

  private final Switch network;
  private final Clock clock;
  private final int bytes;
  private final IdentityHashMap<Port, LastFrames> rings = new IdentityHashMap<>();
  private boolean full;

  private FrameHistory(Switch network, Clock clock, int bytes) {
    this.network = network;
    this.clock = clock;
    this.bytes = bytes;
  }

  /**
   * Begins to keep frames.
   *
   * @param network the switch whose ports have rings
   * @param clock what stamps the frames
   * @param bytes of each port, from {@link #SMALLEST} to {@link #LARGEST}
   * @return the history, to be closed
   */
  public static FrameHistory start(Switch network, Clock clock, long bytes) {
    if (bytes < SMALLEST || bytes > LARGEST) {
      throw new IllegalArgumentException("a port keeps 256K to 16M, not " + bytes + " bytes");
    }
    FrameHistory history = new FrameHistory(network, clock, (int) bytes & -Long.BYTES);
    network.addTap(history);
    return history;
  }

  @Override
  public void frame(Passage passage, Port port, boolean received, ByteBuf frame) {
    LastFrames ring = rings.get(port);
    if (ring == null) {
      ring = begin(port);
      if (ring == null) {
        return;
      }
    }
    ring.add(passage, received, frame, clock.nanoTime());
  }

  /** Null where the memory for all rings is used up. */
  private @Nullable LastFrames begin(Port port) {
    if (ALL.addAndGet(bytes) > ALL_BYTES) {
      ALL.addAndGet(-bytes);
      full = true;
      return null;
    }
    LastFrames ring = new LastFrames(bytes);
    rings.put(port, ring);
    return ring;
  }

  /**
   * Copies the last frames of a port.
   *
   * @param port the port
   * @param span how far back
   * @return the frames, to be closed
   * @throws IllegalStateException if the port has no ring because all of the memory for rings is
   *     used
   */
  public Excerpt last(Port port, Duration span) {
    LastFrames ring = rings.get(port);
    if (ring == null && full) {
      throw new IllegalStateException(
          "the rings of other ports have taken all of the "
              + (ALL_BYTES >> 20)
              + "M that there are for the last frames");
    }
    long now = clock.nanoTime();
    Instant wall = clock.now();
    long back = span.compareTo(LONGEST) < 0 ? span.toNanos() : LONGEST.toNanos();
    ByteBuf frames = ring == null ? Unpooled.EMPTY_BUFFER : ring.since(now - back);
    return new Excerpt(
        port.name(),
        frames,
        wall.getEpochSecond() * 1_000_000_000L + wall.getNano() - now,
        ring != null && ring.overwritten() > 0,
        ring == null ? 0 : ring.size());
  }

  /**
   * Gives back what is kept of a port, which has left.
   *
   * @param port the port; nothing happens for one without frames
   */
  public void forget(Port port) {
    LastFrames ring = rings.remove(port);
    if (ring != null) {
      ring.release();
      ALL.addAndGet(-bytes);
      full = false; // the next frame of a port without a ring tries again
    }
  }

  @Override
  public void close() {
    network.removeTap(this);
    rings.values().forEach(LastFrames::release);
    ALL.addAndGet(-(long) bytes * rings.size());
    rings.clear();
  }

  @Override
  public DumpNode dump() {
    return DumpNode.of("history")
        .with("bytesOfPort", bytes)
        .with("ports", rings.size())
        .with("full", full)
        .build();
  }
}
