package io.lanyard.vswitch.port;

import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Lets all guests share the MAC address of their uplink's interface: an access point, and a switch
 * port with port security, takes frames with that source only.
 *
 * <pre>
 *   out:  source                      := the interface's
 *         ARP's sender, link-layer options of neighbour discovery, announcements: likewise
 *         DHCP requests ask for broadcast answers; chaddr and client id stay the guest's
 *   in:   destination, if it is the interface's, := that of the guest who has the IP address
 *         ARP's target likewise; an answer of DHCP goes to its chaddr
 * </pre>
 *
 * <p>What comes in for the interface's own address, and is for no guest, is the host's.
 *
 * <p>The addresses come from what guests say by ARP and neighbour discovery, and from the sources
 * of what they send ({@link SharedAddresses}).
 *
 * <p>Thread: the network's loop only.
 */
final class SharedMac {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final MemorySegment MEMORY = allMemory();

  /** The longest frame that is more than patched: no packet of DHCP or of discovery is longer. */
  private static final int LARGEST = OffloadHeader.LENGTH + 1600;

  private static final int DHCP_SERVER = 67;
  private static final int DHCP_CLIENT = 68;

  /** Of BOOTP, from the UDP payload on (RFC 2131 section 2). */
  private static final int FLAGS = 10;

  private static final int CHADDR = 28;
  private static final int BROADCAST_FLAG = 0x8000;

  /** Where an option of neighbour discovery begins, by message (RFC 4861 section 4). */
  private static final int AFTER_SOLICITATION = 8;

  private static final int AFTER_TARGET = 24;
  private static final int SOURCE_LINK_LAYER = 1;
  private static final int TARGET_LINK_LAYER = 2;

  /** An advertisement overrides what its hearers know. */
  private static final int OVERRIDE = 0x2000_0000;

  /** All nodes on the link, ff02::1. */
  private static final long ALL_NODES_HIGH = 0xff02_0000_0000_0000L;

  private static final long ALL_NODES_MAC = 0x3333_0000_0001L;

  /** Sends a frame; what becomes of it is counted elsewhere. */
  interface Sender {
    int write(long address, int length);
  }

  private final long mac;
  private final SharedAddresses addresses;
  private final ByteBuf scratch;
  private final Sender sender;

  @SuppressWarnings("restricted") // addresses come from the port's own buffers
  private static MemorySegment allMemory() {
    return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  }

  /**
   * Makes one for an interface.
   *
   * @param mac the interface's own address
   * @param addresses what is known of the guests
   * @param scratch where frames are rewritten, with {@link #capacity} bytes; the caller releases it
   * @param sender sends by the interface
   */
  SharedMac(long mac, SharedAddresses addresses, ByteBuf scratch, Sender sender) {
    this.mac = mac;
    this.addresses = addresses;
    this.scratch = scratch;
    this.sender = sender;
  }

  /** The bytes that a scratch buffer has. */
  static int capacity() {
    return LARGEST;
  }

  // Out.

  /** Sends a guest's frame as the interface's own. */
  int write(Passage passage, long address, int length) {
    long frame = address + OffloadHeader.LENGTH;
    int network = passage.network();
    int size = length - OffloadHeader.LENGTH - network;
    long packet = frame + network;
    return switch (passage.etherType()) {
      case Ethernet.TYPE_ARP ->
          size >= Arp.LENGTH && length <= LARGEST
              ? arp(passage, address, length)
              : patched(passage, address, length);
      case Ethernet.TYPE_IPV4 -> {
        if (size < Ipv4.HEADER_LENGTH) {
          yield patched(passage, address, length);
        }
        int source = MEMORY.get(INT, packet + 12);
        if (isHost4(source)) {
          claim(passage, 0, SharedAddresses.mapped(source), false);
        }
        yield isDhcpRequest(packet, size) && length <= LARGEST
            ? dhcp(passage, address, length)
            : patched(passage, address, length);
      }
      case Ethernet.TYPE_IPV6 -> {
        if (size < Ipv6.HEADER_LENGTH) {
          yield patched(passage, address, length);
        }
        long high = MEMORY.get(LONG, packet + 8);
        long low = MEMORY.get(LONG, packet + 16);
        if (isHost6(high, low)) {
          claim(passage, high, low, false);
        }
        yield isDiscovery(packet, size) && length <= LARGEST
            ? discovery(passage, address, length)
            : patched(passage, address, length);
      }
      case Ethernet.TYPE_RARP -> announce(passage, address, length);
      default -> patched(passage, address, length);
    };
  }

