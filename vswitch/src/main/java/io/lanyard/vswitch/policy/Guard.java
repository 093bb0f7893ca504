package io.lanyard.vswitch.policy;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Policy;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Holds a port to its IP addresses, and keeps it from playing DHCP server or router.
 *
 * <p>The tags of a frame do not matter: what lies behind them is held to the same addresses.
 *
 * <p>Thread: the network's loop only.
 */
public final class Guard implements Policy {
  /** The addresses that a guard lets a port use. */
  public enum Mode {
    /** The addresses that are bound or given to it, and those that it was the first to use. */
    LEARN,
    /**
     * The addresses that are bound or given to it; those of IPv6 that are link-local, or of a
     * subnet in which guests choose ({@link PortAddresses#letChoose}), it may choose.
     */
    STRICT
  }

  /** Addresses that a port may claim: a host with containers of its own; then it is a router. */
  static final int MOST_CLAIMS = 16;

  private static final int DHCP_SERVER = 67;
  private static final int DHCP_CLIENT = 68;
  private static final int DHCPV6_CLIENT = 546;
  private static final int DHCPV6_SERVER = 547;

  /** The types of what relays send (RFC 8415 section 7.3). */
  private static final int RELAY_FORWARD = 12;

  private static final int RELAY_REPLY = 13;
  private static final int ICMP_REDIRECT = 5;
  private static final int ICMP_ROUTER = 9;
  private static final int ROUTER_SOLICITATION = 133;
  private static final int ROUTER_ADVERTISEMENT = 134;
  private static final int NEIGHBOR_SOLICITATION = 135;
  private static final int NEIGHBOR_ADVERTISEMENT = 136;
  private static final int REDIRECT = 137;

  /** A DHCP message as far as its client's hardware address (RFC 2131 figure 1). */
  private static final int CIADDR = Udp.HEADER_LENGTH + 12;

  private static final int CHADDR = Udp.HEADER_LENGTH + 28;

  /** The longest type of IEEE 802.3's length field. */
  private static final int LEAST_TYPE = 0x600;

  /** DSAP and SSAP of SNAP, and an unnumbered frame (IEEE 802.2). */
  private static final int SNAP = 0xaaaa03;

  /** The IPv4 addresses of no host: 0/8, 127/8, and 224.0.0.0 upwards. */
  private static boolean isNoHost(long high, long low) {
    if (high != 0 || low >>> 32 != 0xffff) {
      return high >>> 56 == 0xff || (high == 0 && low <= 1 && low >= 0);
    }
    int first = (int) (low >>> 24) & 0xff;
    return first == 0 || first == 127 || first >= 224;
  }

  private final boolean strict;
  private final PortAddresses addresses;
  private final long number;
  private final long[] givenHighs;
  private final long[] givenLows;
  private final long[] maskHighs;
  private final long[] maskLows;
  private final long[] claimHighs = new long[MOST_CLAIMS];
  private final long[] claimLows = new long[MOST_CLAIMS];
  private int claims;

  /** The port that it judges; null before the first frame. */
  private @Nullable Port port;

  // The IPv4 source that passed last; right while the version is the addresses'.
  private long lastMac;
  private int lastIpv4;
  private int lastVersion = -1;

  /**
   * Makes a guard for one port.
   *
   * @param mode what the port may use besides what is bound to it
   * @param addresses the network's
   * @param given addresses and subnets that the configuration gives to the port
   */
  public Guard(Mode mode, PortAddresses addresses, List<Subnet> given) {
    this.strict = mode == Mode.STRICT;
    this.addresses = addresses;
    this.number = addresses.nextGuard();
    int count = given.size();
    givenHighs = new long[count];
    givenLows = new long[count];
    maskHighs = new long[count];
    maskLows = new long[count];
    for (int i = 0; i < count; i++) {
      Subnet subnet = given.get(i);
      int bits = subnet.network().isIpv4() ? 96 + subnet.prefix() : subnet.prefix();
      maskHighs[i] = mask(bits);
      maskLows[i] = mask(bits - 64);
      givenHighs[i] = subnet.network().high() & maskHighs[i];
      givenLows[i] = subnet.network().low() & maskLows[i];
      if (isOne(i)) {
        addresses.give(givenHighs[i], givenLows[i]);
      }
    }
  }

