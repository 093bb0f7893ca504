package io.lanyard.daemon.adversary;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A guest's port, by its end: frames go out in batches and at a bounded rate, and frames that come
 * in are read at once, or never.
 *
 * <p>Thread: {@link #frame} and {@link #send} any; each frame is written under the port's lock.
 */
final class RawPort implements AutoCloseable {
  private static final int BATCH = 1 << 16;

  /** No attack needs more: what went wrong must end by itself. */
  private static final long MOST_FRAMES = 200_000_000;

  private final FrameEnd end;
  private final ByteBuf batch = Unpooled.buffer(BATCH + 2048);
  private @Nullable Thread reader;
  private final long began = System.nanoTime();
  private volatile boolean stopping;
  private volatile boolean greedy;
  private volatile long sent;
  private long counted;
  private long due;

  /**
   * Makes a port of its end.
   *
   * @param end closed with the port
   */
  RawPort(FrameEnd end) {
    this.end = end;
  }

  /**
   * Begins to read.
   *
   * @param heard takes each frame that comes in, on a thread of the port's own
   */
  void read(Consumer<ByteBuf> heard) {
    reader = Thread.ofPlatform().daemon(true).name("hostile-reader").start(() -> readAll(heard));
  }

  private void readAll(Consumer<ByteBuf> heard) {
    try {
      while (true) {
        heard.accept(end.read());
      }
    } catch (EOFException e) {
      // The test, or the daemon, has ended it.
    } catch (IOException e) {
      if (!stopping) {
        throw new AssertionError("the port's end broke", e);
      }
    }
  }

  /** Writes a frame into a buffer. */
  interface Writer {
    /**
     * Writes one frame.
     *
     * @param to zeros
     * @param at where it begins
     */
    void write(ByteBuf to, int at);
  }

  /** Adds a frame to the batch; a full batch is sent. */
  synchronized void frame(int length, Writer writer) {
    batch.writeInt(length);
    int at = batch.writerIndex();
    batch.writeZero(length);
    writer.write(batch, at);
    sent++;
    if (batch.readableBytes() >= BATCH) {
      send();
    }
  }

  /** Sends what is in the batch. */
  synchronized void send() {
    try {
      if (!stopping) {
        end.write(batch);
      }
    } catch (IOException e) {
      if (!stopping) {
        throw new AssertionError("the port takes no frames", e);
      }
    } finally {
      batch.clear();
    }
  }

  /**
   * Whether an attack goes on; sends what is there, and waits where it is too fast. What was not
   * sent in time is not made up for.
   *
   * @param perSecond frames of this port, until it wants all
   */
  boolean goesOn(int perSecond) {
    send();
    long now = System.nanoTime();
    long pause = greedy ? 0 : (sent - counted) * 1_000_000_000L / perSecond;
    due = Math.max(due, now) + pause;
    counted = sent;
    if (due > now) {
      LockSupport.parkNanos(Math.min(due - now, 20_000_000));
    }
    return !stopping && sent < MOST_FRAMES && System.nanoTime() - began < Hostile.LONGEST_NANOS;
  }

  /** Waits no more between frames: the port takes as many as it can. */
  void wantAll() {
    greedy = true;
  }

  /** Ends the attack, and then the connection. */
  @Override
  public void close() throws IOException {
    stopping = true;
    end.stop();
    Thread reading = reader;
    if (reading != null) {
      try {
        reading.join(TimeUnit.SECONDS.toMillis(60));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    synchronized (this) { // no batch is under way
      end.close();
    }
  }
}
