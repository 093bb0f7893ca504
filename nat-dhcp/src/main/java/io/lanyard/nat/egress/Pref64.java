package io.lanyard.nat.egress;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Finds the prefixes of translators (NAT64) in the addresses that a name server has for {@link
 * #NAME} (RFC 7050 section 3). The name has IPv4 addresses alone, known to all, so that an IPv6
 * address of it is one that a translator stands for it with.
 */
public final class Pref64 {
  /** The name that is asked for (RFC 8880), without a dot at its end. */
  public static final String NAME = "ipv4only.arpa";

  /** The name's IPv4 addresses (RFC 7050 section 2.2): 192.0.0.170 and 192.0.0.171. */
  private static final int FIRST = 0xc000_00aa;

  private static final int SECOND = 0xc000_00ab;

  /** The lengths of prefixes that translators have (RFC 6052 section 2.2). */
  private static final int[] LENGTHS = {96, 64, 56, 48, 40, 32};

  private static final int OCTETS = 16;

  /** The octet of the bits 64 to 71, which no IPv4 address goes across. */
  private static final int RESERVED = 8;

  private static final Subnet MULTICAST = Subnet.parse("ff00::/8");
  private static final Subnet LINK_LOCAL = Subnet.parse("fe80::/10");

  private Pref64() {}

  /**
   * Finds the prefixes.
   *
   * @param addresses the name's addresses, of either family
   * @return the prefixes, each once, in the order of the addresses; none where no translator is
   */
  public static List<Subnet> in(List<Address> addresses) {
    return addresses.stream()
        .filter(address -> !address.isIpv4())
        .filter(address -> !MULTICAST.contains(address) && !LINK_LOCAL.contains(address))
        .flatMap(address -> Stream.of(FIRST, SECOND).flatMap(one -> in(address, one)))
        .distinct()
        .toList();
  }

  /**
   * Whether an address is one that the name rightly has: its own, or a translator's for it.
   *
   * @param address an address of either family
   * @return true if it is
   */
  public static boolean isOfName(Address address) {
    return address.isIpv4()
        ? address.ipv4() == FIRST || address.ipv4() == SECOND
        : !in(List.of(address)).isEmpty();
  }

  private static Stream<Subnet> in(Address address, int ipv4) {
    List<Subnet> found = new ArrayList<>();
    for (int length : LENGTHS) {
      boolean reserved = length < 96 && octet(address, RESERVED) != 0;
      if (!reserved && Translators.ipv4(length, address.high(), address.low()) == ipv4) {
        found.add(Subnet.of(address, length));
      }
    }
    // One that the prefix or the suffix has by chance, too, does not say which of them it is; the
    // name's other address does.
    return found.size() == 1 && occurrences(address, ipv4) == 1 ? found.stream() : Stream.of();
  }

  /** How often the value is in an address, at the boundary of any octet. */
  private static int occurrences(Address address, int value) {
    int count = 0;
    for (int at = 0; at + Integer.BYTES <= OCTETS; at++) {
      boolean across = at < RESERVED && at + Integer.BYTES > RESERVED;
      count += read(address, at, -1) == value ? 1 : 0;
      count +=
          across && octet(address, RESERVED) == 0 && read(address, at, RESERVED) == value ? 1 : 0;
    }
    return count;
  }

  /** Four octets of an address, without one that is skipped. */
  private static int read(Address address, int from, int skipped) {
    int value = 0;
    int at = from;
    for (int i = 0; i < Integer.BYTES; i++) {
      at += at == skipped ? 1 : 0;
      value = value << 8 | octet(address, at++);
    }
    return value;
  }

  private static int octet(Address address, int at) {
    long half = at < RESERVED ? address.high() : address.low();
    return (int) (half >>> (56 - 8 * (at % RESERVED))) & 0xff;
  }
}
