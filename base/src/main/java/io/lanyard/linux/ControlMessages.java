package io.lanyard.linux;

import io.lanyard.net.Address;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The data that goes with a datagram beside its bytes: a list of {@code struct cmsghdr}, each with
 * its data (cmsg(3), of the 64-bit ABIs).
 *
 * <p>The kernel cuts the list off where there is no room for it ({@code MSG_CTRUNC}): a message
 * that is not whole does not count.
 */
final class ControlMessages {
  static final int SOL_IP = 0;
  static final int SOL_SOCKET = 1;
  static final int SOL_UDP = 17;
  static final int SOL_IPV6 = 41;
  static final int SCM_CREDENTIALS = 2;
  static final int IP_PKTINFO = 8;
  static final int IPV6_PKTINFO = 50;
  static final int UDP_SEGMENT = 103;
  static final int UDP_GRO = 104;

  /** Length, level and type before the data; the next header is at a multiple of 8. */
  static final int HEADER = 16;

  /** With an int, or less. */
  static final int SEGMENT = HEADER + 8;

  /** The bytes of a {@code struct ucred}: process, user, group. */
  static final int CREDENTIALS = 12;

  /** With a {@code struct in_pktinfo}: interface, local address, destination of the header. */
  static final int IPV4_INFO = HEADER + 16;

  /** With a {@code struct in6_pktinfo}: address, interface. */
  static final int IPV6_INFO = HEADER + 24;

  private static final int IN_PKTINFO = 12;
  private static final int IN6_PKTINFO = 20;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong NETWORK_LONG = LONG.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt NETWORK_INT = INT.withOrder(ByteOrder.BIG_ENDIAN);

  private ControlMessages() {}

  /**
   * Finds a message.
   *
   * @param memory where the list is
   * @param from where it begins
   * @param length its bytes
   * @param level the protocol of the message
   * @param type its type
   * @param least how many bytes of data it has at least
   * @return where its data begins; -1 if there is none
   */
  static long find(MemorySegment memory, long from, long length, int level, int type, int least) {
    long end = Math.min(from + length, memory.byteSize());
    for (long at = from; at + HEADER <= end; ) {
      long size = memory.get(LONG, at);
      if (size < HEADER || size > end - at) {
        return -1;
      }
      if (memory.get(INT, at + 8) == level
          && memory.get(INT, at + 12) == type
          && size >= HEADER + least) {
        return at + HEADER;
      }
      at += size + 7 & ~7;
    }
    return -1;
  }

  /**
   * Reads which address of the host a datagram came to.
   *
   * @param memory where the list is
   * @param from where it begins
   * @param length its bytes
   * @param error whether it goes with an error, of which the kernel knows only the destination
   * @param ends has the remote end; gets the local one: the unspecified address if the list has
   *     none that an answer can leave from
   */
  static void local(
      MemorySegment memory, long from, long length, boolean error, DatagramEnds ends) {
    if (ends.remoteIsIpv4()) {
      long at = find(memory, from, length, SOL_IP, IP_PKTINFO, IN_PKTINFO);
      // The destination may be a broadcast address; the local one is where an answer comes from.
      int bits = at < 0 ? 0 : memory.get(NETWORK_INT, at + (error ? 8 : 4));
      ends.local(0, bits == 0 ? 0 : Address.ipv4Low(bits), 0);
      return;
    }
    long at = find(memory, from, length, SOL_IPV6, IPV6_PKTINFO, IN6_PKTINFO);
    if (at < 0) {
      ends.local(0, 0, ends.scope());
      return;
    }
    long high = memory.get(NETWORK_LONG, at);
    long low = memory.get(NETWORK_LONG, at + 8);
    boolean scoped = isLinkLocal(high) || isLinkLocal(ends.remoteHigh());
    int scope = scoped ? memory.get(INT, at + 16) : 0;
    boolean multicast = high >>> 56 == 0xff;
    ends.local(multicast ? 0 : high, multicast ? 0 : low, scope);
  }

  /** Whether addresses with this upper long mean nothing without an interface (RFC 4007). */
  static boolean isLinkLocal(long high) {
    return high >>> 54 == 0xfe80 >>> 6;
  }

  private static void header(MemorySegment memory, long at, int data, int level, int type) {
    memory.set(LONG, at, HEADER + data);
    memory.set(INT, at + 8, level);
    memory.set(INT, at + 12, type);
  }

  /** Writes how many bytes each datagram of a batch has; {@link #SEGMENT} bytes. */
  static void writeSegment(MemorySegment memory, long at, int segment) {
    header(memory, at, Short.BYTES, SOL_UDP, UDP_SEGMENT);
    memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + HEADER, (short) segment);
  }

  /**
   * Writes which address of the host a datagram leaves from.
   *
   * @return how many bytes
   */
  static int writeLocal(MemorySegment memory, long at, DatagramEnds ends) {
    if (ends.remoteIsIpv4()) {
      header(memory, at, IN_PKTINFO, SOL_IP, IP_PKTINFO);
      memory.set(INT, at + HEADER, 0);
      memory.set(NETWORK_INT, at + HEADER + 4, (int) ends.localLow());
      memory.set(INT, at + HEADER + 8, 0);
      return IPV4_INFO;
    }
    header(memory, at, IN6_PKTINFO, SOL_IPV6, IPV6_PKTINFO);
    memory.set(NETWORK_LONG, at + HEADER, ends.localHigh());
    memory.set(NETWORK_LONG, at + HEADER + 8, ends.localLow());
    memory.set(INT, at + HEADER + 16, ends.scope());
    return IPV6_INFO;
  }
}
