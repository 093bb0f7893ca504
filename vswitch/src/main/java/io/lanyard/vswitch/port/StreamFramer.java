package io.lanyard.vswitch.port;

import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a byte stream into frames: each is a 32-bit big-endian length and as many bytes (QEMU,
 * net/stream_data.c).
 *
 * <p>Whole frames go to the switch straight from what was read; only one that is cut by the end of
 * a read is kept until the rest comes.
 *
 * <p>Thread: the network's loop only.
 */
final class StreamFramer {
  /** QEMU's own buffer (NET_BUFSIZE): it ends the connection over anything larger, and so do we. */
  static final int LARGEST = 4096 + 65536;

  private static final int PREFIX = 4;

  private final ByteBufAllocator allocator;
  private final Burst burst;
  private @Nullable ByteBuf partial;

  StreamFramer(ByteBufAllocator allocator, Burst burst) {
    this.allocator = allocator;
    this.burst = burst;
  }

  /**
   * Takes what was read.
   *
   * @param in consumed; not released
   * @return false if the stream holds an impossible length: nothing behind it can be trusted
   */
  boolean read(ByteBuf in, Switch network, Port from) {
    ByteBuf rest = partial;
    if (rest != null) {
      take(in, rest, PREFIX);
      if (rest.readableBytes() < PREFIX) {
        return true;
      }
      long length = rest.getUnsignedInt(0);
      if (length > LARGEST) {
        return false;
      }
      take(in, rest, PREFIX + (int) length);
      if (rest.readableBytes() < PREFIX + length) {
        return true;
      }
      burst.deliver(network, from, rest, PREFIX, (int) length);
      rest.release();
      partial = null;
    }
    return readWhole(in, network, from);
  }

  private static void take(ByteBuf in, ByteBuf into, int upTo) {
    int missing = Math.min(upTo - into.readableBytes(), in.readableBytes());
    if (missing > 0) {
      into.writeBytes(in, missing);
    }
  }

  private boolean readWhole(ByteBuf in, Switch network, Port from) {
    while (in.readableBytes() >= PREFIX) {
      long length = in.getUnsignedInt(in.readerIndex());
      if (length > LARGEST) {
        return false;
      }
      if (in.readableBytes() < PREFIX + length) {
        break;
      }
      burst.deliver(network, from, in, in.readerIndex() + PREFIX, (int) length);
      in.skipBytes(PREFIX + (int) length);
    }
    if (in.isReadable()) {
      int expected = in.readableBytes() < PREFIX ? 2048 : PREFIX + in.getInt(in.readerIndex());
      ByteBuf kept = allocator.directBuffer(expected, PREFIX + LARGEST);
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
