package io.lanyard.vswitch.frame;

import io.netty.buffer.ByteBuf;

/** ARP for IPv4 over Ethernet (RFC 826). {@code at} is the index of its first byte. */
public final class Arp {
  /** Bytes of a packet. */
  public static final int LENGTH = 28;

  /** Operation: who has the target address. */
  public static final int REQUEST = 1;

  /** Operation: the sender has its address. */
  public static final int REPLY = 2;

  private Arp() {}

  /**
   * Reads the operation.
   *
   * @param b the buffer
   * @param at index of the header
   * @return {@link #REQUEST}, {@link #REPLY}, or another
   */
  public static int operation(ByteBuf b, int at) {
    return b.getUnsignedShort(at + 6);
  }

  /**
   * Writes the operation.
   *
   * @param b the buffer
   * @param at index of the header
   * @param value {@link #REQUEST}, {@link #REPLY}, or another
   */
  public static void setOperation(ByteBuf b, int at, int value) {
    b.setShort(at + 6, value);
  }

  /**
   * Reads the sender's MAC address.
   *
   * @param b the buffer
   * @param at index of the header
   * @return the low 48 bits
   */
  public static long senderMac(ByteBuf b, int at) {
    return Ethernet.mac(b, at + 8);
  }

  /**
   * Writes the sender's MAC address.
   *
   * @param b the buffer
   * @param at index of the header
   * @param value the low 48 bits
   */
  public static void setSenderMac(ByteBuf b, int at, long value) {
    Ethernet.setMac(b, at + 8, value);
  }

  /**
   * Reads the sender's IPv4 address.
   *
   * @param b the buffer
   * @param at index of the header
   * @return the address
   */
  public static int senderAddress(ByteBuf b, int at) {
    return b.getInt(at + 14);
  }

  /**
   * Writes the sender's IPv4 address.
   *
   * @param b the buffer
   * @param at index of the header
   * @param value the address
   */
  public static void setSenderAddress(ByteBuf b, int at, int value) {
    b.setInt(at + 14, value);
  }

  /**
   * Reads the target's MAC address.
   *
   * @param b the buffer
   * @param at index of the header
   * @return the low 48 bits
   */
  public static long targetMac(ByteBuf b, int at) {
    return Ethernet.mac(b, at + 18);
  }

  /**
   * Writes the target's MAC address.
   *
   * @param b the buffer
   * @param at index of the header
   * @param value the low 48 bits
   */
  public static void setTargetMac(ByteBuf b, int at, long value) {
    Ethernet.setMac(b, at + 18, value);
  }

  /**
   * Reads the target's IPv4 address.
   *
   * @param b the buffer
   * @param at index of the header
   * @return the address
   */
  public static int targetAddress(ByteBuf b, int at) {
    return b.getInt(at + 24);
  }

  /**
   * Writes the target's IPv4 address.
   *
   * @param b the buffer
   * @param at index of the header
   * @param value the address
   */
  public static void setTargetAddress(ByteBuf b, int at, int value) {
    b.setInt(at + 24, value);
  }

  /**
   * Checks that a whole packet for IPv4 over Ethernet is there.
   *
   * @param b the buffer
   * @param at index of the packet
   * @param end index behind the frame
   * @return whether it may be read
   */
  public static boolean check(ByteBuf b, int at, int end) {
    return end - at >= LENGTH
        && b.getInt(at) == (1 << 16 | Ethernet.TYPE_IPV4)
        && b.getShort(at + 4) == 0x0604;
  }

  /**
   * Writes a packet.
   *
   * @param b the buffer
   * @param at index of the packet
   * @param operation {@link #REQUEST} or {@link #REPLY}
   * @param senderMac the sender's MAC address
   * @param senderAddress the sender's IPv4 address
   * @param targetMac the target's MAC address; 0 in a request
   * @param targetAddress the target's IPv4 address
   */
  public static void write(
      ByteBuf b,
      int at,
      int operation,
      long senderMac,
      int senderAddress,
      long targetMac,
      int targetAddress) {
    b.setInt(at, 1 << 16 | Ethernet.TYPE_IPV4);
    b.setShort(at + 4, 0x0604);
    setOperation(b, at, operation);
    setSenderMac(b, at, senderMac);
    setSenderAddress(b, at, senderAddress);
    setTargetMac(b, at, targetMac);
    setTargetAddress(b, at, targetAddress);
  }
}
