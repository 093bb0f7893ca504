package io.lanyard.nat.gateway;

import io.lanyard.net.Address;
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

  private final GatewayAddresses addresses;
  private final Address broadcast;

  /**
   * Makes the rule for a network.
   *
   * @param addresses who the gateway is
   */
  public Destinations(GatewayAddresses addresses) {
    this.addresses = addresses;
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
      return Kind.MARTIAN; // the gateway has no IPv6 address yet
    }
    if (isBroadcast(low)) {
      return Kind.BROADCAST;
    }
    if (addresses.subnet().contains(high, low)) {
      return addresses.isLoopback(high, low) ? Kind.LOOPBACK : Kind.ON_LINK;
    }
    // RFC 6890: to 0.0.0.0 and 127.0.0.0/8 the host's sockets would reach the host itself.
    int bits = (int) low;
    return switch (bits >>> 24) {
      case 0, 127 -> Kind.PROHIBITED;
      default -> bits >>> 28 >= 0xe ? Kind.MARTIAN : Kind.OUT;
    };
  }

  private boolean isBroadcast(long low) {
    return low == Address.BROADCAST_IPV4.low() || low == broadcast.low();
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
    Address loopback = loopback();
    boolean exact = low == loopback.low() && high == loopback.high();
    return addresses.hostLoopback() && exact ? addresses.host() : null;
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
   * The host's loopback address of the network's family.
   *
   * @return where {@link Kind#LOOPBACK} leads
   */
  public Address loopback() {
    return addresses.host().isIpv4() ? Address.LOOPBACK_IPV4 : Address.LOOPBACK_IPV6;
  }
}
