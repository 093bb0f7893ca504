package io.lanyard.vswitch.frame;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;

/**
 * A frame read a second time, byte by byte, by nothing of the product's: what a test holds against
 * what the switch makes of it. Tags with a priority alone are left out, as a switch does.
 */
public final class WireFrame {
  private static final int HEADER = 12;
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int FIN_PSH = 0x09;
  private static final int CWR = 0x80;

  private final byte[] bytes;
  private final boolean unfinished;
  private final int gsoType;
  private final int gsoSize;
  private final int checksumStart;
  private final int checksumOffset;
  private final int network;
  private final boolean cut;

  /**
   * Copies a frame.
   *
   * @param frame offload header at the reader index, at least an Ethernet header behind it
   */
  public WireFrame(ByteBuf frame) {
    byte[] all = new byte[frame.readableBytes()];
    frame.getBytes(frame.readerIndex(), all);
    int tags = 0;
    for (int at = HEADER + 12;
        isTag(all, at) && all.length >= at + 6 && (word(all, at + 2) & 0xfff) == 0;
        at += 4) {
      tags += 4;
    }
    unfinished = (all[0] & 1) != 0;
    gsoType = all[1] & 255;
    gsoSize = little(all, 4);
    checksumStart = little(all, 6) - tags;
    checksumOffset = little(all, 8);
    bytes = Arrays.copyOfRange(all, HEADER + tags, all.length);
    System.arraycopy(all, HEADER, bytes, 0, 12);
    int at = 14;
    for (int more = 0; more < 2 && isTag(bytes, at - 2); more++) {
      at += 4;
    }
    cut = at > bytes.length;
    network = Math.min(at, bytes.length);
  }

  private static boolean isTag(byte[] b, int at) {
    return b.length >= at + 2 && (word(b, at) == 0x8100 || word(b, at) == 0x88a8);
  }

  private static int little(byte[] b, int at) {
    return (b[at] & 255) | (b[at + 1] & 255) << 8;
  }

  private static int word(byte[] b, int at) {
    return (b[at] & 255) << 8 | (b[at + 1] & 255);
  }

  /**
   * A byte of the frame.
   *
   * @param at where, from the first byte of its destination
   * @return 0 to 255
   */
  public int octet(int at) {
    return bytes[at] & 255;
  }

  /**
   * Two bytes of the frame.
   *
   * @param at where
   * @return 0 to 65535
   */
  public int word(int at) {
    return word(bytes, at);
  }

  /**
   * Four bytes of the frame.
   *
   * @param at where
   * @return any value
   */
  public int number(int at) {
    return word(at) << 16 | word(at + 2);
  }

  /**
   * Six bytes of the frame.
   *
   * @param at where
   * @return 48 bits
   */
  public long mac(int at) {
    return (long) word(at) << 32 | Integer.toUnsignedLong(number(at + 2));
  }

  /**
   * Bytes of the frame.
   *
   * @param at where
   * @param length how many
   * @return a copy
   */
  public byte[] bytes(int at, int length) {
    return Arrays.copyOfRange(bytes, at, at + length);
  }

  /**
   * Where the packet begins.
   *
   * @return bytes, behind at most two tags
   */
  public int network() {
    return network;
  }

  /**
   * The type behind the tags.
   *
   * @return 16 bits; 0 if the frame ends within a tag
   */
  public int type() {
    return cut ? 0 : word(network - 2);
  }

  /**
   * The source address.
   *
   * @return 48 bits
   */
  public long source() {
    return mac(6);
  }

  /**
   * The destination address.
   *
   * @return 48 bits
   */
  public long destination() {
    return mac(0);
  }

  private boolean isSuper() {
    return gsoType != 0;
  }

  private boolean isUdp() {
    return (gsoType & 0x7f) == 5;
  }

  /** Bytes in front of a super-frame's payload. */
  private int headers() {
    return checksumStart + (isUdp() ? 8 : (bytes[checksumStart + 12] & 0xf0) >>> 2);
  }

  /**
   * The largest packet that the frame stands for.
   *
   * @return bytes behind the tags
   */
  public int largestPacket() {
    int longest = isSuper() ? Math.min(bytes.length, headers() + gsoSize) : bytes.length;
    return longest - network;
  }

  /**
   * The frame's bytes on the wire.
   *
   * @param segments the frames that it stands for
   * @return bytes, the headers of each counted
   */
  public int wireBytes(int segments) {
    return isSuper() ? bytes.length + (segments - 1) * headers() : bytes.length;
  }

  /**
   * Fails unless frames that left say what one said that came in: they are that frame, perhaps with
   * its checksum finished, or its segments.
   *
   * @param sent as it came in
   * @param got all that has left by one port
   */
  public static void saysWhat(WireFrame sent, List<WireFrame> got) {
    if (sent.isSuper() && !got.getFirst().isSuper()) {
      sent.isCutInto(got);
      return;
    }
    assertThat(got).hasSize(1);
    byte[] left = got.getFirst().bytes.clone();
    byte[] came = sent.bytes.clone();
    if (sent.unfinished && !got.getFirst().unfinished) {
      int at = sent.checksumStart + sent.checksumOffset;
      Arrays.fill(left, at, at + 2, (byte) 0);
      Arrays.fill(came, at, at + 2, (byte) 0);
    }
    assertThat(left).isEqualTo(came);
  }

