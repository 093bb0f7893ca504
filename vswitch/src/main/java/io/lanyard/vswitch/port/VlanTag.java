package io.lanyard.vswitch.port;

import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Puts the tag of one VLAN into frames and takes it out (IEEE 802.1Q section 9.6), as an 802.1Q
 * device of the kernel does.
 *
 * <p>A frame that leaves is lent, and there is no room before it: it is copied.
 *
 * <p>Thread: the network's loop only.
 */
final class VlanTag {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfShort LITTLE =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final MemorySegment MEMORY = allMemory();
  private static final int TYPE = 0x8100;
  private static final int VID = 0xfff;

  /** The header and the two addresses: what lies before a tag. */
  private static final int BEFORE = OffloadHeader.LENGTH + 12;

  private final int vid;
  private final ByteBuf scratch;

  /**
   * Makes one.
   *
   * @param vid the VLAN, from 1 to 4094
   */
  VlanTag(int vid) {
    this.vid = vid;
    int most = OffloadHeader.LENGTH + Ethernet.LARGEST_FRAME + Ethernet.TAG_LENGTH;
    this.scratch = Unpooled.directBuffer(most, most);
  }

  @SuppressWarnings("restricted") // addresses come from the port's own buffers
  private static MemorySegment allMemory() {
    return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  }

  /**
   * Copies a frame with the tag in it.
   *
   * @param address where its header lies
   * @param length bytes
   * @return where the copy lies, until the next call; it is {@link Ethernet#TAG_LENGTH} longer
   */
  long tagged(long address, int length) {
    long to = scratch.memoryAddress();
    MemorySegment.copy(MEMORY, address, MEMORY, to, BEFORE);
    MEMORY.set(INT, to + BEFORE, TYPE << 16 | vid);
    MemorySegment.copy(
        MEMORY,
        address + BEFORE,
        MEMORY,
        to + BEFORE + Ethernet.TAG_LENGTH,
        length - (long) BEFORE);
    moveOffsets(to, Ethernet.TAG_LENGTH);
    return to;
  }

  /** Moves what the header counts from the beginning of the frame, as the tag does. */
  private static void moveOffsets(long header, int by) {
    if ((MEMORY.get(ValueLayout.JAVA_BYTE, header) & OffloadHeader.NEEDS_CSUM) != 0) {
      add(header + 6, by); // csum_start
    }
    if (MEMORY.get(ValueLayout.JAVA_BYTE, header + 1) != OffloadHeader.GSO_NONE) {
      add(header + 2, by); // hdr_len
    }
  }

  private static void add(long field, int by) {
    MEMORY.set(LITTLE, field, (short) Math.max(0, (MEMORY.get(LITTLE, field) & 0xffff) + by));
  }

  /** Whether a frame is long enough for a tag, and its outermost one is that of the VLAN. */
  boolean isOn(long address, int length) {
    if (length < BEFORE + Ethernet.TAG_LENGTH) {
      return false;
    }
    int tag = MEMORY.get(INT, address + BEFORE);
    return tag >>> 16 == TYPE && (tag & VID) == vid;
  }

  /**
   * Takes the outermost tag out of a frame where it lies: it begins {@link Ethernet#TAG_LENGTH}
   * bytes later then.
   */
  void untag(long address) {
    MemorySegment.copy(MEMORY, address, MEMORY, address + Ethernet.TAG_LENGTH, BEFORE);
    moveOffsets(address + Ethernet.TAG_LENGTH, -Ethernet.TAG_LENGTH);
  }

  void close() {
    if (scratch.refCnt() > 0) {
      scratch.release();
    }
  }
}
