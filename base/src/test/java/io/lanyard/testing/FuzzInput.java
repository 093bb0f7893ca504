package io.lanyard.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/**
 * The bytes of a fuzz test's input, read as the steps of a scene. An input that is spent reads as
 * zeros, so that every input is a scene and the mutations of a good one stay near it.
 *
 * <p>Numbers are big-endian, so that a seed can be written by hand.
 */
public final class FuzzInput {
  private final byte[] bytes;
  private int at;

  /**
   * Begins at the first byte.
   *
   * @param bytes the input; not changed
   */
  public FuzzInput(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * Whether something is left.
   *
   * @return false when the input is spent
   */
  public boolean hasNext() {
    return at < bytes.length;
  }

  /**
   * Reads a byte.
   *
   * @return 0 to 255
   */
  public int octet() {
    return at < bytes.length ? bytes[at++] & 255 : 0;
  }

  /**
   * Reads a choice.
   *
   * @param bound how many there are, 1 to 256
   * @return 0 to {@code bound} - 1
   */
  public int choice(int bound) {
    return octet() % bound;
  }

  /**
   * Reads 16 bits.
   *
   * @return 0 to 65535
   */
  public int word() {
    return octet() << 8 | octet();
  }

  /**
   * Reads 32 bits.
   *
   * @return any value
   */
  public int number() {
    return word() << 16 | word();
  }

  /**
   * Reads 64 bits.
   *
   * @return any value
   */
  public long longNumber() {
    return (long) number() << 32 | Integer.toUnsignedLong(number());
  }

  /**
   * Reads bytes.
   *
   * @param most how many, if there are as many
   * @return a copy
   */
  public byte[] bytes(int most) {
    byte[] part = Arrays.copyOfRange(bytes, at, at + Math.min(most, bytes.length - at));
    at += part.length;
    return part;
  }

  /**
   * Reads a length of 16 bits, and as many bytes if there are.
   *
   * @return a copy
   */
  public byte[] chunk() {
    return bytes(word());
  }

  /**
   * Reads all that is left.
   *
   * @return a copy
   */
  public byte[] rest() {
    return bytes(bytes.length - at);
  }

  /**
   * Reads all that is left as text.
   *
   * @return UTF-8, with replacements where it is none
   */
  public String text() {
    return new String(rest(), UTF_8);
  }
}