  private void isCutInto(List<WireFrame> segments) {
    ByteArrayOutputStream payload = new ByteArrayOutputStream();
    int headers = headers();
    for (int i = 0; i < segments.size(); i++) {
      WireFrame segment = segments.get(i);
      boolean last = i == segments.size() - 1;
      int length = segment.bytes.length - headers;
      assertThat(length).isBetween(0, gsoSize);
      if (!last) {
        assertThat(length).isEqualTo(gsoSize);
      }
      payload.write(segment.bytes, headers, length);
      hasIp(segment, i);
      if (isUdp()) {
        hasUdp(segment);
      } else {
        hasTcp(segment, i, last);
      }
    }
    assertThat(payload.toByteArray()).isEqualTo(Arrays.copyOfRange(bytes, headers, bytes.length));
  }

  /** Fails unless the frame holds a whole IPv4 packet, its lengths and its checksum right. */
  public void isWholeIpv4() {
    int header = (octet(network) & 15) * 4;
    assertThat(octet(network) >>> 4).isEqualTo(4);
    assertThat(header).isBetween(20, bytes.length - network);
    assertThat(word(network + 2)).isEqualTo(bytes.length - network);
    assertThat(sum(bytes, network, header)).isEqualTo(0xffff);
  }

  /** Whether version and length of an IPv6 packet are right. */
  public void isWholeIpv6() {
    assertThat(octet(network) >>> 4).isEqualTo(6);
    assertThat(word(network + 4)).isEqualTo(bytes.length - network - 40);
  }

  private boolean isIpv4() {
    return type() == 0x0800;
  }

  private void hasIp(WireFrame segment, int index) {
    byte[] here = Arrays.copyOf(bytes, checksumStart);
    byte[] there = Arrays.copyOf(segment.bytes, checksumStart);
    int length = segment.bytes.length - network;
    if (isIpv4()) {
      assertThat(segment.word(network + 2)).isEqualTo(length);
      assertThat(segment.word(network + 4)).isEqualTo(word(network + 4) + index & 0xffff);
      assertThat(sum(segment.bytes, network, checksumStart - network)).isEqualTo(0xffff);
      for (byte[] header : List.of(here, there)) {
        Arrays.fill(header, network + 2, network + 6, (byte) 0);
        Arrays.fill(header, network + 10, network + 12, (byte) 0);
      }
    } else {
      assertThat(segment.word(network + 4)).isEqualTo(length - 40);
      for (byte[] header : List.of(here, there)) {
        Arrays.fill(header, network + 4, network + 6, (byte) 0);
      }
    }
    assertThat(there).isEqualTo(here);
  }

  private void hasUdp(WireFrame segment) {
    int at = checksumStart;
    assertThat(segment.number(at)).isEqualTo(number(at));
    assertThat(segment.word(at + 4)).isEqualTo(segment.bytes.length - at);
    assertThat(segment.word(at + 6)).isNotZero();
    hasChecksum(segment, UDP);
  }

  private void hasTcp(WireFrame segment, int index, boolean last) {
    int at = checksumStart;
    assertThat(segment.number(at)).isEqualTo(number(at));
    assertThat(segment.number(at + 4)).isEqualTo(number(at + 4) + index * gsoSize);
    assertThat(segment.number(at + 8)).isEqualTo(number(at + 8));
    int flags = bytes[at + 13] & ~(last ? 0 : FIN_PSH) & ~(index == 0 ? 0 : CWR);
    assertThat(segment.bytes[at + 12]).isEqualTo(bytes[at + 12]);
    assertThat(segment.bytes[at + 13] & 255).isEqualTo(flags & 255);
    assertThat(segment.word(at + 14)).isEqualTo(word(at + 14));
    assertThat(Arrays.copyOfRange(segment.bytes, at + 18, headers()))
        .isEqualTo(Arrays.copyOfRange(bytes, at + 18, headers()));
    hasChecksum(segment, TCP);
  }

  /** Behind extension headers only the sender knows what its sum is over. */
  private void hasChecksum(WireFrame segment, int protocol) {
    int length = segment.bytes.length - checksumStart;
    if (isIpv4()) {
      int pseudo = sum(segment.bytes, network + 12, 8) + protocol + length;
      assertThat(fold(pseudo + sum(segment.bytes, checksumStart, length))).isEqualTo(0xffff);
    } else if (checksumStart == network + 40) {
      int pseudo = sum(segment.bytes, network + 8, 32) + protocol + length;
      assertThat(fold(pseudo + sum(segment.bytes, checksumStart, length))).isEqualTo(0xffff);
    }
  }

  /** The sum of RFC 1071, bytes two by two. */
  private static int sum(byte[] b, int at, int length) {
    int sum = 0;
    for (int i = 0; i < length; i++) {
      sum = fold(sum + ((b[at + i] & 255) << ((i & 1) == 0 ? 8 : 0)));
    }
    return sum;
  }

  private static int fold(int sum) {
    return (sum & 0xffff) + (sum >>> 16) > 0xffff
        ? (sum & 0xffff) + (sum >>> 16) - 0xffff
        : (sum & 0xffff) + (sum >>> 16);
  }
}
