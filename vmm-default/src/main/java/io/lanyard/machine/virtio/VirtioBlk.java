package io.lanyard.machine.virtio;

import io.lanyard.base.LogEvent;
import io.lanyard.base.Threads;
import io.lanyard.machine.disk.Disk;
import io.lanyard.virtio.Chain;
import io.lanyard.virtio.Features;
import io.lanyard.virtio.VirtQueue;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A disk (VIRTIO 1.2 section 5.2).
 *
 * <p>Requests are done in order by a thread that lives while the driver is ready; it alone touches
 * the queue. It is a platform thread: a guest that keeps its disk busy would keep a virtual one on
 * its carrier, of which there are only as many as cores. So there is one more thread for each disk
 * in use, of which a machine has at most as many as it has slots. The host's page cache is the
 * disk's write cache, and the driver is told so (VIRTIO_BLK_F_FLUSH); for a driver that did not
 * take that feature each write is made durable before it ends (section 5.2.6.2).
 */
public final class VirtioBlk implements VirtioDevice {
  private static final System.Logger LOG = System.getLogger(VirtioBlk.class.getName());

  private static final long F_SEG_MAX = 1L << 2;
  private static final long F_RO = 1L << 5;
  private static final long F_BLK_SIZE = 1L << 6;
  private static final long F_FLUSH = 1L << 9;
  private static final int QUEUE_SIZE = 256;
  private static final int T_IN = 0;
  private static final int T_OUT = 1;
  private static final int T_FLUSH = 4;
  private static final int T_GET_ID = 8;
  private static final int OK = 0;
  private static final int IO_ERROR = 1;
  private static final int UNSUPPORTED = 2;
  private static final int REQUEST_HEADER = 16;
  private static final int SERIAL = 20;
  private static final long TELL_AGAIN_NANOS = 60_000_000_000L;

  private final Disk disk;
  private final String name;
  private final byte[] serial;
  private final byte[] config = new byte[24];
  private volatile boolean stopping;
  private volatile boolean work;
  private volatile @Nullable Thread worker;
  private boolean writeThrough;

  // The worker's: errors since the last that was told of, and when that was.
  private long errors;
  private long toldAt;

  /**
   * Makes a disk.
   *
   * @param name for messages, and the serial number that the guest sees
   * @param disk its bytes; closed by the caller, after {@link #reset}
   */
  public VirtioBlk(String name, Disk disk) {
    this.disk = disk;
    this.name = name;
    byte[] ascii = name.getBytes(StandardCharsets.US_ASCII);
    this.serial = java.util.Arrays.copyOf(ascii, SERIAL);
    number(0, 8, disk.size() / Disk.SECTOR);
    number(12, 4, QUEUE_SIZE - 2);
    number(20, 4, Disk.SECTOR);
  }

  private void number(int at, int size, long value) {
    for (int i = 0; i < size; i++) {
      config[at + i] = (byte) (value >>> (8 * i));
    }
  }

  @Override
  public int type() {
    return 2;
  }

  @Override
  public int pciClass() {
    return 0x010000;
  }

  @Override
  public long features() {
    return Features.COMMON | F_SEG_MAX | F_BLK_SIZE | F_FLUSH | (disk.readOnly() ? F_RO : 0);
  }

  @Override
  public int queues() {
    return 1;
  }

  @Override
  public int queueSize(int queue) {
    return QUEUE_SIZE;
  }

  @Override
  public int config(int offset) {
    return offset < config.length ? config[offset] & 0xff : 0;
  }

  @Override
  public void attach(Link link) {
    // The configuration never changes.
  }

  @Override
  public void activate(long features, List<@Nullable VirtQueue> queues) {
    VirtQueue queue = queues.get(0);
    if (queue != null) {
      writeThrough = (features & F_FLUSH) == 0;
      stopping = false;
      work = true;
      worker = Thread.ofPlatform().daemon().name(name).start(() -> serve(queue));
    }
  }

  @Override
  public void notified(int queue) {
    work = true;
    LockSupport.unpark(worker);
  }

  /** Makes the worker end after the piece of a request that it is at. Thread: any. */
  public void stop() {
    stopping = true;
    LockSupport.unpark(worker);
  }