  private void claim(Passage passage, long high, long low, boolean says) {
    addresses.claim(high, low, passage.ingressNumber(), passage.source(), says);
  }

  /** Neither "this host", loopback, nor a group (RFC 6890). */
  private static boolean isHost4(int address) {
    int first = address >>> 24;
    return first != 0 && first != 127 && first < 224;
  }

  private static boolean isHost6(long high, long low) {
    return high >>> 56 != 0xff && !(high == 0 && low >>> 32 == 0); // ::, ::1 and the like
  }

  /** Sends a frame whose source alone is another one meanwhile; it is only lent. */
  private int patched(Passage passage, long address, int length) {
    long place = address + OffloadHeader.LENGTH + 6;
    put(place, mac);
    int sent = sender.write(address, length);
    put(place, passage.source());
    return sent;
  }

  private static void put(long place, long address) {
    MEMORY.set(SHORT, place, (short) (address >>> 32));
    MEMORY.set(INT, place + 2, (int) address);
  }

  private void copy(long address, int length) {
    MemorySegment.copy(MEMORY, address, MEMORY, scratch.memoryAddress(), length);
    scratch.setIndex(0, length);
    Ethernet.setSource(scratch, OffloadHeader.LENGTH, mac);
  }

  private int send() {
    return sender.write(scratch.memoryAddress(), scratch.writerIndex());
  }

  private int arp(Passage passage, long address, int length) {
    copy(address, length);
    int at = OffloadHeader.LENGTH + passage.network();
    if (Arp.check(scratch, at, length)) {
      int ip = Arp.senderAddress(scratch, at);
      if (isHost4(ip) && Arp.senderMac(scratch, at) == passage.source()) {
        claim(passage, 0, SharedAddresses.mapped(ip), true);
      }
      Arp.setSenderMac(scratch, at, mac);
      if (Arp.targetMac(scratch, at) == passage.source()) { // as in a gratuitous answer
        Arp.setTargetMac(scratch, at, mac);
      }
    }
    return send();
  }

  private static boolean isDhcpRequest(long packet, int size) {
    int header = (MEMORY.get(ValueLayout.JAVA_BYTE, packet) & 0xf) * 4;
    return MEMORY.get(ValueLayout.JAVA_BYTE, packet + 9) == Ipv4.UDP
        && (MEMORY.get(SHORT, packet + 6) & 0x1fff) == 0
        && size >= header + Udp.HEADER_LENGTH + FLAGS + 2
        && MEMORY.get(SHORT, packet + header + 2) == DHCP_SERVER
        && MEMORY.get(SHORT, packet + header) == DHCP_CLIENT;
  }

  private int dhcp(Passage passage, long address, int length) {
    copy(address, length);
    int ip = OffloadHeader.LENGTH + passage.network();
    int udp = ip + Ipv4.headerLength(scratch, ip);
    int flags = udp + Udp.HEADER_LENGTH + FLAGS;
    int before = scratch.getUnsignedShort(flags);
    int after = before | BROADCAST_FLAG;
    scratch.setShort(flags, after);
    boolean unfinished = (OffloadHeader.flags(scratch, 0) & OffloadHeader.NEEDS_CSUM) != 0;
    int checksum = Udp.checksum(scratch, udp);
    if (checksum != 0 && !unfinished && before != after) {
      int updated = Checksum.update(checksum, before, after);
      Udp.setChecksum(scratch, udp, updated == 0 ? 0xffff : updated);
    }
    return send();
  }

