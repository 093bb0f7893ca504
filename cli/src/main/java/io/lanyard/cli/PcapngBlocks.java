package io.lanyard.cli;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** The blocks of a capture as the daemon sends it: pcapng, little-endian, in one section. */
final class PcapngBlocks {
  private static final int SECTION = 0x0a0d0d0a;
  private static final int INTERFACE = 1;
  private static final int NAMES = 4;
  private static final int STATISTICS = 5;
  private static final int PACKET = 6;

  /** Type, length, and the length again. */
  private static final int FRAME = 12;

  /** Four times the largest frame. */
  private static final int MOST_BYTES = 1 << 20;

  /** Where the options of statistics begin, and those of a frame without bytes. */
  private static final int STATISTICS_OPTIONS = 20;

  private static final int PACKET_OPTIONS = 28;

  private static final int EPB_DROPCOUNT = 4;
  private static final int ISB_IFDROP = 5;

  private final BufferedInputStream in;

  /** A block's purpose. */
  enum Kind {
    /** Says how to read what follows, and is repeated in each file. */
    HEAD,
    /** Has a frame. */
    FRAME,
    /** Has the numbers of a port, at the end. */
    STATISTICS,
    /** Has something else. */
    OTHER
  }

  /**
   * A block.
   *
   * @param kind what it is for
   * @param frameBytes the frame's length on the wire; 0 of another block
   * @param drops frames that were dropped: before a frame, or in all in statistics
   * @param bytes the whole block
   */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  record Block(Kind kind, long frameBytes, long drops, byte[] bytes) {}

  PcapngBlocks(BufferedInputStream in) {
    this.in = in;
  }

  /** Whether something can be read without waiting. */
  boolean hasMore() throws IOException {
    return in.available() > 0;
  }

  /** The next block; null at the end, where a part of a block is none. */
  @Nullable Block next() throws IOException {
    byte[] start = in.readNBytes(8);
    if (start.length < 8) {
      return null;
    }
    ByteBuffer head = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN);
    int type = head.getInt(0);
    int length = head.getInt(4);
    if (length < FRAME || length > MOST_BYTES || length % 4 != 0) {
      throw new IOException("what came is no capture");
    }
    byte[] bytes = new byte[length];
    System.arraycopy(start, 0, bytes, 0, start.length);
    if (in.readNBytes(bytes, start.length, length - start.length) < length - start.length) {
      return null;
    }
    ByteBuffer block = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    return switch (type) {
      case SECTION, INTERFACE, NAMES -> new Block(Kind.HEAD, 0, 0, bytes);
      case PACKET -> packet(block, bytes);
      case STATISTICS ->
          new Block(Kind.STATISTICS, 0, option(block, STATISTICS_OPTIONS, ISB_IFDROP), bytes);
      default -> new Block(Kind.OTHER, 0, 0, bytes);
    };
  }

  private static Block packet(ByteBuffer block, byte[] bytes) throws IOException {
    if (bytes.length < PACKET_OPTIONS + 4) {
      throw new IOException("what came is no capture");
    }
    long captured = Integer.toUnsignedLong(block.getInt(20));
    long options = PACKET_OPTIONS + (captured + 3) / 4 * 4;
    long drops = options > bytes.length ? 0 : option(block, (int) options, EPB_DROPCOUNT);
    return new Block(Kind.FRAME, Integer.toUnsignedLong(block.getInt(24)), drops, bytes);
  }

  /** The number in an option; 0 where there is none. */
  private static long option(ByteBuffer block, int from, int wanted) {
    int end = block.limit() - 4;
    for (int at = from; at + 4 <= end; ) {
      int code = block.getShort(at) & 0xffff;
      int length = block.getShort(at + 2) & 0xffff;
      if (code == wanted && length == 8 && at + 12 <= end) {
        return block.getLong(at + 4);
      }
      at += 4 + (length + 3) / 4 * 4;
    }
    return 0;
  }
}
