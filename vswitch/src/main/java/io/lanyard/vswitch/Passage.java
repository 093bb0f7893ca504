package io.lanyard.vswitch;

import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadCheck;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.SuperFrame;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A frame on its way through a switch: what is known of it, found once when it comes in.
 *
 * <p>The switch fills one passage for each frame that it receives and lends it together with the
 * frame; MAC table, policies, taps and ports read it, and nobody parses the headers again. Offsets
 * count bytes from the first byte of the Ethernet frame, which lies behind the offload header: they
 * hold for every copy of the frame, wherever it lies.
 *
 * <p>While the segments of a super-frame are handed to a port that takes none, the passage
 * describes the segment that is handed over: one wire frame.
 *
 * <p>Thread: the network's loop only. Valid for the length of the call that lends it.
 */
@SuppressWarnings("NullAway.Init") // filled before anybody sees it
public final class Passage {
  /** The I/G bit of the source in the eight bytes that begin with it. */
  private static final long SOURCE_GROUP = 1L << 56;

  /** Tags with a priority alone that are taken out of a frame; nobody needs two. */
  private static final int MOST_PRIORITY_TAGS = 2;

  Slot from;
  int vlan;
  long source;
  long destination;
  int etherType;
  int network;
  int headerLength;
  int segments;
  int wireBytes;
  int largestPacket;

  /** Whether the offload header asks for nothing: the frame is as it goes over a wire. */
  boolean plain;

  /** The port that an unknown destination is behind, if the sender knows. */
  @Nullable Port behind;

  /** The port that the frame is being handed to, while taps have not seen it leave. */
  @Nullable Slot leaving;

  @Nullable ByteBuf leavingFrame;

  /** Made by the switch alone. */
  Passage() {}

  /**
   * Fills the passage from a frame that comes in.
   *
   * @return why the frame must be dropped, or null; the passage is then undefined
   */
  @Nullable DropCause fill(Slot ingress, ByteBuf frame) {
    int header = frame.readerIndex();
    int end = frame.writerIndex();
    int at = header + OffloadHeader.LENGTH;
    int length = end - at;
    if (length < Ethernet.HEADER_LENGTH || length > Ethernet.LARGEST_FRAME) {
      return DropCause.BAD_LENGTH;
    }
    // Two reads hold the usual header: 6 + 2 bytes, then 6 + 2 bytes from the source on.
    long to = frame.getLong(at);
    long by = frame.getLong(at + 6);
    boolean usual = frame.getShort(header) == 0; // no flags, no gso_type
    int headers = usual ? 0 : OffloadCheck.check(frame);
    if (headers == OffloadCheck.INVALID) {
      return DropCause.BAD_OFFLOAD_HEADER;
    }
    if (by >>> 16 == 0 || (by & SOURCE_GROUP) != 0) {
      return DropCause.BAD_SOURCE;
    }
    if (from != ingress) { // storing a reference costs more than comparing it
      from = ingress;
    }
    destination = to >>> 16;
    source = by >>> 16;
    plain = usual;
    headerLength = headers;
    if (headers == 0) {
      segments = 1;
      wireBytes = length;
      largestPacket = length;
    } else {
      int size = OffloadHeader.gsoSize(frame, header);
      segments = SuperFrame.segments(length, headers, size);
      wireBytes = SuperFrame.wireBytes(length, headers, segments);
      largestPacket = SuperFrame.largestSegment(length, headers, size);
    }
    int type = (int) by & 0xffff;
    if (Ethernet.isTag(type)) {
      DropCause bad = tagged(frame, at, end);
      if (bad != null) {
        return bad;
      }
    } else {
      vlan = 0;
      etherType = type;
      network = Ethernet.HEADER_LENGTH;
    }
    largestPacket -= network;
    return null;
  }