  private static boolean isDiscovery(long packet, int size) {
    if (MEMORY.get(ValueLayout.JAVA_BYTE, packet + 6) != Ipv6.ICMPV6
        || size < Ipv6.HEADER_LENGTH + Icmpv6.HEADER_LENGTH) {
      return false;
    }
    return switch (MEMORY.get(ValueLayout.JAVA_BYTE, packet + Ipv6.HEADER_LENGTH) & 0xff) {
      case Icmpv6.ROUTER_SOLICITATION,
          Icmpv6.ROUTER_ADVERTISEMENT,
          Icmpv6.NEIGHBOR_SOLICITATION,
          Icmpv6.NEIGHBOR_ADVERTISEMENT ->
          true;
      default -> false;
    };
  }

  private int discovery(Passage passage, long address, int length) {
    copy(address, length);
    int ip = OffloadHeader.LENGTH + passage.network();
    int message = ip + Ipv6.HEADER_LENGTH;
    int end = Math.min(length, message + Ipv6.payloadLength(scratch, ip));
    if (end - message < Icmpv6.HEADER_LENGTH) {
      return send();
    }
    int type = Icmpv6.type(scratch, message);
    int option =
        message
            + switch (type) {
              case Icmpv6.ROUTER_SOLICITATION -> AFTER_SOLICITATION;
              case Icmpv6.ROUTER_ADVERTISEMENT -> AFTER_SOLICITATION + 8;
              default -> AFTER_TARGET;
            };
    boolean changed = false;
    // Options of no length end the walk: the message is not valid (RFC 4861 section 4.6).
    while (option + 8 <= end && scratch.getUnsignedByte(option + 1) != 0) {
      int kind = scratch.getUnsignedByte(option);
      if ((kind == SOURCE_LINK_LAYER || kind == TARGET_LINK_LAYER)
          && Ethernet.mac(scratch, option + 2) == passage.source()) {
        Ethernet.setMac(scratch, option + 2, mac);
        changed = true;
      }
      option += 8 * scratch.getUnsignedByte(option + 1);
    }
    if (changed) {
      // Who sends an advertisement names an address of its own; who solicits has its source.
      int own = type == Icmpv6.NEIGHBOR_ADVERTISEMENT ? message + 8 : ip + 8;
      long high = scratch.getLong(own);
      long low = scratch.getLong(own + 8);
      if (isHost6(high, low)) {
        claim(passage, high, low, true);
      }
      Icmpv6.finishChecksum(scratch, ip, message, end - message);
      OffloadHeader.clear(scratch, 0);
    }
    return send();
  }

  /**
   * Tells the neighbours all addresses of a guest, in the place of a frame that tells a switch
   * where its MAC address is: by a gratuitous ARP request (RFC 5227 section 3) and an unsolicited
   * advertisement (RFC 4861 section 7.2.6).
   */
  private int announce(Passage passage, long address, int length) {
    addresses.visit(
        passage.ingressNumber(),
        passage.source(),
        new SharedAddresses.Visitor() {
          @Override
          public void ipv4(int ip) {
            int at = begin(Ethernet.BROADCAST, Ethernet.TYPE_ARP, 60 - Ethernet.HEADER_LENGTH);
            Arp.write(scratch, at, Arp.REQUEST, mac, ip, 0, ip);
            int _ = send();
          }

          @Override
          public void ipv6(long high, long low) {
            int message = Icmpv6.HEADER_LENGTH + 16 + 8;
            int at = begin(ALL_NODES_MAC, Ethernet.TYPE_IPV6, Ipv6.HEADER_LENGTH + message);
            scratch.setInt(at, 6 << 28);
            scratch.setShort(at + 4, message);
            scratch.setByte(at + 6, Ipv6.ICMPV6);
            scratch.setByte(at + 7, 255);
            scratch.setLong(at + 8, high);
            scratch.setLong(at + 16, low);
            scratch.setLong(at + 24, ALL_NODES_HIGH);
            scratch.setLong(at + 32, 1);
            int icmp = at + Ipv6.HEADER_LENGTH;
            Icmpv6.setType(scratch, icmp, Icmpv6.NEIGHBOR_ADVERTISEMENT);
            scratch.setInt(icmp + 4, OVERRIDE);
            scratch.setLong(icmp + 8, high);
            scratch.setLong(icmp + 16, low);
            scratch.setByte(icmp + 24, TARGET_LINK_LAYER);
            scratch.setByte(icmp + 25, 1);
            Ethernet.setMac(scratch, icmp + 26, mac);
            Icmpv6.finishChecksum(scratch, at, icmp, message);
            int _ = send();
          }
        });
    return patched(passage, address, length);
  }

