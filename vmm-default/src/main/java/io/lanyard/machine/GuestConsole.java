package io.lanyard.machine;

import io.lanyard.base.LogEvent;
import io.lanyard.vmm.Console;
import java.nio.ByteBuffer;
import java.time.Duration;
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
 * writer pumps itself, so nobody misses a byte and nothing grows. The pump rests between two
 * batches: a guest that prints without end must not keep the pump's carrier from other virtual
 * threads.
 *
 * <p>A new listener is shown what the ring holds by way of {@link ConsoleReplay}, and then all that
 * is printed, as it is.
 *
 * <p>Locks, outermost first: {@code delivery} (listeners are called with it held, by one thread at
 * a time), then the ring's monitor.
 */
final class GuestConsole implements Console, AutoCloseable {
  private static final int RING = 1 << 16;
  private static final int PORTION = 4096;

  /** A virtio console has 16 bits for columns and for rows. */
  private static final int LARGEST = 0xffff;

  /** Not seen by a person, and at 64 KiB a batch no limit for what a guest can print. */
  private static final Duration REST = Duration.ofMillis(1);

  private final String name;
  private final byte[] ring = new byte[RING];
  private final ReentrantLock delivery = new ReentrantLock();
  private final List<Listener> listeners = new ArrayList<>();
  private volatile @Nullable Consumer<ByteBuffer> input;
  private final boolean sized;

  /** Under its own monitor: the terminal that shows the console, and the device that is told. */
  private final Window window = new Window();

  private volatile Consumer<String> panics = reason -> {};
  // Under the ring's monitor.
  private long total;
  private long delivered;
  private boolean attached;
  private final PanicWatch panic = new PanicWatch();
  private @Nullable Thread pump;

  /** A device that hands the size of the terminal to its guest. */
  @FunctionalInterface
  interface Sizable {
    /** Takes a size; both numbers are from 1 to 65,535. */
    void resize(int columns, int rows);
  }

  /** The size of the terminal; 0 by 0 as long as nobody has told it. */
  private static final class Window {
    private int columns;
    private int rows;
    private @Nullable Sizable device;
  }

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

  /**
   * Makes a console.
   *
   * @param name the guest's name
   * @param sized whether its device hands the terminal's size to the guest
   */
  GuestConsole(String name, boolean sized) {
    this.name = name;
    this.sized = sized;
  }

  /** Sets the device that is told the terminal's size; null for none. */
  void screen(@Nullable Sizable device) {
    synchronized (window) {
      window.device = device;
      if (device != null && window.columns != 0) {
        device.resize(window.columns, window.rows);
      }
    }
  }

  @Override
  public void resize(int columns, int rows) {
    if (!sized) {
      throw new UnsupportedOperationException("a serial port has no size");
    }
    if (columns < 1 || columns > LARGEST || rows < 1 || rows > LARGEST) {
      throw new IllegalArgumentException(
          "a terminal of " + columns + " columns, " + rows + " rows");
    }
    synchronized (window) {
      window.columns = columns;
      window.rows = rows;
      if (window.device != null) {
        window.device.resize(columns, rows);
      }
    }
  }

  /** Sets the sink of typed bytes; null for none. */
  void input(@Nullable Consumer<ByteBuffer> target) {
    input = target;
  }

  /**
   * Names the listener that hears that the kernel has panicked, and why; an empty text says that it
   * has not. The thread that prints calls it, with no lock held.
   */
  void panics(Consumer<String> listener) {
    panics = listener;
  }

  /** Another kernel begins. */
  void restart() {
    synchronized (ring) {
      panic.reset();
    }
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
    String told = null;
    synchronized (ring) {
      ring[(int) (total % RING)] = (byte) b;
      total++;
      full = attached && total - delivered >= RING / 2;
      if (attached && total - delivered == 1) {
        wake();
      }
      if (panic.print(b)) {
        told = panic.found();
      }
    }
    if (full) {
      deliver();
    }
    if (told != null) {
      panics.accept(told);
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
      byte[] before;
      synchronized (ring) {
        listener = new Listener(output, total);
        before = copy(Math.max(0, total - RING), total);
        delivered = total;
        attached = true;
        if (pump == null) {
          pump = Thread.ofVirtual().name("console-" + name).start(this::pump);
        }
      }
      byte[] shown = ConsoleReplay.of(before);
      for (int at = 0; at < shown.length && !listener.closed; at += PORTION) {
        show(listener, ByteBuffer.wrap(shown, at, Math.min(PORTION, shown.length - at)).slice());
      }
      if (!listener.closed) {
        listeners.add(listener); // not before: what is printed meanwhile comes after
        deliver();
      }
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
      boolean more;
      synchronized (ring) {
        more = attached && total != delivered;
      }
      if (!more) {
        LockSupport.park(this);
      } else if (!rest()) {
        return;
      }
    }
  }

  /** Asleep, not parked: a thread that prints would end parking at once. */
  private static boolean rest() {
    try {
      Thread.sleep(REST);
      return true;
    } catch (InterruptedException e) {
      return false; // nobody does
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
      bytes = copy(listener.position, Math.min(end, listener.position + PORTION));
    }
    listener.position += bytes.length;
    show(listener, ByteBuffer.wrap(bytes));
  }

  /** Under the ring's monitor: what it holds from one place to another. */
  private byte[] copy(long from, long to) {
    byte[] bytes = new byte[(int) (to - from)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = ring[(int) ((from + i) % RING)];
    }
    return bytes;
  }

  private void show(Listener listener, ByteBuffer bytes) {
    try {
      listener.output.accept(bytes);
    } catch (RuntimeException e) {
      LogEvent.of("console-listener-failed")
          .with("guest", name)
          .log(System.getLogger(GuestConsole.class.getName()), System.Logger.Level.WARNING, e);
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