  /**
   * Reads the tags. Those that hold a priority alone are taken out of the frame: it is untagged
   * (IEEE 802.1Q section 6.9), and its further readers need not know of them.
   *
   * @return why the frame must be dropped, or null
   */
  private @Nullable DropCause tagged(ByteBuf frame, int at, int end) {
    int start = at;
    for (int taken = 0; Ethernet.hasPriorityTag(frame, start, end); taken++) {
      if (taken == MOST_PRIORITY_TAGS) {
        return DropCause.BAD_TAGS;
      }
      start += Ethernet.TAG_LENGTH;
    }
    if (start != at) {
      takeTags(frame, at - OffloadHeader.LENGTH, start - at);
    }
    vlan = Ethernet.vlan(frame, start, end);
    int payload = Ethernet.payload(frame, start, end);
    if (payload < 0) { // the frame ends within a tag
      payload = end;
      etherType = 0;
    } else {
      etherType = frame.getUnsignedShort(payload - 2);
    }
    network = payload - start;
    // A checksum stored among the tags would make another frame of it than was looked at.
    int header = frame.readerIndex();
    boolean unsound =
        !plain
            && (OffloadHeader.flags(frame, header) & OffloadHeader.NEEDS_CSUM) != 0
            && OffloadHeader.checksumStart(frame, header) < network;
    return unsound ? DropCause.BAD_OFFLOAD_HEADER : null;
  }

  /** Moves the offload header and the addresses over the tags behind them. */
  private void takeTags(ByteBuf frame, int header, int bytes) {
    long first = frame.getLong(header);
    long second = frame.getLong(header + 8);
    long third = frame.getLong(header + 16);
    int moved = header + bytes;
    frame.setLong(moved, first);
    frame.setLong(moved + 8, second);
    frame.setLong(moved + 16, third);
    frame.readerIndex(moved);
    if (!plain) {
      OffloadHeader.moveOffsets(frame, moved, -bytes);
    }
    wireBytes -= segments * bytes;
    largestPacket -= bytes;
    if (headerLength != 0) {
      headerLength -= bytes;
    }
  }

  /** Whether the frame is a super-frame, be it one of a single segment: it has a gso_type. */
  boolean isSuperFrame() {
    return headerLength != 0;
  }

  /**
   * The port by which the frame came into the switch.
   *
   * @return the port, attached when the frame came in
   */
  public Port ingress() {
    return from.port;
  }

  /**
   * The number of the ingress port on its switch, for tables of ports.
   *
   * @return 0 to {@link Switch#MOST_PORTS} - 1; a port that is attached later may get the number of
   *     one that was detached
   */
  public int ingressNumber() {
    return from.number;
  }

  /**
   * The VLAN of the frame.
   *
   * @return 1 to 4095, the outermost tag's; 0 for a frame that is not tagged or has only a priority
   *     (IEEE 802.1Q section 6.9)
   */
  public int vlan() {
    return vlan;
  }

  /**
   * The source MAC address.
   *
   * @return the low 48 bits; neither zero nor a group address
   */
  public long source() {
    return source;
  }

  /**
   * The destination MAC address.
   *
   * @return the low 48 bits
   */
  public long destination() {
    return destination;
  }

  /**
   * The EtherType behind at most two tags.
   *
   * @return 16 bits; 0 if the frame ends within a tag
   */
  public int etherType() {
    return etherType;
  }

  /**
   * The offset of the network header, behind at most two tags.
   *
   * @return bytes from the first byte of the Ethernet frame
   */
  public int network() {
    return network;
  }

  /**
   * The wire frames that the frame stands for.
   *
   * @return 1 for an ordinary frame
   */
  public int segments() {
    return segments;
  }

  /**
   * The bytes of all the wire frames that the frame stands for.
   *
   * @return bytes, Ethernet headers included
   */
  public int wireBytes() {
    return wireBytes;
  }

  /**
   * The largest packet among the wire frames that the frame stands for: what an MTU bounds.
   *
   * @return bytes from the network header on
   */
  public int largestPacket() {
    return largestPacket;
  }

  /**
   * The headers that each segment of a super-frame repeats.
   *
   * @return bytes from the first byte of the Ethernet frame; 0 for an ordinary frame
   */
  public int headerLength() {
    return headerLength;
  }
}