  /**
   * Waits for the worker to end after {@link #stop}: as long as the host takes for what the worker
   * is at.
   *
   * @param deadline when to give up, by {@link System#nanoTime}
   * @return whether it has ended
   */
  public boolean awaitStopped(long deadline) {
    Thread thread = worker;
    if (thread == null || !thread.isAlive()) {
      return true;
    }
    return Threads.joinUninterruptibly(thread, deadline);
  }

  @Override
  public void reset() {
    Thread thread = worker;
    if (thread == null) {
      return;
    }
    stop();
    worker = null;
    // The worker touches guest RAM: it must have ended before this returns.
    Threads.joinUninterruptibly(thread);
  }

  private void serve(VirtQueue queue) {
    Chain chain = queue.newChain();
    while (!stopping) {
      if (!work) {
        LockSupport.park(this);
        continue;
      }
      work = false;
      do {
        queue.notifications(false);
        while (!stopping && queue.pop(chain)) {
          queue.push(chain, request(chain));
          queue.publish();
        }
        queue.notifications(true);
      } while (!stopping && queue.hasNext());
    }
  }

  /** Does one request; returns the bytes written, status included. */
  private long request(Chain chain) {
    if (chain.readable() < REQUEST_HEADER || chain.writable() < 1) {
      return 0; // Not a request, and nowhere to say so.
    }
    int type = (int) chain.readNumber(0, 4);
    long sector = chain.readNumber(8, 8);
    long room = chain.writable() - 1;
    int status;
    long written = 0;
    try {
      switch (type) {
        case T_IN -> {
          status = inside(sector, room) ? OK : IO_ERROR;
          if (status == OK) {
            read(chain, sector, room);
            written = room;
          }
        }
        case T_OUT -> {
          long length = chain.readable() - REQUEST_HEADER;
          status = !disk.readOnly() && inside(sector, length) ? OK : IO_ERROR;
          if (status == OK) {
            write(chain, sector, length);
          }
        }
        case T_FLUSH -> {
          disk.flush();
          status = OK;
        }
        case T_GET_ID -> {
          written = Math.min(room, SERIAL);
          chain.write(0, java.util.Arrays.copyOf(serial, (int) written));
          status = OK;
        }
        default -> status = UNSUPPORTED;
      }
    } catch (IOException | RuntimeException e) {
      complain(type, e);
      status = IO_ERROR;
      written = 0;
    }
    chain.writeByte(room, status);
    return room == written ? room + 1 : written;
  }

  /** A guest may try again at any rate: one line per minute says how often. */
  private void complain(int type, Exception e) {
    long now = System.nanoTime();
    if (stopping || (errors++ > 0 && now - toldAt < TELL_AGAIN_NANOS)) {
      return;
    }
    LogEvent.of("disk-error")
        .with("disk", name)
        .with("request", type)
        .with("errors", errors)
        .log(LOG, Level.WARNING, e);
    toldAt = now;
  }

  private boolean inside(long sector, long length) {
    long sectors = disk.size() / Disk.SECTOR;
    return length % Disk.SECTOR == 0
        && sector >= 0
        && sector <= sectors
        && length / Disk.SECTOR <= sectors - sector;
  }

  /** A request may name the same memory over and over, and last longer than a reset may take. */
  private void orStop() throws IOException {
    if (stopping) {
      throw new InterruptedIOException("reset");
    }
  }

  private void read(Chain chain, long sector, long length) throws IOException {
    long[] position = {sector * Disk.SECTOR};
    chain.<IOException>visit(
        true,
        0,
        length,
        piece -> {
          orStop();
          disk.read(position[0], piece.asByteBuffer());
          position[0] += piece.byteSize();
        });
  }

  private void write(Chain chain, long sector, long length) throws IOException {
    long[] position = {sector * Disk.SECTOR};
    chain.<IOException>visit(
        false,
        REQUEST_HEADER,
        length,
        piece -> {
          orStop();
          disk.write(position[0], piece.asByteBuffer());
          position[0] += piece.byteSize();
        });
    if (writeThrough) {
      disk.flush();
    }
  }
}
