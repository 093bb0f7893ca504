package io.lanyard.vswitch.port;

import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.Turn;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a byte stream into frames.
 *
 * <p>Whole frames go to the switch straight from what was read; only one that is cut by the end of
 * a read is kept until the rest comes.
 *
 * <p>Thread: the network's loop only.
 */
final class StreamFramer {
  private final Framing framing;
  private final int prefix;
  private final ByteBufAllocator allocator;
  private final Burst burst;
  private @Nullable ByteBuf partial;

  StreamFramer(Framing framing, ByteBufAllocator allocator, Burst burst) {
    this.framing = framing;
    this.prefix = framing.prefixLength();
    this.allocator = allocator;
    this.burst = burst;
  }

  /**
   * Takes what was read, until it is consumed or the turn is over.
   *
   * @param in consumed, unless the turn is over: then it begins with a whole frame, and is to be
   *     given again; not released
   * @param turn the port's, running
   * @return false if the stream holds an impossible length: nothing behind it can be trusted
   */
  boolean read(ByteBuf in, Switch network, Port from, Turn turn) {
    ByteBuf rest = partial;
    if (rest != null) {
      take(in, rest, prefix);
      if (rest.readableBytes() < prefix) {
        return true;
      }
      long length = framing.length(rest, 0);
      if (length > framing.largest()) {
        return false;
      }
      take(in, rest, prefix + (int) length);
      if (rest.readableBytes() < prefix + length) {
        return true;
      }
      partial = null; // first: a frame that makes the switch throw must not come again
      try {
        burst.deliver(network, from, rest, prefix, (int) length);
      } finally {
        rest.release();
      }
    }
    return readWhole(in, network, from, turn);
  }

  private static void take(ByteBuf in, ByteBuf into, int upTo) {
    int missing = Math.min(upTo - into.readableBytes(), in.readableBytes());
    if (missing > 0) {
      into.writeBytes(in, missing);
    }
  }

  private boolean readWhole(ByteBuf in, Switch network, Port from, Turn turn) {
    for (int frames = 0; in.readableBytes() >= prefix; frames++) {
      long length = framing.length(in, in.readerIndex());
      if (length > framing.largest()) {
        return false;
      }
      if (in.readableBytes() < prefix + length) {
        break;
      }
      if (frames > 0 && frames % Turn.FRAMES == 0 && turn.isOver()) {
        return true;
      }
      int index = in.readerIndex() + prefix;
      in.skipBytes(prefix + (int) length);
      burst.deliver(network, from, in, index, (int) length);
    }
    if (in.isReadable()) {
      int expected =
          in.readableBytes() < prefix ? 2048 : prefix + (int) framing.length(in, in.readerIndex());
      ByteBuf kept = allocator.directBuffer(expected, prefix + framing.largest());
      kept.writeBytes(in);
      partial = kept;
    }
    return true;
  }

  void release() {
    if (partial != null) {
      partial.release();
      partial = null;
    }
  }
}