  /** Whether what is given is one address: a router may be given a subnet, or all the world. */
  private boolean isOne(int i) {
    return maskHighs[i] == -1 && maskLows[i] == -1;
  }

  private static long mask(int bits) {
    return bits <= 0 ? 0 : bits >= 64 ? -1 : -1L << (64 - bits);
  }

  @Override
  public @Nullable DropCause admit(Passage passage, ByteBuf frame) {
    if (port == null) {
      judges(passage.ingress());
    }
    int at = frame.readerIndex() + OffloadHeader.LENGTH + passage.network();
    int end = frame.writerIndex();
    int type = passage.etherType();
    if (type == Ethernet.TYPE_IPV4) {
      return usual(passage, frame, at, end) ? null : ipv4(passage, frame, at, end);
    }
    return switch (type) {
      case Ethernet.TYPE_ARP -> arp(passage, frame, at, end);
      case Ethernet.TYPE_IPV6 -> ipv6(passage, frame, at, end);
      default ->
          Ethernet.isTag(type) || snap(frame, type, at, end) ? DropCause.GUARD_MALFORMED : null;
    };
  }

  /**
   * Whether the packet is of TCP, without options, and from where the last one came. Apart from
   * {@link #ipv4}, which is too large for the compiler to put it where it is called.
   */
  private boolean usual(Passage passage, ByteBuf frame, int at, int end) {
    if (end - at < Ipv4.HEADER_LENGTH || frame.getByte(at) != 0x45) {
      return false;
    }
    long second = frame.getLong(at + 8); // time to live, protocol, checksum, source
    return ((int) (second >>> 48) & 0xff) == Ipv4.TCP && passed(passage.source(), (int) second);
  }

  /** Whether a frame with a length instead of a type may carry IP or ARP (RFC 1042). */
  private static boolean snap(ByteBuf frame, int type, int at, int end) {
    return type < LEAST_TYPE && end - at >= 8 && frame.getUnsignedMedium(at) == SNAP;
  }

  private @Nullable DropCause ipv4(Passage passage, ByteBuf frame, int at, int end) {
    if (end - at < Ipv4.HEADER_LENGTH) {
      return DropCause.GUARD_MALFORMED;
    }
    long first = frame.getLong(at); // version, length, ..., flags and fragment offset
    long second = frame.getLong(at + 8); // time to live, protocol, checksum, source
    int header = (int) (first >>> 56 & 15) << 2;
    if (first >>> 60 != 4 || header < Ipv4.HEADER_LENGTH || end - at < header) {
      return DropCause.GUARD_MALFORMED;
    }
    int source = (int) second;
    int protocol = (int) (second >>> 48) & 0xff;
    boolean permitted = permitted4(passage.source(), source);
    if (protocol == Ipv4.TCP || (first & 0x1fff) != 0) { // no ports but in the first fragment
      return permitted ? null : DropCause.GUARD_IP;
    }
    int transport = at + header;
    if (protocol == Ipv4.UDP) {
      if (end - transport < Udp.HEADER_LENGTH) {
        return DropCause.GUARD_MALFORMED;
      }
      int port = Udp.destinationPort(frame, transport);
      if (port == DHCP_CLIENT) {
        return DropCause.GUARD_SERVER;
      }
      if (port == DHCP_SERVER) {
        boolean fragment = (first & 0x2000) != 0;
        DropCause bad = dhcp(passage, frame, transport, end, fragment);
        return bad != null || permitted || asks(frame, at, transport, source)
            ? bad
            : DropCause.GUARD_IP;
      }
      return permitted ? null : DropCause.GUARD_IP;
    }
    if (protocol == Ipv4.ICMP) {
      if (end - transport < 1) {
        return DropCause.GUARD_MALFORMED;
      }
      int type = Icmp.type(frame, transport);
      if (type == ICMP_REDIRECT || type == ICMP_ROUTER) {
        return DropCause.GUARD_SERVER;
      }
    }
    return permitted ? null : DropCause.GUARD_IP;
  }

