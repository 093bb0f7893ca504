package io.lanyard.nat.egress;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.Comparator;
import java.util.List;

/**
 * The translators of the host's network (NAT64): the prefixes by which they stand for IPv4
 * addresses, those that all have ({@link SpecialAddresses#embedded}) and a site's own.
 *
 * <p>Immutable.
 */
public final class Translators {
  private final Subnet[] prefixes;

  /**
   * Makes them.
   *
   * @param prefixes a site's own, of the lengths that RFC 6052 section 2.2 has
   */
  public Translators(List<Subnet> prefixes) {
    // Of two prefixes that hold an address the longer one is the route that it takes.
    this.prefixes =
        prefixes.stream()
            .sorted(Comparator.comparingInt(Subnet::prefix).reversed())
            .toArray(Subnet[]::new);
  }

  /**
   * The IPv4 address that an IPv6 one stands for.
   *
   * @param high the upper long of the address
   * @param low its lower long
   * @return the lower long of the IPv4 address; {@link SpecialAddresses#NONE} if it stands for none
   */
  public long embedded(long high, long low) {
    for (Subnet prefix : prefixes) {
      if (prefix.contains(high, low)) {
        return Address.ipv4Low(bits(prefix.prefix(), high, low));
      }
    }
    return SpecialAddresses.embedded(high, low);
  }

  /** RFC 6052 section 2.2: the address goes on behind the bits 64 to 71, which are zero. */
  private static int bits(int prefix, long high, long low) {
    return switch (prefix) {
      case 32 -> (int) high;
      case 40 -> (int) (high << 8 | (low >>> 48 & 0xff));
      case 48 -> (int) (high << 16 | (low >>> 40 & 0xffff));
      case 56 -> (int) (high << 24 | (low >>> 32 & 0xff_ffff));
      case 64 -> (int) (low >>> 24);
      default -> (int) low;
    };
  }
}
