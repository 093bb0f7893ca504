package io.lanyard.vswitch.port.datagram;

import io.lanyard.base.Timers;
import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.Errno;
import io.lanyard.linux.SendBatch;
import io.lanyard.linux.SocketName;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.port.PortBuffers;
import io.lanyard.vswitch.port.PortContext;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The way out of a datagram port: frames gather in a batch, which leaves at the flush in one system
 * call.
 *
 * <p>A receiver that does not keep up refuses the rest of a batch (EAGAIN: a UNIX socket takes
 * {@code net.unix.max_dgram_qlen} datagrams, ten by default). The rest waits while the loop goes on
 * with other work and the next batch fills. It is tried again after {@value #FIRST_TRY_MICROS} us,
 * then after twice as long each time: a guest that reads takes the next ten within the first few
 * tries, and one whose thread gets no processor for some milliseconds is waited for. After {@value
 * #TRIES} tries in which nothing was taken, about 200 ms, the rest is dropped and counted. From
 * then on each batch gets one try, until something is taken again.
 *
 * <p>Thread: the network's loop only.
 */
final class DatagramSender {
  static final int TRIES = 12;
  static final int FIRST_TRY_MICROS = 50;

  /** Datagrams in a batch: several bursts, as one receiver takes ten at a time. */
  static final int SLOTS = 256;

  /** 160 wire frames of the usual MTU fit. */
  private static final int BATCH_BYTES = 256 << 10;

  private static final int BATCH_FRAMES = 4;

  /** How long the memory of a batch is kept that no frame needs. */
  private static final long TRIM_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** One batch: bytes, and where the datagrams lie in them. */
  private final class Batch {
    final SendBatch slots = new SendBatch(SLOTS);
    @Nullable ByteBuf bytes;
    int count;
    int sent;

    void clear() {
      count = 0;
      sent = 0;
      ByteBuf present = bytes;
      if (present != null && present.capacity() < batchBytes) {
        free(); // there was no memory for a whole one
      } else if (present != null) {
        present.clear();
      }
    }

    void free() {
      if (bytes != null) {
        buffers.free(bytes);
        bytes = null;
      }
    }

    void release() {
      clear();
      free();
      slots.close();
    }
  }

  private final BatchSocket socket;
  private final DatagramPort port;
  private final Addressing addressing;
  private final PortContext context;
  private final PortBuffers buffers;
  private final int batchBytes;
  private final Timers.Timer trim;
  private final Runnable retry;
  private Batch filling = new Batch();
  private Batch other = new Batch();

  /** Whether a frame has come since the last trim. */
  private boolean used;

  /** Whether {@link #other} waits for its receiver. */
  private boolean stuck;

  private int tries;
  private int patience = TRIES;
  private boolean closed;

  DatagramSender(
      BatchSocket socket,
      DatagramPort port,
      Addressing addressing,
      Turn turn,
      PortContext context) {
    this.socket = socket;
    this.port = port;
    this.retry = () -> turn.charge(this::retry);
    this.addressing = addressing;
    this.context = context;
    this.buffers = port.buffers();
    this.trim = context.timers().create(this::trim);
    this.batchBytes =
        Math.max(
            BATCH_BYTES,
            BATCH_FRAMES * (addressing.prefixLength() + Ethernet.largestFrame(port.mtu())));
  }

  /**
   * Takes a frame for the receivers that were found for it. Answers null, or why not: too much
   * waits, or there is no memory.
   */
  @Nullable DropCause add(ByteBuf frame, int receivers) {
    int length = frame.readableBytes() - OffloadHeader.LENGTH;
    int whole = addressing.prefixLength() + length;
    if (isFull(filling, whole, receivers)) {
      if (stuck && patience > 1 && send(other)) {
        stuck = false; // the receiver has caught up meanwhile
      }
      flush();
      if (isFull(filling, whole, receivers)) {
        return DropCause.QUEUE_FULL;
      }
    }
    used = true;
    ByteBuf into = filling.bytes;
    if (into == null) {
      into = buffers.allocate(batchBytes, whole);
      if (into == null) {
        return DropCause.NO_BUFFERS;
      }
      filling.bytes = into;
      if (!trim.armed()) {
        trim.arm(TRIM_NANOS);
      }
    }
    long address = into.memoryAddress() + into.writerIndex();
    addressing.writePrefix(into);
    into.writeBytes(frame, frame.readerIndex() + OffloadHeader.LENGTH, length);
    for (int i = 0; i < receivers; i++) {
      filling.slots.set(filling.count++, address, whole, addressing.receiver(i));
    }
    return null;
  }

  private void trim() {
    if (closed) {
      return;
    }
    if (!used && filling.count == 0) {
      filling.free();
    }
    if (!stuck) {
      other.free();
    }
    used = false;
    if (filling.bytes != null || other.bytes != null) {
      trim.arm(TRIM_NANOS);
    }
  }

  private boolean isFull(Batch batch, int bytes, int receivers) {
    ByteBuf in = batch.bytes;
    return batch.count + receivers > SLOTS
        || (in == null ? bytes > batchBytes : in.writableBytes() < bytes);
  }

  /** Sends the batch, unless an earlier one waits: then it goes on filling. */
  void flush() {
    if (closed || stuck || filling.count == 0 || send(filling)) {
      return;
    }
    Batch waits = filling;
    filling = other;
    other = waits;
    stuck = true;
    tries = 0;
    tryLater();
  }

  private void tryLater() {
    try {
      Future<?> _ =
          context.loop().schedule(retry, (long) FIRST_TRY_MICROS << tries, TimeUnit.MICROSECONDS);
    } catch (RejectedExecutionException e) {
      drop(); // the network has ended
    }
  }

  private void retry() {
    if (closed || !stuck) {
      return;
    }
    tries++;
    if (send(other)) {
      stuck = false;
      flush();
    } else if (tries >= patience) {
      patience = 1;
      drop();
      flush();
    } else {
      tryLater();
    }
  }

  private void drop() {
    port.counters().transmitDropped(DropCause.QUEUE_FULL, (long) other.count - other.sent);
    other.clear();
    stuck = false;
  }

  /** Sends what is left of a batch. Answers false if the receiver does not take it now. */
  private boolean send(Batch batch) {
    while (batch.sent < batch.count && !closed) {
      int result = socket.send(batch.slots, batch.sent, batch.count - batch.sent);
      if (result > 0) {
        batch.sent += result;
        patience = TRIES;
        tries = 0;
      } else if (isShortage(-result)) {
        return false;
      } else {
        int lost = batch.sent++;
        failed(-result, batch.slots.receiver(lost));
      }
    }
    batch.clear();
    return true;
  }

  private static boolean isShortage(int errno) {
    return errno == Errno.EAGAIN || errno == Errno.ENOBUFS || errno == Errno.ENOMEM;
  }

  private void failed(int errno, @Nullable SocketName receiver) {
    switch (errno) {
      case Errno.ECONNREFUSED, Errno.ENOENT, Errno.ECONNRESET, Errno.EPIPE -> {
        port.counters().transmitDropped(DropCause.NO_CARRIER);
        port.gone(receiver);
      }
      case Errno.EMSGSIZE -> port.counters().transmitDropped(DropCause.BAD_LENGTH);
      default -> port.counters().transmitDropped(DropCause.HOST_ERROR);
    }
  }

  /** Datagrams that wait. */
  int queued() {
    return filling.count + (stuck ? other.count - other.sent : 0);
  }

  /** Drops what waits; a second call does nothing. */
  void close() {
    if (!closed) {
      port.counters().transmitDropped(DropCause.NO_CARRIER, queued());
      closed = true;
      trim.cancel();
      filling.release();
      other.release();
    }
  }
}