  /**
   * Whether a DHCP server of this network may have the address: a guest could reach all the world
   * as somebody else if the port number were enough.
   */
  private boolean isServers(int destination) {
    return destination == Ipv4.BROADCAST || addresses.isBound(0, Address.ipv4Low(destination));
  }

  /**
   * Whether a client may ask a server from an address that is not its own as far as is known. One
   * without an address has the source 0.0.0.0 (RFC 2131 section 4.1). One that renews or rebinds
   * its lease has the address that it names in {@code ciaddr} (section 4.3.2): the server may have
   * forgotten it, and can tell the client so, unless somebody else has it by now. A learning
   * guard's port claims that one.
   */
  private boolean asks(ByteBuf frame, int ip, int udp, int source) {
    return isServers(frame.getInt(ip + 16))
        && (source == 0 || (strict && source == frame.getInt(udp + CIADDR) && isNobodys(source)));
  }

  /** Whether a host may have an address that nobody else is known to have. */
  private boolean isNobodys(int source) {
    long low = Address.ipv4Low(source);
    return !isNoHost(0, low)
        && !addresses.isBound(0, low)
        && addresses.claimant(0, low) == AddressMap.NOBODY;
  }

  /** Whether a DHCP client speaks for itself, in one datagram that can be read as a whole. */
  private static @Nullable DropCause dhcp(
      Passage passage, ByteBuf frame, int udp, int end, boolean fragment) {
    return fragment
            || passage.segments() > 1 // each segment would be a message of its own
            || end - udp < CHADDR + 6
            || Ethernet.mac(frame, udp + CHADDR) != passage.source()
        ? DropCause.GUARD_DHCP
        : null;
  }

  /**
   * Whether a DHCPv6 client speaks for itself, in one datagram: the server knows it by the MAC
   * address of its frame then. A relay names another.
   */
  private static boolean speaksForItself(
      Passage passage, ByteBuf frame, int udp, int end, long walk) {
    int message = udp + Udp.HEADER_LENGTH;
    if (Ipv6.fragmented(walk) || passage.segments() > 1 || end == message) {
      return false;
    }
    int type = frame.getUnsignedByte(message);
    return type != RELAY_FORWARD && type != RELAY_REPLY;
  }

  private @Nullable DropCause arp(Passage passage, ByteBuf frame, int at, int end) {
    if (!Arp.check(frame, at, end)) {
      return DropCause.GUARD_MALFORMED;
    }
    if (Arp.senderMac(frame, at) != passage.source()) {
      return DropCause.GUARD_ARP;
    }
    int sender = Arp.senderAddress(frame, at);
    if (sender == 0 && Arp.operation(frame, at) == Arp.REQUEST) {
      long target = Address.ipv4Low(Arp.targetAddress(frame, at));
      return mayProbe(passage.source(), 0, target) ? null : DropCause.GUARD_ARP;
    }
    return permitted4(passage.source(), sender) ? null : DropCause.GUARD_ARP;
  }

