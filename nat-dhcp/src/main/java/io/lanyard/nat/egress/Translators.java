package io.lanyard.nat.egress;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The translators of the host's network (NAT64): the prefixes by which they stand for IPv4
 * addresses.
 *
 * <pre>
 *   said by the configuration     the address stands for that IPv4 address, and for no other
 *   all have it, or RFC 8215      likewise, where the configuration does not say more
 *   found by ipv4only.arpa        it may stand for that one as well: name servers may lie
 * </pre>
 *
 * <p>Each IPv4 address that an IPv6 one may stand for is judged, so a prefix that was found closes
 * and never opens.
 *
 * <p>Immutable.
 */
public final class Translators {
  /** The translators of a network of which nothing more is known than of all. */
  public static final Translators USUAL = new Translators(List.of(), List.of());

  /** The result of {@link #standsFor} for an address that stands for itself. */
  private static final long[] ITSELF = {};

  private final Subnet[] said;
  private final Subnet[] found;

  /**
   * Makes them.
   *
   * @param said prefixes that the configuration says, of the lengths that RFC 6052 section 2.2 has
   * @param found prefixes that name servers say, of the same lengths
   */
  public Translators(List<Subnet> said, List<Subnet> found) {
    // Of two prefixes that hold an address the longer one is the route that it takes.
    this.said =
        said.stream()
            .sorted(Comparator.comparingInt(Subnet::prefix).reversed())
            .toArray(Subnet[]::new);
    this.found = found.toArray(Subnet[]::new);
  }

  /**
   * The prefixes that were found.
   *
   * @return in the order in which they were given
   */
  public List<Subnet> found() {
    return List.of(found);
  }

  /**
   * All prefixes beside those that all translators have.
   *
   * @return those that the configuration says, and those that were found
   */
  public List<Subnet> prefixes() {
    return Stream.concat(Arrays.stream(said), Arrays.stream(found)).toList();
  }

  /**
   * The IPv4 addresses that an IPv6 one may stand for.
   *
   * @param high the upper long of the address
   * @param low its lower long
   * @return the lower longs of the IPv4 addresses, each once; empty if it stands for itself
   */
  public long[] standsFor(long high, long low) {
    long known = known(high, low);
    long[] all = known == SpecialAddresses.NONE ? ITSELF : new long[] {known};
    for (Subnet prefix : found) {
      if (prefix.contains(high, low)) {
        long ipv4 = Address.ipv4Low(ipv4(prefix.prefix(), high, low));
        if (Arrays.stream(all).noneMatch(other -> other == ipv4)) {
          all = Arrays.copyOf(all, all.length + 1);
          all[all.length - 1] = ipv4;
        }
      }
    }
    return all;
  }

  private long known(long high, long low) {
    Subnet prefix = saidFor(high, low);
    return prefix == null
        ? SpecialAddresses.embedded(high, low)
        : Address.ipv4Low(ipv4(prefix.prefix(), high, low));
  }

  private @Nullable Subnet saidFor(long high, long low) {
    for (Subnet prefix : said) {
      if (prefix.contains(high, low)) {
        return prefix;
      }
    }
    return null;
  }

  /**
   * Whether no public name leads to an address rightly: because of itself or of an IPv4 address
   * that it may stand for. Of an address behind a prefix that the configuration says, the IPv4
   * address alone counts: the prefix may be one of the site's private ones.
   *
   * @param high the upper long of the address
   * @param low its lower long
   * @return true if none does
   */
  public boolean isPrivate(long high, long low) {
    if (saidFor(high, low) == null && SpecialAddresses.PRIVATE.contains(high, low)) {
      return true;
    }
    for (long ipv4 : standsFor(high, low)) {
      if (SpecialAddresses.PRIVATE.contains(0, ipv4)) {
        return true;
      }
    }
    return false;
  }

  /**
   * The IPv4 address in an IPv6 one. RFC 6052 section 2.2: it goes on behind the bits 64 to 71,
   * which are zero.
   *
   * @param prefix the length of the prefix in bits
   */
  static int ipv4(int prefix, long high, long low) {
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