  /** Begins a frame of the interface's. Returns where its payload begins. */
  private int begin(long destination, int type, int payload) {
    int length = OffloadHeader.LENGTH + Ethernet.HEADER_LENGTH + payload;
    scratch.setZero(0, length);
    scratch.setIndex(0, length);
    Ethernet.write(scratch, OffloadHeader.LENGTH, destination, mac, type);
    return OffloadHeader.LENGTH + Ethernet.HEADER_LENGTH;
  }

  // In.

  /**
   * Gives a frame that came in for the interface's address the destination of its guest.
   *
   * @param frame where the frame begins, behind the offload header
   * @param size bytes from there on that lie in one piece
   * @return false if it is the host's
   */
  boolean receive(long frame, int size) {
    if (size < Ethernet.HEADER_LENGTH || destination(frame) != mac) {
      return true;
    }
    int network = Ethernet.HEADER_LENGTH;
    int type = MEMORY.get(SHORT, frame + network - 2) & 0xffff;
    while (Ethernet.isTag(type) && size >= network + Ethernet.TAG_LENGTH) {
      network += Ethernet.TAG_LENGTH;
      type = MEMORY.get(SHORT, frame + network - 2) & 0xffff;
    }
    long packet = frame + network;
    int length = size - network;
    long guest =
        switch (type) {
          case Ethernet.TYPE_ARP -> length < Arp.LENGTH ? 0 : guest4(packet + 24);
          case Ethernet.TYPE_IPV4 -> length < Ipv4.HEADER_LENGTH ? 0 : receiver4(packet, length);
          case Ethernet.TYPE_IPV6 ->
              length < Ipv6.HEADER_LENGTH
                  ? 0
                  : addresses.mac(MEMORY.get(LONG, packet + 24), MEMORY.get(LONG, packet + 32));
          default -> 0;
        };
    if (guest == 0) {
      return false;
    }
    put(frame, guest);
    if (type == Ethernet.TYPE_ARP) {
      put(packet + 18, guest);
    }
    return true;
  }

  private static long destination(long frame) {
    return MEMORY.get(LONG, frame) >>> 16;
  }

  private long guest4(long place) {
    return addresses.mac(0, SharedAddresses.mapped(MEMORY.get(INT, place)));
  }

  private long receiver4(long packet, int length) {
    long guest = guest4(packet + 16);
    int header = (MEMORY.get(ValueLayout.JAVA_BYTE, packet) & 0xf) * 4;
    if (guest != 0
        || MEMORY.get(ValueLayout.JAVA_BYTE, packet + 9) != Ipv4.UDP
        || (MEMORY.get(SHORT, packet + 6) & 0x1fff) != 0
        || length < header + Udp.HEADER_LENGTH + CHADDR + Long.BYTES
        || MEMORY.get(SHORT, packet + header + 2) != DHCP_CLIENT) {
      return guest;
    }
    // A server that answers a guest by its new address, which nobody has used yet.
    long chaddr = MEMORY.get(LONG, packet + header + Udp.HEADER_LENGTH + CHADDR) >>> 16;
    return chaddr == mac || Ethernet.isGroup(chaddr) ? 0 : chaddr;
  }
}
