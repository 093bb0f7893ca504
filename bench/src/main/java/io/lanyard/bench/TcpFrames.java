package io.lanyard.bench;

import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

/** Frames of a TCP stream from one guest to another, as a TAP device hands them over. */
final class TcpFrames {
  static final long FROM = 0x52_54_00_00_00_01L;
  static final long TO = 0x52_54_00_00_00_02L;

  private static final int ETHERNET = 14;
  private static final int HEADERS = ETHERNET + 20 + 20;
  private static final int SOURCE = 0x0a4d0009;
  private static final int DESTINATION = 0x0a4d000a;
  private static final int ACK = 0x10;

  /** Where the checksum lies in a TCP header. */
  private static final int CHECKSUM_OFFSET = 16;

  private TcpFrames() {}

  /** The whole frame, its checksum finished. */
  static ByteBuf finished(int payload) {
    ByteBuf frame = frame(payload);
    OffloadHeader.clear(frame, 0);
    int tcp = OffloadHeader.LENGTH + ETHERNET + 20;
    Tcp.setChecksum(frame, tcp, Checksum.transport4(frame, tcp - 20, 6, tcp, 20 + payload));
    return frame;
  }

  /** A super-frame that is still to be cut into segments, its checksum unfinished. */
  static ByteBuf superFrame(int payload, int segment) {
    ByteBuf frame = frame(payload);
    OffloadHeader.set(
        frame,
        0,
        OffloadHeader.NEEDS_CSUM,
        OffloadHeader.GSO_TCPV4,
        HEADERS,
        segment,
        ETHERNET + 20,
        CHECKSUM_OFFSET);
    long pseudo = Checksum.pseudo4(SOURCE, DESTINATION, 6, 20 + payload);
    Tcp.setChecksum(frame, OffloadHeader.LENGTH + ETHERNET + 20, Checksum.fold(pseudo));
    return frame;
  }

  private static ByteBuf frame(int payload) {
    int length = OffloadHeader.LENGTH + HEADERS + payload;
    ByteBuf frame = PooledByteBufAllocator.DEFAULT.directBuffer(length);
    frame.writeZero(length);
    int at = OffloadHeader.LENGTH;
    Ethernet.write(frame, at, TO, FROM, 0x0800);
    Ipv4.write(frame, at + ETHERNET, 40 + payload, 1, 0x4000, 64, 6, SOURCE, DESTINATION);
    Tcp.write(frame, at + ETHERNET + 20, 40_000, 5201, 1, 1, 20, ACK, 0xffff);
    return frame;
  }
}
