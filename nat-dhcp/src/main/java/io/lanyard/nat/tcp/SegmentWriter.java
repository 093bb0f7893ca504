package io.lanyard.nat.tcp;

/** Writes the headers of a segment into a frame. */
final class SegmentWriter {
  /** Offload header, Ethernet, the longest IP header (IPv6), the longest TCP header. */
  static final int HEADROOM = 12 + 14 + 40 + 60;

  private SegmentWriter() {}
}
