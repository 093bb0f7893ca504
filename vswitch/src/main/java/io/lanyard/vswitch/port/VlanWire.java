package io.lanyard.vswitch.port;

import io.lanyard.linux.Errno;
import io.lanyard.linux.HostInterface;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One VLAN of an interface's frames: those with its tag come in without it, and what leaves gets
 * it.
 *
 * <p>Its kernel filter keeps the frames of other VLANs away; the few that were queued before it was
 * there are read past.
 */
final class VlanWire implements Wire {
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final MemorySegment MEMORY = allMemory();

  /** Frames of others that are read past in one call; then it is another's turn. */
  private static final int MOST_OTHERS = 64;

  /** The headers and a tag: a frame that has less in one piece has none. */
  private static final int LEAST = OffloadHeader.LENGTH + Ethernet.HEADER_LENGTH;

  private final Wire wire;
  private final VlanTag tag;
  private long source;

  /**
   * Makes one.
   *
   * @param wire the interface's frames
   * @param tag the VLAN's; closed with this
   */
  VlanWire(Wire wire, VlanTag tag) {
    this.wire = wire;
    this.tag = tag;
  }

  @SuppressWarnings("restricted") // addresses come from the port's own buffers
  private static MemorySegment allMemory() {
    return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  }

  @Override
  public int read(long vectors, int count) {
    for (int i = 0; i < MOST_OTHERS; i++) {
      int length = wire.read(vectors, count);
      if (length < 0) {
        return length;
      }
      long start = MEMORY.get(LONG, vectors) - wire.lead();
      if (length >= LEAST && tag.isOn(start, length)) {
        source = wire.source();
        tag.untag(start);
        return length - Ethernet.TAG_LENGTH;
      }
    }
    return -Errno.EAGAIN;
  }

  /** {@inheritDoc} It begins behind the first place where the tag lay in the frame. */
  @Override
  public int lead() {
    return wire.lead() - Ethernet.TAG_LENGTH;
  }

  @Override
  public long source() {
    return source;
  }

  @Override
  public int write(long address, int length) {
    int sent = wire.write(tag.tagged(address, length), length + Ethernet.TAG_LENGTH);
    return sent < 0 ? sent : length;
  }

  @Override
  public HostInterface at() {
    return wire.at();
  }

  @Override
  public int fd() {
    return wire.fd();
  }

  @Override
  public int missed() {
    return wire.missed();
  }

  @Override
  public int unsent() {
    return wire.unsent();
  }

  @Override
  public void admit(long mac) {
    wire.admit(mac);
  }

  @Override
  public void follow(HostInterface now) {
    wire.follow(now);
  }

  @Override
  public String ended() {
    return wire.ended();
  }

  @Override
  public Offloads offloads() {
    return wire.offloads();
  }

  @Override
  public void close() {
    wire.close();
    tag.close();
  }
}
