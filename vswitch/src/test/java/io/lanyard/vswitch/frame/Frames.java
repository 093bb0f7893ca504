package io.lanyard.vswitch.frame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;

/** Builds frames for tests; each comes with a cleared offload header and finished checksums. */
public final class Frames {
  /** Index of the Ethernet frame. */
  public static final int ETHERNET = OffloadHeader.LENGTH;

  /** Index of an untagged frame's payload. */
  public static final int PAYLOAD = ETHERNET + Ethernet.HEADER_LENGTH;

  /** An allocator whose buffers leak detection does not follow. */
  public static final ByteBufAllocator UNTRACKED = new UnpooledByteBufAllocator(true, true);

  private Frames() {}

  /**
   * Whether a frame stands for several.
   *
   * @param frame one with a valid offload header
   * @return whether its gso_type is another than none
   */
  public static boolean isSuper(ByteBuf frame) {
    return OffloadHeader.gsoType(frame, frame.readerIndex()) != OffloadHeader.GSO_NONE;
  }

  /**
   * Counts the wire frames that a frame stands for.
   *
   * @param frame one with a valid offload header
   * @return at least 1
   */
  public static int segments(ByteBuf frame) {
    return isSuper(frame)
        ? SuperFrame.segments(
            frame.readableBytes() - OffloadHeader.LENGTH,
            OffloadCheck.check(frame),
            OffloadHeader.gsoSize(frame, frame.readerIndex()))
        : 1;
  }

  /**
   * Writes one segment of a super-frame as an ordinary frame.
   *
   * @param frame one with a valid offload header
   * @param segment which one, from 0
   * @param into cleared and filled
   */
  public static void copySegment(ByteBuf frame, int segment, ByteBuf into) {
    int at = frame.readerIndex() + OffloadHeader.LENGTH;
    SuperFrame.copySegment(
        frame,
        Ethernet.payload(frame, at, frame.writerIndex()) - at,
        OffloadCheck.check(frame),
        segment,
        into);
  }

  /**
   * Makes room for a frame.
   *
   * @param length bytes of Ethernet frame, all zero; the writer index stands behind them
   * @return a direct buffer that belongs to the caller
   */
  public static ByteBuf blank(int length) {
    ByteBuf frame = PooledByteBufAllocator.DEFAULT.directBuffer(OffloadHeader.LENGTH + length);
    frame.writeZero(OffloadHeader.LENGTH + length);
    return frame;
  }

  /**
   * Makes a buffer that leak detection does not follow, for loops of a million frames: following
   * each access costs a stack trace.
   *
   * @param capacity bytes at first; grows
   * @return an empty direct buffer that belongs to the caller
   */
  public static ByteBuf untracked(int capacity) {
    return UNTRACKED.directBuffer(capacity);
  }

  /**
   * Builds a frame of any type.
   *
   * @param destination the destination address
   * @param source the source address
   * @param type the EtherType
   * @param payload what follows
   * @return a buffer that belongs to the caller
   */
  public static ByteBuf ethernet(long destination, long source, int type, byte... payload) {
    ByteBuf frame = blank(Ethernet.HEADER_LENGTH + payload.length);
    Ethernet.write(frame, ETHERNET, destination, source, type);
    frame.setBytes(PAYLOAD, payload);
    return frame;
  }

  /**
   * Builds a frame with one 802.1Q tag.
   *
   * @param destination the destination address
   * @param source the source address
   * @param vlan the VLAN
   * @param type the EtherType behind the tag
   * @param payload what follows
   * @return a buffer that belongs to the caller
   */
  public static ByteBuf tagged(long destination, long source, int vlan, int type, byte... payload) {
    byte[] tagged = new byte[payload.length + 4];
    tagged[0] = (byte) (vlan >>> 8);
    tagged[1] = (byte) vlan;
    tagged[2] = (byte) (type >>> 8);
    tagged[3] = (byte) type;
    System.arraycopy(payload, 0, tagged, 4, payload.length);
    return ethernet(destination, source, Ethernet.TYPE_VLAN, tagged);
  }

