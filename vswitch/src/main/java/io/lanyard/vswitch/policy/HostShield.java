package io.lanyard.vswitch.policy;

import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Policy;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what configures a host from the host's own stack, at the egress of its adapter: answers of
 * DHCP in both families, router advertisements and redirects. A guest that sent them would give the
 * host addresses, a default route or a resolver.
 *
 * <p>The host's adapter has its addresses from the daemon and needs nobody to tell it. What cannot
 * be read as far as that is dropped, too (RFC 7113 section 2).
 *
 * <p>Thread: the network's loop only. It holds no state: one serves all.
 */
public final class HostShield implements Policy {
  /** The one object. */
  public static final HostShield SHIELD = new HostShield();

  private static final int DHCP_CLIENT = 68;
  private static final int DHCPV6_CLIENT = 546;
  private static final int ICMP_REDIRECT = 5;
  private static final int ICMP_ROUTER = 9;
  private static final int REDIRECT = 137;

  private HostShield() {}

  @Override
  public @Nullable DropCause admit(Passage passage, ByteBuf frame) {
    int at = frame.readerIndex() + OffloadHeader.LENGTH + passage.network();
    int end = frame.writerIndex();
    return switch (passage.etherType()) {
      case Ethernet.TYPE_IPV4 -> ipv4(frame, at, end);
      case Ethernet.TYPE_IPV6 -> ipv6(passage, frame, at, end);
      default -> null;
    };
  }

  private static @Nullable DropCause ipv4(ByteBuf frame, int at, int end) {
    if (end - at < Ipv4.HEADER_LENGTH) {
      return DropCause.GUARD_MALFORMED;
    }
    int protocol = Ipv4.protocol(frame, at);
    if ((protocol != Ipv4.UDP && protocol != Ipv4.ICMP) || Ipv4.fragmentOffset(frame, at) != 0) {
      return null;
    }
    int transport = at + Ipv4.headerLength(frame, at);
    if (end - transport < Udp.HEADER_LENGTH) {
      return DropCause.GUARD_MALFORMED;
    }
    if (protocol == Ipv4.UDP) {
      return Udp.destinationPort(frame, transport) == DHCP_CLIENT ? DropCause.GUARD_SERVER : null;
    }
    int type = Icmp.type(frame, transport);
    return type == ICMP_REDIRECT || type == ICMP_ROUTER ? DropCause.GUARD_SERVER : null;
  }

  private static @Nullable DropCause ipv6(Passage passage, ByteBuf frame, int at, int frameEnd) {
    if (frameEnd - at < Ipv6.HEADER_LENGTH) {
      return DropCause.GUARD_MALFORMED;
    }
    int end = Ipv6.end(frame, at, frameEnd, passage.headerLength() != 0);
    long upper = Ipv6.upperLayer(frame, at, end);
    if (upper == -1) {
      return DropCause.GUARD_MALFORMED;
    }
    int protocol = Ipv6.protocol(upper);
    int transport = Ipv6.index(upper);
    if (protocol != Ipv6.ICMPV6 && protocol != Ipv4.UDP) {
      return null;
    }
    if (end - transport < Icmpv6.HEADER_LENGTH) {
      return DropCause.GUARD_MALFORMED;
    }
    if (protocol == Ipv4.UDP) {
      return Udp.destinationPort(frame, transport) == DHCPV6_CLIENT ? DropCause.GUARD_SERVER : null;
    }
    int type = Icmpv6.type(frame, transport);
    return type == Icmpv6.ROUTER_ADVERTISEMENT || type == REDIRECT ? DropCause.GUARD_SERVER : null;
  }
}
