package io.lanyard.nat.tcp;

import io.lanyard.nat.gateway.IpHeader;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;

/**
 * Writes the headers of a connection's segments, directly before the payload where it lies, and
 * sets the frame's indexes around the whole.
 *
 * <p>The checksum is left unfinished (VIRTIO 1.2 section 5.1.6.2): a guest with offloads never
 * needs it, and the switch finishes it for one without.
 */
final class SegmentWriter {
  /** Offload header, Ethernet, the longest IP header (IPv6), the longest TCP header; 8-aligned. */
  static final int HEADROOM = 12 + 14 + 40 + 60 + 2;

  private static final int ETHERNET = 14;

  /** NOP NOP timestamps (RFC 7323 appendix A). */
  private static final int TIMESTAMPS_LENGTH = 12;

  private static final int MOST_OPTIONS = 40;

  private final IpHeader ip;
  private final int ports;
  private boolean timestamps;

  /** The fields of every segment but the first: set by the connection. */
  int tsValue;

  /** TS.Recent of RFC 7323 section 4.3. */
  int tsRecent;

  SegmentWriter(IpHeader ip, int localPort, int guestPort) {
    this.ip = ip;
    this.ports = localPort << 16 | guestPort;
  }

  /** Says that both sides have offered timestamps. */
  void useTimestamps() {
    timestamps = true;
  }

  boolean timestamps() {
    return timestamps;
  }

  /** Bytes of options in a segment with data. */
  int dataOptions() {
    return timestamps ? TIMESTAMPS_LENGTH : 0;
  }

  /** The most payload that a super-frame to the guest can hold. */
  int largestPayload() {
    return 65535 - ip.length() - Tcp.HEADER_LENGTH - dataOptions();
  }

  /**
   * Writes a segment without SYN around payload that lies in the frame.
   *
   * @param frame a frame with {@link #HEADROOM} before the payload
   * @param payload index of the payload
   * @param length bytes of payload
   * @param mss bytes of payload a wire segment
   * @param sack what is missing, or an empty queue
   */
  void write(
      ByteBuf frame,
      int payload,
      int length,
      int seq,
      int ack,
      int flags,
      int window,
      int mss,
      SackBlocks sack) {
    int options = dataOptions();
    int blocks = 0;
    if (sack.count() > 0) {
      // RFC 2018 section 3: as many as fit, four without timestamps and three with.
      blocks = Math.min(sack.count(), (MOST_OPTIONS - options - 4) / 8);
      options += 4 + 8 * blocks;
    }
    int header = Tcp.HEADER_LENGTH + options;
    int tcp = payload - header;
    int at = tcp + Tcp.HEADER_LENGTH;
    if (timestamps) {
      frame.setInt(at, 0x0101080a);
      frame.setInt(at + 4, tsValue);
      frame.setInt(at + 8, tsRecent);
      at += TIMESTAMPS_LENGTH;
    }
    if (blocks > 0) {
      frame.setInt(at, 0x01010500 | 2 + 8 * blocks);
      for (int i = 0; i < blocks; i++) {
        frame.setInt(at + 4 + 8 * i, sack.start(i));
        frame.setInt(at + 8 + 8 * i, sack.end(i));
      }
    }
    finish(frame, tcp, header, length, seq, ack, flags, window, mss);
  }

  /**
   * Writes a SYN or SYN,ACK.
   *
   * @param frame a frame with {@link #HEADROOM} before the payload
   * @param payload index behind the header
   * @param shift the window scale to offer, or -1 for none
   */
  void writeSyn(
      ByteBuf frame,
      int payload,
      int seq,
      int ack,
      int flags,
      int window,
      int mss,
      int shift,
      boolean sackPermitted,
      boolean offerTimestamps) {
    int options = 4 + (shift >= 0 ? 4 : 0) + (offerTimestamps ? 12 : 0) + (sackPermitted ? 4 : 0);
    int header = Tcp.HEADER_LENGTH + options;
    int tcp = payload - header;
    int at = tcp + Tcp.HEADER_LENGTH;
    frame.setInt(at, 0x02040000 | mss);
    at += 4;
    if (sackPermitted) {
      frame.setInt(at, 0x01010402);
      at += 4;
    }
    if (offerTimestamps) {
      frame.setInt(at, 0x0101080a);
      frame.setInt(at + 4, tsValue);
      frame.setInt(at + 8, tsRecent);
      at += 12;
    }
    if (shift >= 0) {
      frame.setInt(at, 0x01030300 | shift);
    }
    finish(frame, tcp, header, 0, seq, ack, flags | Tcp.SYN, window, mss);
  }

  private void finish(
      ByteBuf frame,
      int tcp,
      int header,
      int length,
      int seq,
      int ack,
      int flags,
      int window,
      int mss) {
    int size = header + length;
    frame.setInt(tcp, ports);
    frame.setInt(tcp + 4, seq);
    frame.setInt(tcp + 8, ack);
    frame.setInt(tcp + 12, header << 26 | flags << 16 | window);
    frame.setInt(tcp + 16, ip.pseudoSum(size) << 16);
    int network = tcp - ip.length();
    ip.write(frame, network, size);
    int ethernet = network - ETHERNET;
    int offload = ethernet - OffloadHeader.LENGTH;
    boolean large = length > mss;
    OffloadHeader.set(
        frame,
        offload,
        OffloadHeader.NEEDS_CSUM,
        large ? ip.tcpGsoType() : OffloadHeader.GSO_NONE,
        large ? tcp + header - ethernet : 0,
        large ? mss : 0,
        tcp - ethernet,
        Tcp.CHECKSUM_OFFSET);
    frame.setIndex(offload, tcp + size);
  }

  IpHeader ip() {
    return ip;
  }
}
