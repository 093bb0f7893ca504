package io.lanyard.vswitch;

import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * A frame that tells other switches where a MAC address is now, without knowing any IP address of
 * it: a broadcast of RARP, that is answered by nobody (RFC 903; QEMU sends the same after a
 * migration).
 */
final class Announcement {
  private static final int ETHERNET = 1;
  private static final int IPV4 = 0x0800;
  private static final int REQUEST_REVERSE = 3;

  /** The shortest frame of Ethernet, without its check sequence. */
  private static final int LENGTH = 60;

  private Announcement() {}

  /**
   * Makes the frame.
   *
   * @return belongs to the caller
   */
  static ByteBuf of(long mac, ByteBufAllocator allocator) {
    int whole = OffloadHeader.LENGTH + LENGTH;
    ByteBuf frame = allocator.directBuffer(whole, whole);
    frame.setZero(0, whole);
    int at = OffloadHeader.LENGTH;
    put(frame, at, Ethernet.BROADCAST);
    put(frame, at + 6, mac);
    frame.setShort(at + 12, Ethernet.TYPE_RARP);
    frame.setShort(at + 14, ETHERNET);
    frame.setShort(at + 16, IPV4);
    frame.setByte(at + 18, 6);
    frame.setByte(at + 19, 4);
    frame.setShort(at + 20, REQUEST_REVERSE);
    put(frame, at + 22, mac); // of the sender, whose IP address is not said
    put(frame, at + 32, mac); // of whom it asks
    return frame.writerIndex(whole);
  }

  private static void put(ByteBuf frame, int at, long mac) {
    frame.setShort(at, (int) (mac >>> 32));
    frame.setInt(at + 2, (int) mac);
  }
}
