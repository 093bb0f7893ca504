package io.lanyard.vswitch.policy;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Policy;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Holds the packets that stations send to the host's adapter to the addresses that the host has
 * there, at the egress of the adapter's port.
 *
 * <p>A packet for any other address would go past the gateway and its egress rules: Linux takes it
 * on any device if the address is the host's, and routes it where the host forwards packets.
 * Broadcasts, groups and link-local IPv6 addresses pass: they lead no further than the link. So do
 * frames that are not IP.
 *
 * <pre>
 *   to the adapter's MAC address       the host's own addresses on the network
 *   to another MAC address             any address of the network's subnets as well
 * </pre>
 *
 * <p>Behind other MAC addresses are devices that stand on the adapter (a macvlan, what is on a
 * bridge with it): stations of the network like those behind other ports. They get packets for
 * addresses of the network alone, too, as such a device may be the host's own, which has all of the
 * host's addresses.
 *
 * <p>Thread: the network's loop only.
 */
public final class HostDestinations implements Policy {
  /** The network's rules about what its stations send to the host past the gateway. */
  public interface Rules {
    /**
     * Whether a station may reach a service of the host. Asked for each packet of TCP and UDP, so
     * it answers by the port first.
     *
     * @param from the port that the packet comes from
     * @param protocol the IP protocol number
     * @param high the upper long of the destination, which may be a group
     * @param low its lower long
     * @param service the destination's port
     * @return false if the packet is to be dropped
     */
    boolean admits(Port from, int protocol, long high, long low, int service);

    /**
     * Hears of a packet to the adapter that is dropped because its destination is not on the link.
     * Copies of packets to other stations, which a switch sends to all ports while it does not know
     * them, are dropped and not told.
     *
     * @param from the port that the packet comes from
     * @param high the upper long of the destination
     * @param low its lower long
     */
    void strayed(Port from, long high, long low);
  }

  /**
   * An address of the host on the network.
   *
   * @param address the address
   * @param subnet the network's subnet of its family
   */
  public record Own(Address address, Subnet subnet) {}

  private static final int PORTS_LENGTH = 4;

  private final Rules rules;

  /** The host's addresses and the subnets' broadcast addresses, as pairs of longs. */
  private final long[] ipv4;

  private final long[] ipv6;

  private final Subnet[] subnets;

  /** The adapter's MAC address; 0 while it is not known. */
  private long mac;

  /**
   * Makes one.
   *
   * @param own the host's addresses on the network, each with its subnet
   * @param rules the network's
   */
  public HostDestinations(List<Own> own, Rules rules) {
    this.rules = rules;
    subnets = own.stream().map(Own::subnet).toArray(Subnet[]::new);
    ipv4 =
        own.stream()
            .filter(one -> one.address().isIpv4())
            .flatMapToLong(one -> LongStream.of(one.address().low(), one.subnet().last().low()))
            .toArray();
    ipv6 =
        own.stream()
            .filter(one -> !one.address().isIpv4())
            .flatMapToLong(one -> LongStream.of(one.address().high(), one.address().low()))
            .toArray();
  }

  /**
   * Notes the adapter's MAC address. On the loop.
   *
   * @param address in the low 48 bits
   */
  public void isAt(long address) {
    mac = address;
  }

  @Override
  public @Nullable DropCause admit(Passage passage, ByteBuf frame) {
    int at = frame.readerIndex() + OffloadHeader.LENGTH + passage.network();
    int end = frame.writerIndex();
    return switch (passage.etherType()) {
      case Ethernet.TYPE_IPV4 -> ipv4(passage, frame, at, end);
      case Ethernet.TYPE_IPV6 -> ipv6(passage, frame, at, end);
      default -> null;
    };
  }

  private @Nullable DropCause ipv4(Passage passage, ByteBuf frame, int at, int end) {
    if (end - at < Ipv4.HEADER_LENGTH) {
      return DropCause.GUARD_MALFORMED;
    }
    long low = Address.ipv4Low(Ipv4.destination(frame, at));
    if (!isOnLink(low) && !isAnothers(passage, 0, low)) {
      return strayed(passage, 0, low);
    }
    return Ipv4.fragmentOffset(frame, at) != 0
        ? null // its first fragment is judged, and nothing is whole without that
        : service(
            passage,
            frame,
            Ipv4.protocol(frame, at),
            at + Ipv4.headerLength(frame, at),
            end,
            0,
            low);
  }

  private boolean isOnLink(long low) {
    for (long own : ipv4) {
      if (own == low) {
        return true;
      }
    }
    return low == Address.BROADCAST_IPV4.low() || (int) low >>> 28 == 0xe;
  }

  private @Nullable DropCause ipv6(Passage passage, ByteBuf frame, int at, int frameEnd) {
    if (frameEnd - at < Ipv6.HEADER_LENGTH) {
      return DropCause.GUARD_MALFORMED;
    }
    int end = Ipv6.end(frame, at, frameEnd, passage.headerLength() != 0);
    long walk = Ipv6.upperLayer(frame, at, end);
    if (walk == -1) {
      return DropCause.GUARD_MALFORMED;
    }
    long high = Ipv6.destinationHigh(frame, at);
    long low = Ipv6.destinationLow(frame, at);
    if (!isOnLink(high, low) && !isAnothers(passage, high, low)) {
      return strayed(passage, high, low);
    }
    return service(passage, frame, Ipv6.protocol(walk), Ipv6.index(walk), end, high, low);
  }

  private boolean isOnLink(long high, long low) {
    for (int i = 0; i < ipv6.length; i += 2) {
      if (ipv6[i] == high && ipv6[i + 1] == low) {
        return true;
      }
    }
    return high >>> 56 == 0xff || high >>> 54 == 0xfe80 >>> 6;
  }

  /** Whether a packet is for another station of the network than the host's adapter itself. */
  private boolean isAnothers(Passage passage, long high, long low) {
    if (mac == 0 || passage.destination() == mac || Ethernet.isGroup(passage.destination())) {
      return false;
    }
    for (Subnet subnet : subnets) {
      if (subnet.contains(high, low)) {
        return true;
      }
    }
    return false;
  }

  private DropCause strayed(Passage passage, long high, long low) {
    long to = passage.destination();
    if (mac == 0 || to == mac || Ethernet.isGroup(to)) {
      rules.strayed(passage.ingress(), high, low);
    }
    return DropCause.NOT_FOR_HOST;
  }

  private @Nullable DropCause service(
      Passage passage, ByteBuf frame, int protocol, int transport, int end, long high, long low) {
    if (protocol != Ipv4.TCP && protocol != Ipv4.UDP) {
      return null;
    }
    if (end - transport < PORTS_LENGTH) {
      return DropCause.GUARD_MALFORMED;
    }
    int service = Udp.destinationPort(frame, transport); // TCP has it in the same place
    return rules.admits(passage.ingress(), protocol, high, low, service)
        ? null
        : DropCause.NAME_SERVICE;
  }
}