  /**
   * Builds a UDP datagram over IPv4.
   *
   * @param destination the destination MAC address
   * @param source the source MAC address
   * @param from the source address
   * @param fromPort the source port
   * @param to the destination address
   * @param toPort the destination port
   * @param payload the datagram's payload
   * @return a buffer that belongs to the caller
   */
  public static ByteBuf udp4(
      long destination, long source, int from, int fromPort, int to, int toPort, byte... payload) {
    int length = Udp.HEADER_LENGTH + payload.length;
    ByteBuf frame = blank(Ethernet.HEADER_LENGTH + Ipv4.HEADER_LENGTH + length);
    Ethernet.write(frame, ETHERNET, destination, source, Ethernet.TYPE_IPV4);
    Ipv4.write(
        frame, PAYLOAD, Ipv4.HEADER_LENGTH + length, 1, Ipv4.DONT_FRAGMENT, 64, Ipv4.UDP, from, to);
    int udp = PAYLOAD + Ipv4.HEADER_LENGTH;
    Udp.write(frame, udp, fromPort, toPort, length);
    frame.setBytes(udp + Udp.HEADER_LENGTH, payload);
    Udp.finishChecksum4(frame, PAYLOAD, udp);
    return frame;
  }

  /**
   * Builds a TCP segment without options over IPv4.
   *
   * @param destination the destination MAC address
   * @param source the source MAC address
   * @param from the source address
   * @param fromPort the source port
   * @param to the destination address
   * @param toPort the destination port
   * @param sequence the sequence number
   * @param acknowledgment the acknowledgment number
   * @param flags the flags
   * @param payload the segment's payload
   * @return a buffer that belongs to the caller
   */
  public static ByteBuf tcp4(
      long destination,
      long source,
      int from,
      int fromPort,
      int to,
      int toPort,
      int sequence,
      int acknowledgment,
      int flags,
      byte... payload) {
    int length = Tcp.HEADER_LENGTH + payload.length;
    ByteBuf frame = blank(Ethernet.HEADER_LENGTH + Ipv4.HEADER_LENGTH + length);
    Ethernet.write(frame, ETHERNET, destination, source, Ethernet.TYPE_IPV4);
    Ipv4.write(
        frame, PAYLOAD, Ipv4.HEADER_LENGTH + length, 1, Ipv4.DONT_FRAGMENT, 64, Ipv4.TCP, from, to);
    int tcp = PAYLOAD + Ipv4.HEADER_LENGTH;
    Tcp.write(
        frame, tcp, fromPort, toPort, sequence, acknowledgment, Tcp.HEADER_LENGTH, flags, 0xffff);
    frame.setBytes(tcp + Tcp.HEADER_LENGTH, payload);
    Tcp.setChecksum(frame, tcp, Checksum.transport4(frame, PAYLOAD, Ipv4.TCP, tcp, length));
    return frame;
  }

  /**
   * Builds an ICMP echo over IPv4.
   *
   * @param destination the destination MAC address
   * @param source the source MAC address
   * @param from the source address
   * @param to the destination address
   * @param type {@link Icmp#ECHO_REQUEST} or {@link Icmp#ECHO_REPLY}
   * @param identifier the identifier
   * @param sequence the sequence number
   * @param payload the echo's payload
   * @return a buffer that belongs to the caller
   */
  public static ByteBuf echo4(
      long destination,
      long source,
      int from,
      int to,
      int type,
      int identifier,
      int sequence,
      byte... payload) {
    int length = Icmp.HEADER_LENGTH + payload.length;
    ByteBuf frame = blank(Ethernet.HEADER_LENGTH + Ipv4.HEADER_LENGTH + length);
    Ethernet.write(frame, ETHERNET, destination, source, Ethernet.TYPE_IPV4);
    Ipv4.write(frame, PAYLOAD, Ipv4.HEADER_LENGTH + length, 1, 0, 64, Ipv4.ICMP, from, to);
    int icmp = PAYLOAD + Ipv4.HEADER_LENGTH;
    Icmp.setType(frame, icmp, type);
    Icmp.setIdentifier(frame, icmp, identifier);
    Icmp.setSequence(frame, icmp, sequence);
    frame.setBytes(icmp + Icmp.HEADER_LENGTH, payload);
    Icmp.finishChecksum(frame, icmp, length);
    return frame;
  }

  /**
   * Builds an ARP packet; a request goes to everybody.
   *
   * @param operation {@link Arp#REQUEST} or {@link Arp#REPLY}
   * @param senderMac the sender's MAC address
   * @param senderAddress the sender's IPv4 address
   * @param targetMac the target's MAC address; 0 in a request
   * @param targetAddress the target's IPv4 address
   * @return a buffer that belongs to the caller
   */
  public static ByteBuf arp(
      int operation, long senderMac, int senderAddress, long targetMac, int targetAddress) {
    ByteBuf frame = blank(Ethernet.HEADER_LENGTH + Arp.LENGTH);
    Ethernet.write(
        frame,
        ETHERNET,
        operation == Arp.REQUEST ? Ethernet.BROADCAST : targetMac,
        senderMac,
        Ethernet.TYPE_ARP);
    Arp.write(frame, PAYLOAD, operation, senderMac, senderAddress, targetMac, targetAddress);
    return frame;
  }
}
