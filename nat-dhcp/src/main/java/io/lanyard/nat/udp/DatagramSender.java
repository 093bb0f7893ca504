package io.lanyard.nat.udp;

import io.lanyard.base.Counters;
import io.lanyard.linux.Errno;
import io.lanyard.linux.InetDatagram;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Sends the datagrams of guests to the host's sockets, a batch at a time where it can.
 *
 * <p>What a datagram costs is the way through the host's stack, far more than the system call or a
 * copy; a batch goes that way once. So equal datagrams of one flow that follow one another in a
 * burst are put together here and leave as one, and a super-frame of a guest's leaves as it is. On
 * the wire, and to the receiver, they are the single datagrams that they were.
 *
 * <p>One batch is open at a time. It leaves when a datagram of another flow comes, or a longer one;
 * behind a shorter one, which can only be the last; and at the latest when the burst ends.
 *
 * <p>Thread: the network's loop only.
 */
@SuppressWarnings("ReferenceEquality") // a flow is itself
final class DatagramSender {
  private static final int LARGEST = InetDatagram.LARGEST_PAYLOAD;
  private static final int MOST = InetDatagram.MOST_SEGMENTS;

  private final ByteBufAllocator allocator;
  private final Counters<UdpCount> counters;

  /** Where the open batch is put together; made when the first one is. */
  private @Nullable ByteBuf buffer;

  /** The open batch: whose it is, and null when there is none. */
  private @Nullable DatagramFlow open;

  private int size;
  private int length;
  private int count;

  /** Whether the buffer is being sent: an answer to an error may make a guest send again. */
  private boolean leaving;

  private boolean closed;

  DatagramSender(ByteBufAllocator allocator, Counters<UdpCount> counters) {
    this.allocator = allocator;
    this.counters = counters;
  }

  /**
   * Sends a datagram, or puts it into the batch.
   *
   * @param flow whose it is, prepared for it
   * @param frame lent for the length of the call
   * @param at index of the payload
   * @param bytes its length
   */
  void send(DatagramFlow flow, ByteBuf frame, int at, int bytes) {
    if (open == flow && bytes <= size && bytes > 0 && length + bytes <= LARGEST) {
      append(frame, at, bytes);
      return;
    }
    flush();
    if (bytes == 0 || 2 * bytes > LARGEST || !flow.takesBatches(bytes) || leaving || closed) {
      direct(flow, frame, at, bytes, bytes);
      return;
    }
    open = flow;
    size = bytes;
    length = 0;
    count = 0;
    append(frame, at, bytes);
  }

  private void append(ByteBuf frame, int at, int bytes) {
    ByteBuf into = buffer;
    if (into == null) {
      into = allocator.directBuffer(LARGEST, LARGEST);
      buffer = into;
    }
    into.setBytes(length, frame, at, bytes);
    length += bytes;
    count++;
    if (bytes < size || count == MOST || length + size > LARGEST) {
      flush();
    }
  }

  /**
   * Sends a batch that a guest has made.
   *
   * @param flow whose it is, prepared for it
   * @param frame lent for the length of the call
   * @param at index of the first datagram's payload
   * @param bytes how many bytes all have together
   * @param segment how many each has, but for the last; fewer than {@code bytes}, and at least 1
   */
  void sendBatch(DatagramFlow flow, ByteBuf frame, int at, int bytes, int segment) {
    flush();
    int step = Math.min(MOST, LARGEST / segment) * segment;
    for (int from = 0; from < bytes; from += step) {
      direct(flow, frame, at + from, Math.min(step, bytes - from), segment);
    }
  }

  /** Sends from where it lies. */
  private void direct(DatagramFlow flow, ByteBuf frame, int at, int bytes, int segment) {
    if (frame.hasMemoryAddress()) {
      transmit(flow, frame.memoryAddress() + at, bytes, segment);
      return;
    }
    ByteBuf copy = allocator.directBuffer(Math.max(1, bytes));
    try {
      copy.setBytes(0, frame, at, bytes);
      transmit(flow, copy.memoryAddress(), bytes, segment);
    } finally {
      copy.release();
    }
  }

  /** Sends the open batch, if there is one. */
  void flush() {
    DatagramFlow flow = open;
    ByteBuf from = buffer;
    if (flow == null || from == null) {
      return;
    }
    open = null;
    leaving = true;
    try {
      transmit(flow, from.memoryAddress(), length, size);
    } finally {
      leaving = false;
    }
  }

  private void transmit(DatagramFlow flow, long data, int bytes, int segment) {
    HostSocket socket = flow.socket();
    if (socket == null) {
      return;
    }
    if (bytes <= segment) {
      single(flow, socket, data, bytes);
      return;
    }
    if (flow.takesBatches(segment)) {
      int result = batch(flow, socket, data, bytes, segment);
      if (result < 0 && mayBeEarlier(result)) {
        socket.readErrors();
        result = batch(flow, socket, data, bytes, segment);
      }
      if (!refused(result)) {
        finished(flow, socket, result, bytes, segment);
        return;
      }
      flow.refusesBatches(result == -Errno.EIO ? 1 : segment);
    }
    for (int from = 0; from < bytes; from += segment) {
      single(flow, socket, data + from, Math.min(segment, bytes - from));
    }
  }

  private static int batch(
      DatagramFlow flow, HostSocket socket, long data, int bytes, int segment) {
    return socket.socket().sendBatch(data, bytes, segment, flow.hostEnds());
  }

  private void single(DatagramFlow flow, HostSocket socket, long data, int bytes) {
    InetDatagram to = socket.socket();
    int result = to.send(data, bytes, flow.hostEnds());
    if (result < 0 && mayBeEarlier(result)) {
      socket.readErrors();
      result = to.send(data, bytes, flow.hostEnds());
    }
    finished(flow, socket, result, bytes, bytes);
  }

  /**
   * Whether a result may be the error of an earlier datagram, which is reported at the next call:
   * that is then not carried out.
   */
  private static boolean mayBeEarlier(int result) {
    return switch (-result) {
      case Errno.EAGAIN, Errno.ENOBUFS, Errno.ENOMEM, Errno.EBADF -> false;
      default -> true;
    };
  }

  /** Whether it is the batch that does not pass, and its datagrams may. */
  private static boolean refused(int result) {
    return switch (-result) {
      case Errno.EINVAL, Errno.EMSGSIZE, Errno.EIO -> true;
      default -> false;
    };
  }

  private void finished(DatagramFlow flow, HostSocket socket, int result, int bytes, int segment) {
    int datagrams = DatagramFlow.datagrams(bytes, segment);
    if (result >= 0) {
      counters.add(UdpCount.OUT, datagrams);
      return;
    }
    switch (-result) {
      case Errno.EAGAIN, Errno.ENOBUFS, Errno.ENOMEM ->
          counters.add(UdpCount.NO_BUFFERS, datagrams);
      default -> {
        counters.add(UdpCount.SEND_FAILED, datagrams);
        if (result == -Errno.EMSGSIZE) {
          // By the error queue comes what would fit.
          socket.readErrors();
        }
        flow.failed(-result, Math.min(bytes, segment));
      }
    }
  }

  /** Gives its memory back; what is sent from now on leaves singly. */
  void close() {
    flush();
    closed = true;
    ByteBuf held = buffer;
    buffer = null;
    if (held != null) {
      held.release();
    }
  }
}
