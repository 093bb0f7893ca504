package io.lanyard.nat.tcp;

import io.lanyard.nat.gateway.TestPackets;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A segment that the engine sent, taken apart and with its headers checked. */
record Sent(
    int seq,
    int ack,
    int flags,
    int window,
    int mss,
    int shift,
    boolean sackPermitted,
    boolean timestamps,
    int tsValue,
    int tsEcho,
    List<Integer> blocks,
    int gsoSize,
    String text) {

  static Sent of(ByteBuf frame) {
    int offload = frame.readerIndex();
    Family family = Family.of(frame);
    family.check(frame);
    ByteBuf copy = frame.copy();
    try {
      Checksum.complete(copy);
      OffloadHeader.clear(copy, copy.readerIndex());
      Segment s = new Segment();
      if (!s.parse(TestPackets.toGateway(family.guest, copy)) || !s.checksumHolds()) {
        throw new AssertionError("bad segment");
      }
      byte[] payload = new byte[s.length];
      copy.getBytes(s.payload, payload);
      List<Integer> blocks = new ArrayList<>();
      for (int i = 0; i < s.blocks; i++) {
        blocks.add(s.blockStart[i]);
        blocks.add(s.blockEnd[i]);
      }
      return new Sent(
          s.seq,
          s.ack,
          s.flags,
          s.window,
          s.mss,
          s.shift,
          s.sackPermitted,
          s.timestamps,
          s.tsValue,
          s.tsEcho,
          blocks,
          OffloadHeader.gsoSize(frame, offload),
          new String(payload, StandardCharsets.ISO_8859_1));
    } finally {
      copy.release();
    }
  }

  boolean is(int wanted) {
    return (flags & ~Tcp.PSH) == wanted;
  }
}
