package io.lanyard.net;

import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * An IP address of either family.
 *
 * <p>The value is 128 bits in two longs; an IPv4 address is its IPv4-mapped form, {@code
 * ::ffff:192.0.2.1} (RFC 4291 section 2.5.5.2). One type, one order and one hash therefore serve
 * both families, and code that does not care for the family does not ask. The mapped form has no
 * other meaning here: it is read and printed as the IPv4 address.
 *
 * <p>Frame paths do not make objects: they keep the two longs ({@link #ipv4Low} gives the lower one
 * of an IPv4 address; the upper one is 0) and resolve them where an object is needed.
 *
 * @param high the upper 64 bits, in network order
 * @param low the lower 64 bits, in network order
 */
public record Address(long high, long low) implements Comparable<Address> {
  /** 0.0.0.0, which stands for every IPv4 address of a host, or for none. */
  public static final Address ANY_IPV4 = ofIpv4(0);

  /** {@code ::}, which stands for every address of a host, or for none. */
  public static final Address ANY_IPV6 = new Address(0, 0);

  /** 127.0.0.1. */
  public static final Address LOOPBACK_IPV4 = ofIpv4(0x7f00_0001);

  /** {@code ::1}. */
  public static final Address LOOPBACK_IPV6 = new Address(0, 1);

  /** 255.255.255.255, the limited broadcast address (RFC 919 section 7). */
  public static final Address BROADCAST_IPV4 = ofIpv4(-1);

  private static final long MAPPED = 0x0000_ffff_0000_0000L;

  /**
   * The address of an IPv4 host.
   *
   * @param bits the address as a big-endian int
   * @return the address
   */
  public static Address ofIpv4(int bits) {
    return new Address(0, ipv4Low(bits));
  }

  /**
   * The lower long of an IPv4 address, whose upper long is 0.
   *
   * @param bits the address as a big-endian int
   * @return the lower 64 bits
   */
  public static long ipv4Low(int bits) {
    return MAPPED | Integer.toUnsignedLong(bits);
  }

  /**
   * Whether two longs are an IPv4 address.
   *
   * @param high the upper long
   * @param low the lower long
   * @return true for {@code ::ffff:0:0/96}
   */
  public static boolean isIpv4(long high, long low) {
    return high == 0 && low >>> 32 == 0xffff;
  }

  /**
   * The address in the bytes of a packet or a socket address.
   *
   * @param bytes 4 or 16 bytes in network order; copied
   * @return the address
   * @throws IllegalArgumentException if there are neither 4 nor 16
   */
  public static Address of(byte[] bytes) {
    return switch (bytes.length) {
      case 4 -> ofIpv4((int) bits(bytes, 0, 4));
      case 16 -> new Address(bits(bytes, 0, 8), bits(bytes, 8, 8));
      default ->
          throw new IllegalArgumentException(
              "an IP address has 4 or 16 bytes, not " + bytes.length);
    };
  }

  private static long bits(byte[] bytes, int from, int count) {
    long bits = 0;
    for (int i = from; i < from + count; i++) {
      bits = bits << 8 | (bytes[i] & 255);
    }
    return bits;
  }

  /**
   * The address of the JDK's type. A scope is lost.
   *
   * @param address an IPv4 or IPv6 address
   * @return the address
   */
  public static Address of(InetAddress address) {
    return of(address.getAddress());
  }

  /**
   * Reads an address. IPv4 is dotted decimal: four numbers from 0 to 255 without leading zeros,
   * which some readers take for octal. IPv6 is any form of RFC 4291 section 2.2, without a zone.
   *
   * @param text such as {@code 192.168.127.2} or {@code fd00::2}
   * @return the address
   * @throws IllegalArgumentException with what is wrong
   */
  public static Address parse(String text) {
    return text.indexOf(':') >= 0 ? parseIpv6(text) : parseIpv4(text);
  }

  /**
   * Reads an IPv4 address.
   *
   * @param text dotted decimal, as for {@link #parse}
   * @return the address
   * @throws IllegalArgumentException with what is wrong
   */
  public static Address parseIpv4(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 4) {
      throw new IllegalArgumentException(
          text.matches("[0-9a-fA-F.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")
              ? "it is an IPv6 address; give one of IPv4"
              : text.chars().anyMatch(Character::isLetter)
                  ? "it is a name; give an address"
                  : "an IPv4 address has four numbers");
    }
    int bits = 0;
    for (String part : parts) {
      if (!part.matches("0|[1-9][0-9]{0,2}") || Integer.parseInt(part) > 255) {
        throw new IllegalArgumentException("\"" + part + "\" is not a number from 0 to 255");
      }
      bits = bits << 8 | Integer.parseInt(part);
    }
    return ofIpv4(bits);
  }

  /**
   * Reads an IPv6 address.
   *
   * @param text as for {@link #parse}, without brackets
   * @return the address
   * @throws IllegalArgumentException with what is wrong
   */
  public static Address parseIpv6(String text) {
    // Only these characters, so that nothing here can be taken for a name or a zone.
    if (!text.contains(":") || !text.matches("[0-9a-fA-F:.]{2,45}")) {
      throw new IllegalArgumentException("\"" + text + "\" is not an IPv6 address");
    }
    try {
      return of(InetAddress.ofLiteral(text));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("\"" + text + "\" is not an IPv6 address", e);
    }
  }

  /**
   * Whether it is an IPv4 address.
   *
   * @return true for {@code ::ffff:0:0/96}
   */
  public boolean isIpv4() {
    return isIpv4(high, low);
  }

  /**
   * The IPv4 address as an int, for the wire and for system calls.
   *
   * @return the address as a big-endian int
   * @throws IllegalStateException if it is an IPv6 address
   */
  public int ipv4() {
    if (!isIpv4()) {
      throw new IllegalStateException(this + " is no IPv4 address");
    }
    return (int) low;
  }

  /**
   * The address's length.
   *
   * @return 32 or 128 bits
   */
  public int bits() {
    return isIpv4() ? 32 : 128;
  }

  /**
   * Whether it is the unspecified address of its family.
   *
   * @return true for 0.0.0.0 and {@code ::}
   */
  public boolean isAny() {
    return equals(ANY_IPV4) || equals(ANY_IPV6);
  }

  /**
   * Whether it leads a host to itself.
   *
   * @return true for 127.0.0.0/8 (RFC 1122 section 3.2.1.3) and {@code ::1}
   */
  public boolean isLoopback() {
    return isIpv4() ? (int) low >>> 24 == 127 : equals(LOOPBACK_IPV6);
  }

  /**
   * Whether it names a group of hosts.
   *
   * @return true for 224.0.0.0/4 and {@code ff00::/8}; not for broadcast addresses
   */
  public boolean isMulticast() {
    return isIpv4() ? (int) low >>> 28 == 0xe : high >>> 56 == 0xff;
  }

  /**
   * Whether it has meaning on one link only.
   *
   * @return true for 169.254.0.0/16 (RFC 3927) and {@code fe80::/10} (RFC 4291 section 2.5.6)
   */
  public boolean isLinkLocal() {
    return isIpv4() ? (int) low >>> 16 == 0xa9fe : high >>> 54 == 0xfe80 >>> 6;
  }

  /**
   * Whether one host can have it and be reached by it.
   *
   * @return false for unspecified, multicast and the limited broadcast address
   */
  public boolean isUnicast() {
    return !isAny() && !isMulticast() && !equals(BROADCAST_IPV4);
  }

  /**
   * The address at a distance.
   *
   * @param offset how many addresses further; negative for before
   * @return the address, modulo the family's size; of IPv4 where an IPv6 address is that far from a
   *     mapped one
   */
  public Address plus(long offset) {
    if (isIpv4()) {
      return ofIpv4((int) (low + offset));
    }
    long sum = low + offset;
    long carry = offset >= 0 ? (Long.compareUnsigned(sum, low) < 0 ? 1 : 0) : 0;
    long borrow = offset < 0 && Long.compareUnsigned(sum, low) > 0 ? 1 : 0;
    return new Address(high + carry - borrow, sum);
  }

  /**
   * The address as bytes.
   *
   * @return 4 or 16 bytes in network order, the caller's
   */
  public byte[] toBytes() {
    int count = bits() / 8;
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      int fromEnd = count - 1 - i;
      bytes[i] = (byte) ((fromEnd < 8 ? low : high) >>> (8 * (fromEnd & 7)));
    }
    return bytes;
  }

  /**
   * The address as the JDK's type.
   *
   * @return an address without a name
   */
  public InetAddress toInetAddress() {
    try {
      return InetAddress.getByAddress(toBytes());
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 and 16 bytes are always an address", e);
    }
  }

  /**
   * Unsigned order: IPv4 addresses stand together, at {@code ::ffff:0:0}.
   *
   * @param other another address
   * @return as for {@link Comparable#compareTo}
   */
  @Override
  public int compareTo(Address other) {
    int upper = Long.compareUnsigned(high, other.high);
    return upper != 0 ? upper : Long.compareUnsigned(low, other.low);
  }

  // Written out, as in the other types that a start compares: the JVM spins classes for a record's
  // own methods when they are first called
  // (docs/adr/0010-a-start-without-what-it-does-not-need.md).
  @Override
  public boolean equals(Object other) {
    return other instanceof Address that && high == that.high && low == that.low;
  }

  /** Mixes all bits: neighbouring addresses are the usual case. */
  @Override
  public int hashCode() {
    return Long.hashCode((high * 31 + low) * 0x9e37_79b9_7f4a_7c15L);
  }

  /** Dotted decimal, or the canonical form of RFC 5952. */
  @Override
  public String toString() {
    if (isIpv4()) {
      int bits = (int) low;
      return (bits >>> 24)
          + "."
          + (bits >>> 16 & 255)
          + "."
          + (bits >>> 8 & 255)
          + "."
          + (bits & 255);
    }
    return ipv6Text();
  }

  private int group(int index) {
    return (int) ((index < 4 ? high : low) >>> (16 * (3 - (index & 3)))) & 0xffff;
  }

  private String ipv6Text() {
    // RFC 5952 section 4.2: the longest run of at least two zero groups, the first of equals.
    int runStart = -1;
    int runLength = 1;
    for (int i = 0; i < 8; i++) {
      int end = i;
      while (end < 8 && group(end) == 0) {
        end++;
      }
      if (end - i > runLength) {
        runStart = i;
        runLength = end - i;
      }
      i = Math.max(i, end - 1);
    }
    StringBuilder text = new StringBuilder(39);
    for (int i = 0; i < 8; i++) {
      if (i == runStart) {
        text.append("::");
        i += runLength - 1;
        continue;
      }
      if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
        text.append(':');
      }
      text.append(Integer.toHexString(group(i)));
    }
    return text.toString();
  }
}
