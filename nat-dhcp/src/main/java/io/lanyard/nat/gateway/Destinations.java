package io.lanyard.nat.gateway;

import io.lanyard.config.Ipv4Config;
import io.lanyard.nat.egress.SpecialAddresses;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import org.jspecify.annotations.Nullable;

/**
 * Decides where a guest's destination leads. The one place that holds the rule that a guest reaches
 * the host's loopback only where the configuration says so.
 */
public final class Destinations {
  /** The fate of a packet. */
  public enum Kind {
    /** For the gateway itself. */
    GATEWAY,
    /** To everybody on the network; only services like DHCP care. */
    BROADCAST,
    /** Out, to where it says. */
    OUT,
    /** Out, to the host's loopback. */
    LOOPBACK,
    /** To another station of the subnet, which it should have asked for itself. */
    ON_LINK,
    /** To where no guest may go. */
    PROHIBITED,
    /** To where nothing is ever forwarded: multicast and the like. */
    MARTIAN
  }

  /** The reason of {@link Kind#PROHIBITED}, for people. */
  static final String PROHIBITED = "an address by which the host would reach itself";

  /** The reason of {@link Kind#MARTIAN}, for people. */
  static final String MARTIAN = "an address to which nothing is forwarded";

  /** The first 16 bits of addresses of 6to4 (RFC 3056 section 2). */
  private static final int SIX_TO_FOUR = 0x2002;

  private final GatewayAddresses addresses;
  private final @Nullable Subnet subnet;
  private final @Nullable Address broadcast;

  /**
   * Makes the rule for a network.
   *
   * @param addresses who the gateway is
   */
  public Destinations(GatewayAddresses addresses) {
    this.addresses = addresses;
    Ipv4Config ipv4 = addresses.ipv4();
    subnet = ipv4 == null ? null : ipv4.subnet();
    broadcast = addresses.broadcast();
  }

  /**
   * The fate of a packet.
   *
   * @param high the upper long of its destination, as the guest gave it
   * @param low the lower long of its destination
   * @return where it leads
   */
  public Kind kind(long high, long low) {
    if (addresses.isGateway(high, low)) {
      return Kind.GATEWAY;
    }
    if (!Address.isIpv4(high, low)) {
      return kindOfIpv6(high, low);
    }
    if (isBroadcast(low)) {
      return Kind.BROADCAST;
    }
    if (subnet != null && subnet.contains(high, low)) {
      return addresses.isLoopback(high, low) ? Kind.LOOPBACK : Kind.ON_LINK;
    }
    return kindOfOtherIpv4((int) low);
  }

  /** RFC 6890: to 0.0.0.0 and 127.0.0.0/8 the host's sockets would reach the host itself. */
  private static Kind kindOfOtherIpv4(int bits) {
    return switch (bits >>> 24) {
      case 0, 127 -> Kind.PROHIBITED;
      default -> bits >>> 28 >= 0xe ? Kind.MARTIAN : Kind.OUT;
    };
  }

  /**
   * The reason why nothing is sent to an IPv4 address beyond the network, whatever rules say.
   *
   * @param bits the address
   * @return words for people; empty if there is none
   */
  static String neverOut(int bits) {
    return switch (kindOfOtherIpv4(bits)) {
      case PROHIBITED -> PROHIBITED;
      case MARTIAN -> MARTIAN;
      default -> "";
    };
  }

  /** RFC 4291 section 2.4 to 2.7, RFC 6890. */
  private Kind kindOfIpv6(long high, long low) {
    Ipv6Addresses ipv6 = addresses.ipv6();
    if (ipv6 == null) {
      return Kind.MARTIAN;
    }
    int first = (int) (high >>> 48);
    if (first >>> 8 == 0xff) {
      return ipv6.isMember(high, low) ? Kind.BROADCAST : Kind.MARTIAN;
    }
    if (ipv6.subnet().contains(high, low)) {
      return addresses.isLoopback(high, low) ? Kind.LOOPBACK : Kind.ON_LINK;
    }
    if (first >>> 6 == 0xfe80 >>> 6) {
      return Kind.ON_LINK;
    }
    if (SpecialAddresses.isOfLocalTranslators(high, low)) {
      return Kind.OUT; // Egress judges by the IPv4 address, whose place it knows.
    }
    if (first >>> 8 == 0 || first == SIX_TO_FOUR) {
      // ::/8 has the host's way to itself. What a translator or a relay makes an IPv4 address of
      // leads where that one does.
      long ipv4 = SpecialAddresses.embedded(high, low);
      return ipv4 == SpecialAddresses.NONE ? Kind.PROHIBITED : kindOfOtherIpv4((int) ipv4);
    }
    return first >>> 6 == 0xfec0 >>> 6 ? Kind.PROHIBITED : Kind.OUT; // fec0::/10 is obsolete
  }

  private boolean isBroadcast(long low) {
    return low == Address.BROADCAST_IPV4.low() || (broadcast != null && low == broadcast.low());
  }

  /**
   * Whether an address is the host's way to itself.
   *
   * @param high the address's upper long
   * @param low the address's lower long
   * @return true for 127.0.0.0/8 and {@code ::1}
   */
  public static boolean isLoopback(long high, long low) {
    return high == 0 && (low == 1 || low >>> 24 == 0xffff_7fL);
  }

  /**
   * The guest's side of a loopback address that something came from.
   *
   * @param high the address's upper long
   * @param low the address's lower long
   * @return the address that stands for it; null if guests have no business with it
   */
  public @Nullable Address guestSideOfLoopback(long high, long low) {
    if (!addresses.hostLoopback()) {
      return null;
    }
    if (isExactly(Address.LOOPBACK_IPV4, high, low)) {
      Ipv4Config ipv4 = addresses.ipv4();
      return ipv4 == null ? null : ipv4.host();
    }
    Ipv6Addresses ipv6 = addresses.ipv6();
    return ipv6 != null && isExactly(Address.LOOPBACK_IPV6, high, low) ? ipv6.host() : null;
  }

  private static boolean isExactly(Address address, long high, long low) {
    return low == address.low() && high == address.high();
  }

  /**
   * The guest's side of an address that something came from.
   *
   * @param address an address, as the host's socket gave it
   * @return the address, as guests see it; null if guests have no business with it
   */
  public @Nullable Address guestSide(Address address) {
    return isLoopback(address.high(), address.low())
        ? guestSideOfLoopback(address.high(), address.low())
        : address;
  }

  /**
   * The host's loopback address of a family.
   *
   * @param high the upper long of an address of the family
   * @param low its lower long
   * @return where {@link Kind#LOOPBACK} leads
   */
  public static Address loopback(long high, long low) {
    return Address.isIpv4(high, low) ? Address.LOOPBACK_IPV4 : Address.LOOPBACK_IPV6;
  }
}
