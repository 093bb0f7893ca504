package io.lanyard.machine.virtio;

import io.lanyard.virtio.Chain;
import io.lanyard.virtio.Features;
import io.lanyard.virtio.VirtQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A console with one port (VIRTIO 1.2 section 5.3), which tells its driver how large the terminal
 * is (VIRTIO_CONSOLE_F_SIZE).
 *
 * <p>Thread: {@link #receive} and {@link #resize} by any; output goes out on the sending hart's
 * thread.
 */
public final class VirtioConsole implements VirtioDevice {
  private static final int RECEIVE = 0;
  private static final int TRANSMIT = 1;
  private static final int PORTION = 4096;

  /** VIRTIO_CONSOLE_F_SIZE. */
  private static final long F_SIZE = 1;

  private final Consumer<ByteBuffer> output;
  private final MemorySegment portion = Arena.ofAuto().allocate(PORTION);
  private final ByteBuffer portionBytes = portion.asByteBuffer();
  private final Object receiveLock = new Object();
  private final Object transmitLock = new Object();

  /** Columns in the lower half, rows in the upper one, as section 5.3.4 has them; 0 if unknown. */
  private volatile int size;

  private volatile @Nullable Link link;
  private @Nullable VirtQueue receive;
  private @Nullable Chain incoming;
  private @Nullable VirtQueue transmit;
  private @Nullable Chain outgoing;

  /**
   * Makes a console.
   *
   * @param output takes what the guest writes; valid during the call
   */
  public VirtioConsole(Consumer<ByteBuffer> output) {
    this.output = output;
  }

  @Override
  public int type() {
    return 3;
  }

  @Override
  public int pciClass() {
    return 0x078000;
  }

  @Override
  public long features() {
    return Features.COMMON | F_SIZE;
  }

  @Override
  public int queues() {
    return 2;
  }

  @Override
  public int queueSize(int queue) {
    return 64;
  }

  @Override
  public int config(int offset) {
    return offset < Integer.BYTES ? (size >>> (8 * offset)) & 0xff : 0;
  }

  @Override
  public void attach(Link transport) {
    link = transport;
  }

  /**
   * Tells the guest how large the terminal is.
   *
   * @param columns from 1 to 65,535
   * @param rows from 1 to 65,535
   */
  public void resize(int columns, int rows) {
    size = columns | rows << 16;
    Link transport = link;
    if (transport != null) {
      transport.configurationChanged();
    }
  }

  @Override
  public void activate(long features, List<@Nullable VirtQueue> queues) {
    synchronized (receiveLock) {
      receive = queues.get(RECEIVE);
      incoming = receive == null ? null : receive.newChain();
      if (receive != null) {
        receive.notifications(false);
      }
    }
    synchronized (transmitLock) {
      transmit = queues.get(TRANSMIT);
      outgoing = transmit == null ? null : transmit.newChain();
    }
    Link transport = link;
    if (size != 0 && (features & F_SIZE) != 0 && transport != null) {
      // Linux reads the size when it changes, and not before.
      transport.configurationChanged();
    }
  }

  @Override
  public void reset() {
    synchronized (receiveLock) {
      receive = null;
    }
    synchronized (transmitLock) {
      transmit = null;
    }
  }

  /**
   * Types into the console. Returns also if the guest offers buffers without room without end.
   *
   * @param bytes its position is moved past what the guest had room for
   */
  public void receive(ByteBuffer bytes) {
    synchronized (receiveLock) {
      if (receive == null || incoming == null) {
        return;
      }
      int withoutRoom = 0;
      while (bytes.hasRemaining() && withoutRoom < receive.size() && receive.pop(incoming)) {
        int n = (int) Math.min(bytes.remaining(), incoming.writable());
        withoutRoom += n == 0 ? 1 : 0;
        byte[] some = new byte[n];
        bytes.get(some);
        incoming.write(0, some);
        receive.push(incoming, n);
      }
      receive.publish();
    }
  }

  @Override
  public void notified(int queue) {
    if (queue != TRANSMIT) {
      return;
    }
    synchronized (transmitLock) {
      if (transmit == null || outgoing == null) {
        return;
      }
      do {
        transmit.notifications(false);
        while (transmit.pop(outgoing)) {
          send(outgoing);
          transmit.push(outgoing, 0);
        }
        transmit.publish();
        transmit.notifications(true);
      } while (transmit.hasNext());
    }
  }

  /** At most a MiB of one chain: a hostile one may name the same memory over and over. */
  private void send(Chain chain) {
    long end = Math.min(chain.readable(), 1 << 20);
    for (long at = 0; at < end; at += PORTION) {
      int n = (int) Math.min(PORTION, end - at);
      chain.read(at, portion, 0, n);
      output.accept(portionBytes.clear().limit(n));
    }
  }
}