  private @Nullable DropCause ipv6(Passage passage, ByteBuf frame, int at, int frameEnd) {
    if (frameEnd - at < Ipv6.HEADER_LENGTH || (frame.getByte(at) & 0xf0) != 0x60) {
      return DropCause.GUARD_MALFORMED;
    }
    int end = Ipv6.end(frame, at, frameEnd, passage.headerLength() != 0);
    long walk = Ipv6.upperLayer(frame, at, end);
    if (walk == -1) {
      return DropCause.GUARD_MALFORMED; // RFC 7113 section 2: hides what it is
    }
    long high = Ipv6.sourceHigh(frame, at);
    long low = Ipv6.sourceLow(frame, at);
    int upper = Ipv6.index(walk);
    int protocol = Ipv6.protocol(walk);
    boolean lacksAddress = high == 0 && low == 0;
    if (protocol == Ipv6.ICMPV6) {
      if (end - upper < 8 || (Ipv6.fragmented(walk) && isNeighborDiscovery(frame, upper))) {
        return DropCause.GUARD_MALFORMED; // RFC 6980 section 5
      }
      DropCause bad = icmpv6(passage, frame, upper, end);
      if (bad != null) {
        return bad;
      }
      if (lacksAddress) {
        return unspecified(passage, frame, upper);
      }
    } else if (protocol == Ipv4.UDP) {
      if (end - upper < Udp.HEADER_LENGTH) {
        return DropCause.GUARD_MALFORMED;
      }
      int port = Udp.destinationPort(frame, upper);
      if (port == DHCPV6_CLIENT) {
        return DropCause.GUARD_SERVER;
      }
      if (port == DHCPV6_SERVER && !speaksForItself(passage, frame, upper, end, walk)) {
        return DropCause.GUARD_DHCP;
      }
    }
    return permitted(passage.source(), high, low) ? null : DropCause.GUARD_IP;
  }

  /**
   * Judges what a host says that has no address yet: router solicitation, group membership, and
   * duplicate address detection, which is the first use of the address that is looked for.
   */
  private @Nullable DropCause unspecified(Passage passage, ByteBuf frame, int at) {
    if (frame.getUnsignedByte(at) != NEIGHBOR_SOLICITATION) {
      return null;
    }
    long high = frame.getLong(at + 8);
    long low = frame.getLong(at + 16);
    return permitted(passage.source(), high, low) || mayProbe(passage.source(), high, low)
        ? null
        : DropCause.GUARD_ND;
  }

  /**
   * Whether a message belongs to neighbour discovery. The type is in a packet's first fragment; the
   * others lead nowhere if that one is dropped.
   */
  private static boolean isNeighborDiscovery(ByteBuf frame, int at) {
    int type = frame.getUnsignedByte(at);
    return type >= ROUTER_SOLICITATION && type <= REDIRECT;
  }

  private @Nullable DropCause icmpv6(Passage passage, ByteBuf frame, int at, int end) {
    return switch (frame.getUnsignedByte(at)) {
      case ROUTER_ADVERTISEMENT, REDIRECT -> DropCause.GUARD_SERVER;
      case ROUTER_SOLICITATION -> links(passage, frame, at + 8, end) ? null : DropCause.GUARD_ND;
      case NEIGHBOR_SOLICITATION, NEIGHBOR_ADVERTISEMENT -> neighbor(passage, frame, at, end);
      default -> null;
    };
  }

  private @Nullable DropCause neighbor(Passage passage, ByteBuf frame, int at, int end) {
    if (end - at < 24) {
      return DropCause.GUARD_MALFORMED;
    }
    boolean permitted =
        frame.getUnsignedByte(at) == NEIGHBOR_SOLICITATION
            || permitted(passage.source(), frame.getLong(at + 8), frame.getLong(at + 16));
    return permitted && links(passage, frame, at + 24, end) ? null : DropCause.GUARD_ND;
  }

  /** Whether the link-layer addresses among options (RFC 4861 section 4.6.1) are the sender's. */
  private static boolean links(Passage passage, ByteBuf frame, int options, int end) {
    for (int at = options; end - at >= 2; ) {
      int type = frame.getUnsignedByte(at);
      int length = frame.getUnsignedByte(at + 1) << 3;
      if (length == 0 || end - at < length) {
        return false;
      }
      if ((type == 1 || type == 2) && Ethernet.mac(frame, at + 2) != passage.source()) {
        return false;
      }
      at += length;
    }
    return true;
  }

