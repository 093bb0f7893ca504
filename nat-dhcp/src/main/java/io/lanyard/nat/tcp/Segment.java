package io.lanyard.nat.tcp;

import io.lanyard.nat.gateway.Packet;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;

/**
 * A segment that came from a guest, taken apart. One object serves an engine for all its segments;
 * it is valid while the frame is lent.
 */
@SuppressWarnings("NullAway.Init") // parsed before anybody looks
final class Segment {
  /** Blocks that a SACK option can hold at most (RFC 2018 section 3). */
  static final int MOST_BLOCKS = 4;

  private static final int END = 0;
  private static final int NO_OPERATION = 1;
  private static final int MSS = 2;
  private static final int WINDOW_SCALE = 3;
  private static final int SACK_PERMITTED = 4;
  private static final int SACK = 5;
  private static final int TIMESTAMPS = 8;

  /** RFC 7323 section 2.3: a larger shift is taken as this. */
  private static final int LARGEST_SHIFT = 14;

  Packet packet;
  int sourcePort;
  int destinationPort;
  int seq;
  int ack;
  int flags;
  int window;
  int payload;
  int length;

  /** The MSS option, or 0. */
  int mss;

  /** The window scale option, or -1. */
  int shift;

  boolean sackPermitted;
  boolean timestamps;
  int tsValue;
  int tsEcho;
  int blocks;
  final int[] blockStart = new int[MOST_BLOCKS];
  final int[] blockEnd = new int[MOST_BLOCKS];

  boolean syn() {
    return (flags & Tcp.SYN) != 0;
  }

  boolean fin() {
    return (flags & Tcp.FIN) != 0;
  }

  boolean rst() {
    return (flags & Tcp.RST) != 0;
  }

  boolean hasAck() {
    return (flags & Tcp.ACK) != 0;
  }

  /** SEG.LEN: payload, and one each for SYN and FIN. */
  int span() {
    return length + (syn() ? 1 : 0) + (fin() ? 1 : 0);
  }

  int end() {
    return seq + span();
  }

  /**
   * Takes a segment apart.
   *
   * @param from the packet, whose IP header the gateway has checked
   * @return false if the header is impossible
   */
  boolean parse(Packet from) {
    packet = from;
    return from.end() - from.transport() >= Tcp.HEADER_LENGTH
        && parseTcp(from.frame(), from.transport(), from.end());
  }

  private boolean parseTcp(ByteBuf from, int tcp, int end) {
    int ports = from.getInt(tcp);
    sourcePort = ports >>> 16;
    destinationPort = ports & 0xffff;
    seq = from.getInt(tcp + 4);
    ack = from.getInt(tcp + 8);
    int word = from.getInt(tcp + 12);
    int header = (word >>> 28) * 4;
    flags = (word >>> 16) & 0xff;
    window = word & 0xffff;
    payload = tcp + header;
    length = end - payload;
    if (header < Tcp.HEADER_LENGTH || length < 0) {
      return false;
    }
    mss = 0;
    shift = -1;
    sackPermitted = false;
    timestamps = false;
    blocks = 0;
    return header == Tcp.HEADER_LENGTH || parseOptions(from, tcp + Tcp.HEADER_LENGTH, payload);
  }

  private boolean parseOptions(ByteBuf from, int begin, int end) {
    int at = begin;
    // What Linux and most others send with every data segment (RFC 7323 appendix A).
    if (end - at == 12 && from.getInt(at) == 0x0101080a) {
      timestamps = true;
      tsValue = from.getInt(at + 4);
      tsEcho = from.getInt(at + 8);
      return true;
    }
    while (at < end) {
      int kind = from.getUnsignedByte(at);
      if (kind == END) {
        return true;
      }
      if (kind == NO_OPERATION) {
        at++;
        continue;
      }
      if (at + 1 >= end) {
        return false;
      }
      int size = from.getUnsignedByte(at + 1);
      if (size < 2 || at + size > end) {
        return false;
      }
      parseOption(from, kind, at + 2, size - 2);
      at += size;
    }
    return true;
  }

  /** Options of an unexpected length are ignored, as unknown ones are (RFC 9293 section 3.1). */
  private void parseOption(ByteBuf from, int kind, int at, int size) {
    switch (kind) {
      case MSS -> {
        if (size == 2) {
          mss = from.getUnsignedShort(at);
        }
      }
      case WINDOW_SCALE -> {
        if (size == 1) {
          shift = Math.min(from.getUnsignedByte(at), LARGEST_SHIFT);
        }
      }
      case SACK_PERMITTED -> {
        if (size == 0) {
          sackPermitted = true;
        }
      }
      case TIMESTAMPS -> {
        if (size == 8) {
          timestamps = true;
          tsValue = from.getInt(at);
          tsEcho = from.getInt(at + 4);
        }
      }
      case SACK -> {
        if (size % 8 == 0) {
          blocks = Math.min(size / 8, MOST_BLOCKS);
          for (int i = 0; i < blocks; i++) {
            blockStart[i] = from.getInt(at + 8 * i);
            blockEnd[i] = from.getInt(at + 8 * i + 4);
          }
        }
      }
      default -> {
        // RFC 9293 section 3.1: unknown options are skipped.
      }
    }
  }

  /**
   * Checks the checksum of the segment that was parsed last, unless the offload header says that it
   * is unfinished or vouched for.
   *
   * @return true if the bytes can be trusted
   */
  boolean checksumHolds() {
    if (packet.vouched()) {
      return true;
    }
    int size = packet.end() - packet.transport();
    long sum = Checksum.sum(packet.frame(), packet.transport(), size);
    return Checksum.finish(packet.pseudoSum(size) + sum) == 0;
  }

  /**
   * Drops payload from the front, and a SYN with it.
   *
   * @param bytes sequence numbers to drop, at most {@link #span}
   */
  void trimFront(int bytes) {
    int left = bytes;
    if (left > 0 && syn()) {
      flags &= ~Tcp.SYN;
      seq++;
      left--;
    }
    int cut = Math.min(left, length);
    seq += cut;
    payload += cut;
    length -= cut;
    if (left > cut && fin()) {
      flags &= ~Tcp.FIN;
      seq++;
    }
  }

  /**
   * Drops what lies beyond an edge.
   *
   * @param edge the first sequence number to drop, not before {@link #seq}
   */
  void trimBack(int edge) {
    int surplus = end() - edge;
    if (surplus <= 0) {
      return;
    }
    if (fin()) {
      flags &= ~Tcp.FIN;
      surplus--;
    }
    length -= Math.min(surplus, length);
  }
}
