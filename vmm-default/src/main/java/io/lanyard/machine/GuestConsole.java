package io.lanyard.machine;

import io.lanyard.vmm.Console;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A guest's console: a ring of the last 64 KiB of output, and listeners that each have a place in
 * it.
 *
 * <p>Who writes only appends and wakes the pump, a virtual thread that lives while somebody is
 * attached and passes bytes on in batches. When the slowest listener is half a ring behind, the
 * writer pumps itself, so nobody misses a byte and nothing grows.
 *
 * <p>Locks, outermost first: {@code delivery} (listeners are called with it held, by one thread at
 * a time), then the ring's monitor.
 */
final class GuestConsole implements Console, AutoCloseable {
  private static final int RING = 1 << 16;
  private static final int PORTION = 4096;

  private final String name;
  private final byte[] ring = new byte[RING];
  private final ReentrantLock delivery = new ReentrantLock();
  private final List<Listener> listeners = new ArrayList<>();
  private volatile @Nullable Consumer<ByteBuffer> input;
  // Under the ring's monitor.
  private long total;
  private long delivered;
  private boolean attached;
  private @Nullable Thread pump;

  private final class Listener implements Attachment {
    final Output output;
    long position;
    boolean closed;

    Listener(Output output, long position) {
      this.output = output;
      this.position = position;
    }

    @Override
    public void close() {
      delivery.lock();
      try {
        closed = true;
        listeners.remove(this);
        synchronized (ring) {
          attached = !listeners.isEmpty();
        }
        wake();
      } finally {
        delivery.unlock();
      }
    }
  }

  GuestConsole(String name) {
    this.name = name;
  }

  /** Says where typed bytes go; null for nowhere. */
  void input(@Nullable Consumer<ByteBuffer> target) {
    input = target;
  }

  @Override
  public void write(ByteBuffer bytes) {
    Consumer<ByteBuffer> target = input;
    if (target != null) {
      target.accept(bytes);
    }
  }

  /** Appends one byte of output. Thread: any, with no device's monitor held. */
  void print(int b) {
    boolean full;
    synchronized (ring) {
      ring[(int) (total % RING)] = (byte) b;
      total++;
      full = attached && total - delivered >= RING / 2;
      if (attached && total - delivered == 1) {
        wake();
      }
    }
    if (full) {
      deliver();
    }
  }

  /** Appends output. Thread: any, with no device's monitor held. */
  void print(ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      print(bytes.get());
    }
  }

  private void wake() {
    LockSupport.unpark(pump);
  }

  @Override
  public Attachment attach(Output output) {
    delivery.lock();
    try {
      deliver(); // so that the others are up to date, and "delivered" means everybody
      Listener listener;
      synchronized (ring) {
        listener = new Listener(output, Math.max(0, total - RING));
        delivered = listener.position;
        attached = true;
        if (pump == null) {
          pump = Thread.ofVirtual().name("console-" + name).start(this::pump);
        }
      }
      listeners.add(listener);
      deliver();
      return listener;
    } finally {
      delivery.unlock();
    }
  }

  private void pump() {
    while (true) {
      synchronized (ring) {
        if (!attached) {
          pump = null;
          return;
        }
      }
      deliver();
      synchronized (ring) {
        if (attached && total != delivered) {
          continue;
        }
      }
      LockSupport.park(this);
    }
  }

  /** Brings every listener up to date. */
  private void deliver() {
    delivery.lock();
    try {
      long end;
      synchronized (ring) {
        end = total;
      }
      for (Listener listener : List.copyOf(listeners)) {
        while (!listener.closed && listener.position < end) {
          portion(listener, end);
        }
      }
      synchronized (ring) {
        delivered = Math.max(delivered, end);
        if (attached && total != delivered) {
          // Printed meanwhile; only the first byte behind what was delivered wakes the pump.
          wake();
        }
      }
    } finally {
      delivery.unlock();
    }
  }

  private void portion(Listener listener, long end) {
    byte[] bytes;
    synchronized (ring) {
      // Never true unless a listener was attached by a listener while output poured in.
      listener.position = Math.max(listener.position, total - RING);
      int n = (int) Math.min(PORTION, end - listener.position);
      bytes = new byte[n];
      for (int i = 0; i < n; i++) {
        bytes[i] = ring[(int) ((listener.position + i) % RING)];
      }
    }
    listener.position += bytes.length;
    try {
      listener.output.accept(ByteBuffer.wrap(bytes));
    } catch (RuntimeException e) {
      System.getLogger(GuestConsole.class.getName())
          .log(System.Logger.Level.WARNING, "event=console-listener-failed guest=" + name, e);
      listener.close();
    }
  }

  @Override
  public void close() {
    delivery.lock();
    try {
      deliver();
      List.copyOf(listeners).forEach(Listener::close);
    } finally {
      delivery.unlock();
    }
  }
}
