package io.lanyard.vswitch.port;

import io.lanyard.linux.Libc;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Work;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.concurrent.Future;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * One client of a stream port.
 *
 * <p>Frames to the client are copied one behind the other into a batch, which leaves in one write
 * at the flush. While a write waits for the client to read, the next batch fills up: so what waits
 * is bounded in memory and not only in frames.
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

  /** Reads before the loop is given back. */
  private static final int READS = 4;

  private final Channel channel;
  private final StreamPort port;
  private final Framing framing;
  private final int prefix;
  private final Switch network;
  private final ByteBufAllocator allocator;
  private final Burst burst;
  private final StreamFramer framer;
  private final int batchBytes;
  private final Turn turn;
  private final Work resume =
      new Work() {
        @Override
        protected boolean run() {
          return goOn();
        }
      };

  /** Frames that the last turn had no time for; nothing is read before they are taken. */
  private @Nullable ByteBuf rest;

  private @Nullable ByteBuf batch;
  private int batchesOnTheirWay;
  private int bytesOnTheirWay;
  private boolean badLength;
  private boolean reading;
  private boolean ended;

  StreamConnection(Channel channel, StreamPort port, Framing framing, PortContext context) {
    this.channel = channel;
    this.port = port;
    this.framing = framing;
    this.prefix = framing.prefixLength();
    this.network = context.network();
    this.allocator = context.allocator();
    this.batchBytes =
        Math.max(BATCH_BYTES, BATCH_FRAMES * (prefix + Ethernet.largestFrame(port.mtu())));
    this.burst = new Burst(allocator);
    this.framer = new StreamFramer(framing, allocator, burst);
    this.turn = network.turns().of(port);
    channel
        .config()
        .setRecvByteBufAllocator(
            new FixedRecvByteBufAllocator(READ_BYTES).maxMessagesPerRead(READS));
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf in = (ByteBuf) message;
    boolean charged = turn.begin();
    boolean wait = false;
    try {
      takeRest(); // Netty reads a stream to its end once its client has closed it
      take(in);
      if (in.isReadable()) {
        rest = in.retain();
        wait = true;
      }
    } finally {
      in.release();
      if (charged) {
        wait |= !turn.end();
      }
      if (wait && !ended) {
        channel.config().setAutoRead(false);
        turn.later(resume);
      }
    }
  }

  /** The port's turn has come. Returns whether there is more than it has time for. */
  private boolean goOn() {
    ByteBuf in = rest;
    if (in != null) {
      try {
        take(in);
      } catch (RuntimeException | Error e) {
        close(); // as exceptionCaught does where Netty has called
        throw e;
      }
      network.flush();
      if (in.isReadable()) {
        return true;
      }
      releaseRest();
    }
    if (!ended) {
      channel.config().setAutoRead(true);
    }
    return false;
  }

  /** Takes all of the rest, however long it takes. */
  private void takeRest() {
    ByteBuf in = rest;
    while (in != null && in.isReadable()) {
      take(in);
    }
    releaseRest();
  }

  private void releaseRest() {
    ByteBuf in = rest;
    if (in != null) {
      rest = null;
      in.release();
    }
  }

  private void take(ByteBuf in) {
    if (badLength || ended) {
      in.skipBytes(in.readableBytes());
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

  /**
   * Ends the connection now if its client has closed it and the loop has not come to that yet: it
   * handles the events of a batch in any order, and Netty tells of a channel that it has closed
   * after the batch. What the client has sent before is read first.
   */
  void endIfHungUp() {
    FileDescriptor descriptor = ((UnixChannel) channel).fd();
    if (ended || (descriptor.isOpen() && !Libc.hungUp(descriptor.intValue()))) {
      return;
    }
    boolean charged = turn.begin();
    ByteBuf in = allocator.directBuffer(READ_BYTES, READ_BYTES);
    try {
      // The socket's buffer bounds it: nobody fills it any more.
      takeRest();
      while (!badLength
          && !ended
          && descriptor.isOpen()
          && readInto(descriptor, in.setIndex(0, 0)) > 0) {
        while (in.isReadable()) {
          take(in);
        }
      }
      network.flush();
    } finally {
      in.release();
      if (charged) {
        boolean _ = turn.end();
      }
    }
    Future<?> _ = channel.close();
    end();
  }

  private static int readInto(FileDescriptor descriptor, ByteBuf in) {
    try {
      int length = descriptor.readAddress(in.memoryAddress(), 0, READ_BYTES);
      in.writerIndex(Math.max(0, length));
      return length;
    } catch (IOException e) {
      return -1; // reset: there is no more to be had
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    boolean charged = turn.begin();
    try {
      network.flush();
    } finally {
      if (charged) {
        turn.end();
      }
    }
  }

  /** Takes a frame. Answers false if too much waits already. */
  boolean write(ByteBuf frame) {
    int length = frame.readableBytes() - OffloadHeader.LENGTH;
    ByteBuf into = batch;
    if (queuedBytes() + prefix + length > port.queueBytes()) {
      return false;
    }
    if (into != null && into.writableBytes() < prefix + length) {
      send(into);
      into = batch; // the client may have been found gone
      if (ended) {
        return false;
      }
    }
    if (into == null) {
      try {
        into = allocator.directBuffer(batchBytes, batchBytes);
      } catch (OutOfDirectMemoryError e) {
        return false; // a full queue, as far as the frame is concerned
      }
      batch = into;
    }
    framing.write(into, length);
    into.writeBytes(frame, frame.readerIndex() + OffloadHeader.LENGTH, length);
    return true;
  }

  /** Sends the batch, unless an earlier one is still on its way: then it goes on filling. */
  void flush() {
    ByteBuf full = batch;
    if (full != null && batchesOnTheirWay == 0 && !ended) {
      send(full);
    }
  }

  private void send(ByteBuf full) {
    int bytes = full.readableBytes();
    batch = null;
    batchesOnTheirWay++;
    bytesOnTheirWay += bytes;
    channel
        .writeAndFlush(full)
        .addListener(_ -> {
          batchesOnTheirWay--;
          bytesOnTheirWay -= bytes;
          flush();
        });
  }

  /** The bytes that wait for the client to read, prefixes included. */
  int queuedBytes() {
    ByteBuf filling = batch;
    return bytesOnTheirWay + (filling == null ? 0 : filling.readableBytes());
  }

  void close() {
    Future<?> _ = channel.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    boolean charged = turn.begin();
    try {
      takeRest();
      network.flush();
    } finally {
      if (charged) {
        boolean _ = turn.end();
      }
      end();
    }
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    end();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // Connection reset and the like: the guest's VMM has gone.
    Future<?> _ = channel.close();
  }

  private void end() {
    if (ended || reading) {
      return; // while a frame is lent; closing calls again
    }
    ended = true;
    releaseRest();
    framer.release();
    burst.release();
    if (batch != null) {
      batch.release();
      batch = null;
    }
    port.disconnected(this, badLength);
  }
}
