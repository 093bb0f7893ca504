package io.lanyard.nat.gateway;

/**
 * Says where a guest's destination leads. The one place that holds the rule that a guest reaches
 * the host's loopback only where the configuration says so.
 */
public final class Destinations {
  /** 127.0.0.1. */
  public static final int LOOPBACK = 0x7f000001;

  /** What becomes of a packet. */
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

  /**
   * Makes the rule for a network.
   *
   * @param addresses who the gateway is
   */
  public Destinations(GatewayAddresses addresses) {
    this.addresses = addresses;
  }

  /**
   * Says what becomes of a packet.
   *
   * @param address its destination, as the guest gave it, as a big-endian int
   * @return where it leads
   */
  public Kind kind(int address) {
    if (address == addresses.gateway()) {
      return Kind.GATEWAY;
    }
    if (address == -1 || address == addresses.broadcast()) {
      return Kind.BROADCAST;
    }
    if (addresses.contains(address)) {
      return addresses.hostLoopback() && address == addresses.host() ? Kind.LOOPBACK : Kind.ON_LINK;
    }
    // RFC 6890: to 0.0.0.0 and 127.0.0.0/8 the host's sockets would reach the host itself.
    return switch (address >>> 24) {
      case 0, 127 -> Kind.PROHIBITED;
      default -> address >>> 28 >= 0xe ? Kind.MARTIAN : Kind.OUT;
    };
  }

  /**
   * The host's side of a destination that leads out.
   *
   * @param address the destination, as the guest gave it
   * @return where the host's socket sends to
   */
  public int hostSide(int address) {
    return addresses.hostLoopback() && address == addresses.host() ? LOOPBACK : address;
  }

  /**
   * The guest's side of an address that something came from.
   *
   * @param address an address, as the host's socket gave it
   * @return the address, as guests see it; 0 if it is no business of theirs
   */
  public int guestSide(int address) {
    if (address >>> 24 == 127) {
      return addresses.hostLoopback() && address == LOOPBACK ? addresses.host() : 0;
    }
    return address;
  }
}