  /** Whether the address is that of the last frame, and what is bound has not changed since. */
  private boolean passed(long mac, int address) {
    return mac == lastMac && address == lastIpv4 && lastVersion == addresses.version;
  }

  private boolean permitted4(long mac, int address) {
    if (passed(mac, address)) {
      return true;
    }
    if (address == 0 || !permitted(mac, 0, Address.ipv4Low(address))) {
      return false;
    }
    lastMac = mac;
    lastIpv4 = address;
    lastVersion = addresses.version;
    return true;
  }

  private void judges(Port judged) {
    port = judged;
    addresses.judges(judged, this);
  }

  private boolean permitted(long mac, long high, long low) {
    if (addresses.isBound(high, low)) {
      return addresses.holds(mac, high, low);
    }
    boolean linkLocal = high >>> 54 == 0xfe80L >>> 6;
    return isGiven(high, low)
        || ((!strict || linkLocal || addresses.isChosen(high, low)) && claim(high, low));
  }

  /**
   * Whether a port may ask, without an address of its own, who uses one. A client that hears such a
   * question while it asks the same takes the address for another's (RFC 5227 section 2.1.1, RFC
   * 4862 section 5.4.3) and declines its lease, so nobody may ask for what is another's.
   */
  private boolean mayProbe(long mac, long high, long low) {
    if (addresses.isBound(high, low)) {
      return addresses.holds(mac, high, low);
    }
    long claimant = addresses.claimant(high, low);
    return isGiven(high, low)
        || (!addresses.isGiven(high, low) && (claimant == AddressMap.NOBODY || claimant == number));
  }

  /** Whether the configuration gives an address to this guard's port, alone or in a subnet. */
  boolean isGiven(long high, long low) {
    for (int i = 0; i < givenHighs.length; i++) {
      if ((high & maskHighs[i]) == givenHighs[i] && (low & maskLows[i]) == givenLows[i]) {
        return true;
      }
    }
    return false;
  }

  boolean isNumbered(long claimant) {
    return claimant == number;
  }

  private boolean claim(long high, long low) {
    if (addresses.isGiven(high, low)) {
      return false; // to another port
    }
    long claimant = addresses.claimant(high, low);
    if (claimant != AddressMap.NOBODY) {
      return claimant == number;
    }
    if (isNoHost(high, low) || (claims == MOST_CLAIMS && !giveUpOldest(high, low))) {
      return false;
    }
    claimHighs[claims] = high;
    claimLows[claims] = low;
    claims++;
    addresses.claim(high, low, number);
    return true;
  }

  /**
   * Gives up the claim that was chosen first, for another that is chosen: a host has a new
   * temporary address each day (RFC 8981), and does not say when it needs one no longer.
   */
  private boolean giveUpOldest(long high, long low) {
    if (!addresses.isChosen(high, low)) {
      return false;
    }
    for (int i = 0; i < claims; i++) {
      if (addresses.isChosen(claimHighs[i], claimLows[i])) {
        addresses.unclaim(claimHighs[i], claimLows[i], number);
        claims--;
        System.arraycopy(claimHighs, i + 1, claimHighs, i, claims - i);
        System.arraycopy(claimLows, i + 1, claimLows, i, claims - i);
        return true;
      }
    }
    return false;
  }

  @Override
  public void forget() {
    for (int i = 0; i < claims; i++) {
      addresses.unclaim(claimHighs[i], claimLows[i], number);
    }
    claims = 0;
    lastVersion = -1;
  }

  @Override
  public void end() {
    for (int i = 0; i < givenHighs.length; i++) {
      if (isOne(i)) {
        addresses.ungive(givenHighs[i], givenLows[i]);
      }
    }
    if (port != null) {
      addresses.ends(port, this);
    }
  }
}
