package io.lanyard.vswitch.port;

import io.lanyard.linux.Libc;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Work;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.port.Framing.Handshake;
import io.lanyard.vswitch.port.Framing.Handshake.Progress;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One client of a stream port.
 *
 * <p>Frames to the client are copied one behind the other into a batch, which leaves in one write
 * at the flush. While a write waits for the client to read, the next batch fills up: so what waits
 * is bounded in memory and not only in frames.
 *
 * <p>Frames from the client are taken in the port's turn. What a turn has no time for waits, and
 * nothing more is read. A client that has closed is different: Netty then reads the stream to its
 * end at once, and all of that waits, as much as the socket's buffer in the kernel had. The
 * connection ends when it has been taken.
 *
 * <p>Thread: the network's loop only.
 */
final class StreamConnection extends ChannelInboundHandlerAdapter {
  /** A burst of 32 wire frames fits. */
  private static final int BATCH_BYTES = 128 << 10;

  /** Several large frames share one write as well. */
  private static final int BATCH_FRAMES = 4;

  /** One read: as much as a UNIX socket's buffer usually holds. */
  private static final int READ_BYTES = 128 << 10;

  /** An answer of a handshake fits. */
  private static final int GREETING_BYTES = 512;

  /** Reads before the loop is given back. */
  private static final int READS = 4;

  /**
   * Data that waits.
   *
   * @param data owned
   * @param counted the bytes that the port's memory is charged for it
   */
  private record Unread(ByteBuf data, int counted) {}

  private final Channel channel;
  private final StreamPort port;
  private final Framing framing;
  private final int prefix;
  private final Switch network;
  private final ByteBufAllocator allocator;
  private final PortBuffers buffers;
  private final Burst burst;
  private final StreamFramer framer;
  private final int batchBytes;
  private final Turn turn;
  private final Runnable flushNetwork;
  private final Runnable flush = this::flush;
  private final Work resume =
      new Work() {
        @Override
        protected boolean run() {
          return goOn();
        }

        @Override
        protected void broke(Throwable cause) {
          close();
        }
      };

  /** Data that the port's turn has yet to come to, in order. */
  private final ArrayDeque<Unread> unread = new ArrayDeque<>();

  /** Not null until frames may pass. */
  private @Nullable Handshake handshake;

  private @Nullable ByteBuf batch;
  private int batchesOnTheirWay;
  private int bytesOnTheirWay;
  private boolean badLength;

  /** Whether data is put into {@link #unread} instead of being taken. */
  private boolean waits;

  /** Whether a frame is lent to the switch. */
  private boolean reading;

  /** Whether the channel is closed: no more data comes. */
  private boolean gone;

  /** Whether the port has closed the connection: no more data is taken. */
  private boolean closed;

  /** Whether data was dropped: what follows begins in the middle of a frame. */
  private boolean lost;

  private boolean ended;

  StreamConnection(
      Channel channel, StreamPort port, Framing framing, PortBuffers buffers, PortContext context) {
    this.channel = channel;
    this.port = port;
    this.framing = framing;
    this.prefix = framing.prefixLength();
    this.network = context.network();
    this.allocator = context.allocator();
    this.buffers = buffers;
    this.batchBytes =
        Math.max(BATCH_BYTES, BATCH_FRAMES * (prefix + Ethernet.largestFrame(port.mtu())));
    this.turn = network.turns().of(port);
    this.flushNetwork = network::flush;
    channel
        .config()
        .setRecvByteBufAllocator(
            new FixedRecvByteBufAllocator(READ_BYTES).maxMessagesPerRead(READS));
    this.burst = new Burst(allocator);
    this.framer = new StreamFramer(framing, allocator, burst);
    this.handshake = framing.handshake(port.mtu());
  }

  /** Whether frames may pass. */
  boolean isReady() {
    return handshake == null;
  }

  /** Takes nothing until {@link #begin}: an earlier client's data comes first. */
  void await() {
    waits = true;
    channel.config().setAutoRead(false);
  }

  /** Takes what has come since {@link #await}, and reads on. */
  void begin() {
    turn.later(resume);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf in = (ByteBuf) message;
    if (waits) {
      keep(in);
      return;
    }
    boolean charged = turn.begin();
    try {
      take(in);
      if (in.isReadable()) {
        keep(in.retain());
        waits = true;
      }
    } finally {
      in.release();
      if (charged) {
        waits |= !turn.end();
      }
      if (waits) {
        channel.config().setAutoRead(false);
        turn.later(resume);
      }
    }
  }

  /**
   * Puts data behind what waits. As much as a client can send in one event always waits; more comes
   * from one that has closed, and takes from the port's memory.
   */
  private void keep(ByteBuf in) {
    int counted = unread.size() < READS ? 0 : in.capacity();
    if (lost || (counted > 0 && !buffers.reserve(counted))) {
      lost = true;
      port.counters().receiveDropped(DropCause.NO_BUFFERS);
      in.release();
    } else {
      unread.add(new Unread(in, counted));
    }
  }

