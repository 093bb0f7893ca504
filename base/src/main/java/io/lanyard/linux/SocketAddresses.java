package io.lanyard.linux;

import io.lanyard.net.Address;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Socket addresses as the kernel has them: {@code sockaddr_in} (ip(7)) and {@code sockaddr_in6}
 * (ipv6(7)). An IPv6 socket writes IPv4 addresses in their mapped form, as {@link Address} does.
 */
final class SocketAddresses {
  static final int AF_INET = 2;
  static final int AF_INET6 = 10;

  /** The longer one. */
  static final int LENGTH = 28;

  /** The shorter one. */
  static final int IPV4_LENGTH = 16;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfLong NETWORK_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt NETWORK_INT = INT.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfShort NETWORK_SHORT = SHORT.withOrder(ByteOrder.BIG_ENDIAN);

  private SocketAddresses() {}

  /**
   * Writes an address.
   *
   * @param family of the socket
   * @param scope the interface of a link-local address; 0 for others
   * @return its length
   */
  static int write(
      MemorySegment memory, long at, int family, long high, long low, int port, int scope) {
    memory.set(SHORT, at, (short) family);
    memory.set(NETWORK_SHORT, at + 2, (short) port);
    if (family == AF_INET) {
      memory.set(NETWORK_INT, at + 4, (int) low);
      memory.set(NETWORK_LONG, at + 8, 0);
      return IPV4_LENGTH;
    }
    memory.set(INT, at + 4, 0);
    memory.set(NETWORK_LONG, at + 8, high);
    memory.set(NETWORK_LONG, at + 16, low);
    memory.set(INT, at + 24, scope);
    return LENGTH;
  }

  /**
   * Reads the remote end of a datagram.
   *
   * @param ends gets it, and the interface of a link-local address; the local address is left
   *     unspecified
   */
  static void read(MemorySegment memory, long at, DatagramEnds ends) {
    int port = port(memory, at);
    if (memory.get(SHORT, at) != AF_INET6) {
      ends.remote(0, Address.ipv4Low(memory.get(NETWORK_INT, at + 4)), port);
      ends.local(0, 0, 0);
      return;
    }
    long high = memory.get(NETWORK_LONG, at + 8);
    ends.remote(high, memory.get(NETWORK_LONG, at + 16), port);
    ends.local(0, 0, ControlMessages.isLinkLocal(high) ? memory.get(INT, at + 24) : 0);
  }

  /** The address of either kind, such as that of a router that has told of an error. */
  static Address address(MemorySegment memory, long at) {
    return memory.get(SHORT, at) == AF_INET6
        ? new Address(memory.get(NETWORK_LONG, at + 8), memory.get(NETWORK_LONG, at + 16))
        : Address.ofIpv4(memory.get(NETWORK_INT, at + 4));
  }

  static int port(MemorySegment memory, long at) {
    return Short.toUnsignedInt(memory.get(NETWORK_SHORT, at + 2));
  }
}
