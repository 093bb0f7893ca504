package io.lanyard.net;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * An Ethernet address of one station.
 *
 * @param bits 48 bits, in the low end
 */
public record MacAddress(long bits) {
  /** Checks the range. */
  public MacAddress {
    if (bits >>> 48 != 0) {
      throw new IllegalArgumentException("a MAC address has 48 bits");
    }
  }

  /**
   * Reads six hexadecimal octets with colons or hyphens between them.
   *
   * @param text such as {@code 52:54:00:00:00:10}
   * @return the address
   * @throws IllegalArgumentException with what is wrong; group addresses and zero are refused
   */
  public static MacAddress parse(String text) {
    if (!text.matches("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}|[0-9a-fA-F]{2}(-[0-9a-fA-F]{2}){5}")) {
      throw new IllegalArgumentException("a MAC address is six octets in hexadecimal");
    }
    long bits = Long.parseLong(text.replaceAll("[:-]", ""), 16);
    if ((bits >>> 40 & 1) != 0) {
      throw new IllegalArgumentException("it is a group address (its first octet is odd)");
    }
    if (bits == 0) {
      throw new IllegalArgumentException("it is all zeros");
    }
    return new MacAddress(bits);
  }

  /**
   * An address that is always the same for the same name: QEMU's prefix 52:54:00 and 24 bits of a
   * hash.
   *
   * @param name the name of what has the address
   * @return the address
   */
  public static MacAddress derivedFrom(String name) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(name.getBytes(UTF_8));
      return new MacAddress(
          0x52_54_00_00_00_00L
              | ((hash[0] & 255) << 16)
              | ((hash[1] & 255) << 8)
              | (hash[2] & 255));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MacAddress that && bits == that.bits;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(bits);
  }

  /** Lower-case octets with colons. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(17);
    for (int shift = 40; shift >= 0; shift -= 8) {
      text.append(Character.forDigit((int) (bits >>> (shift + 4)) & 15, 16));
      text.append(Character.forDigit((int) (bits >>> shift) & 15, 16));
      if (shift > 0) {
        text.append(':');
      }
    }
    return text.toString();
  }
}