  private void release(Unread taken) {
    taken.data.release();
    buffers.passed(taken.counted);
  }

  /** The port's turn has come. Returns whether there is more than it has time for. */
  private boolean goOn() {
    Unread next = unread.peek();
    if (next != null) {
      ByteBuf in = next.data;
      try {
        take(in);
      } catch (RuntimeException | Error e) {
        Future<?> _ = channel.close(); // as exceptionCaught does where Netty has called
        throw e;
      }
      network.flush();
      if (!ended && !in.isReadable()) {
        unread.remove();
        release(next);
      }
    }
    if (!unread.isEmpty()) {
      return true;
    }
    waits = false;
    if (gone) {
      end();
    } else {
      channel.config().setAutoRead(true);
    }
    return false;
  }

  private void take(ByteBuf in) {
    if (badLength || closed) {
      in.skipBytes(in.readableBytes());
      return;
    }
    Handshake talk = handshake;
    if (talk != null && !greet(talk, in)) {
      return;
    }
    reading = true;
    try {
      if (!framer.read(in, network, port, turn)) {
        badLength = true;
        in.skipBytes(in.readableBytes());
        Future<?> _ = channel.close();
      }
    } finally {
      reading = false;
    }
  }

  /** Goes on with the handshake. Answers whether it is over and frames follow. */
  private boolean greet(Handshake talk, ByteBuf in) {
    ByteBuf out = allocator.directBuffer(GREETING_BYTES);
    Progress progress = talk.read(in, out);
    Future<?> _ = channel.writeAndFlush(out);
    switch (progress) {
      case DONE -> {
        handshake = null;
        port.ready();
      }
      case FAILED -> {
        badLength = true;
        in.skipBytes(in.readableBytes());
        Future<?> _ = channel.close();
      }
      default -> {}
    }
    return progress == Progress.DONE;
  }

  /**
   * Whether the client has closed the connection. The loop may not have come to that yet: it
   * handles the events of a batch in any order, and Netty tells of a channel that it has closed
   * after the batch.
   */
  boolean isHungUp() {
    FileDescriptor descriptor = ((UnixChannel) channel).fd();
    return gone || !descriptor.isOpen() || Libc.hungUp(descriptor.intValue());
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    turn.charge(flushNetwork);
  }

  /** Takes a frame. Answers null, or why not: too much waits already, or there is no memory. */
  @Nullable DropCause write(ByteBuf frame) {
    int length = frame.readableBytes() - OffloadHeader.LENGTH;
    ByteBuf into = batch;
    if (queuedBytes() + prefix + length > port.queueBytes()) {
      return DropCause.QUEUE_FULL;
    }
    if (into != null && into.writableBytes() < prefix + length) {
      send(into);
      into = batch; // the client may have been found gone
      if (gone) {
        return DropCause.NO_CARRIER;
      }
    }
    if (into == null) {
      into = buffers.allocate(batchBytes, prefix + length);
      if (into == null) {
        return DropCause.NO_BUFFERS;
      }
      batch = into;
    }
    framing.write(into, length);
    into.writeBytes(frame, frame.readerIndex() + OffloadHeader.LENGTH, length);
    return null;
  }

  /** Sends the batch, unless an earlier one is still on its way: then it goes on filling. */
  void flush() {
    ByteBuf full = batch;
    if (full != null && batchesOnTheirWay == 0 && !gone) {
      send(full);
    }
  }

  private void send(ByteBuf full) {
    int bytes = full.readableBytes();
    int capacity = full.capacity();
    batch = null;
    batchesOnTheirWay++;
    bytesOnTheirWay += bytes;
    channel
        .writeAndFlush(full)
        .addListener(_ -> {
          batchesOnTheirWay--;
          bytesOnTheirWay -= bytes;
          buffers.passed(capacity);
          turn.charge(flush);
        });
  }

  /** The bytes that wait for the client to read, prefixes included. */
  int queuedBytes() {
    ByteBuf filling = batch;
    return bytesOnTheirWay + (filling == null ? 0 : filling.readableBytes());
  }

  /** Ends the connection; what has not been taken yet is lost. */
  void close() {
    closed = true;
    if (gone) {
      end();
    } else {
      Future<?> _ = channel.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    gone();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    gone();
  }

  private void gone() {
    if (!gone) {
      gone = true;
      if (unread.isEmpty() || closed) {
        end();
      } else {
        port.clientGone(this);
      }
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!(cause instanceof IOException)) { // else the guest's VMM has gone
      turn.failed(cause);
    }
    Future<?> _ = channel.close();
  }

  private void end() {
    if (ended || reading) {
      return; // while a frame is lent; it is called again
    }
    ended = true;
    unread.forEach(this::release);
    unread.clear();
    framer.release();
    burst.release();
    if (batch != null) {
      buffers.free(batch);
      batch = null;
    }
    port.disconnected(this, badLength);
  }
}
