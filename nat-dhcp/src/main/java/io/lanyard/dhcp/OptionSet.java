package io.lanyard.dhcp;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The options of one message, in the order in which they came.
 *
 * <p>Small arrays, since a message has about ten of the 254 options there are, and a busy server
 * reads many messages.
 */
final class OptionSet {
  private static final byte[] EMPTY = {};

  private byte[] codes = new byte[16];
  private byte[][] values = new byte[16][];
  private int size;

  byte @Nullable [] get(int code) {
    int at = indexOf(code);
    return at < 0 ? null : values[at];
  }

  boolean has(int code) {
    return indexOf(code) >= 0;
  }

  private int indexOf(int code) {
    for (int i = 0; i < size; i++) {
      if ((codes[i] & 255) == code) {
        return i;
      }
    }
    return -1;
  }

  /**
   * Reads one field of options; what occurs again is appended (RFC 3396 section 7).
   *
   * @return false if the field is malformed
   */
  boolean read(ByteBuf in, int from, int end) {
    int at = from;
    while (at < end) {
      int code = in.getUnsignedByte(at++);
      if (code == DhcpOption.PAD) {
        continue;
      }
      if (code == DhcpOption.END) {
        return true;
      }
      if (at >= end) {
        return false;
      }
      int length = in.getUnsignedByte(at++);
      if (length > end - at) {
        return false;
      }
      append(in, at, code, length);
      at += length;
    }
    return true; // Some clients leave the end option out when the field is full.
  }

  private void append(ByteBuf in, int at, int code, int length) {
    int index = indexOf(code);
    if (index < 0) {
      index = size++;
      if (index == codes.length) {
        codes = Arrays.copyOf(codes, 2 * index);
        values = Arrays.copyOf(values, 2 * index);
      }
      codes[index] = (byte) code;
      values[index] = EMPTY;
    }
    int kept = values[index].length;
    byte[] value = Arrays.copyOf(values[index], kept + length);
    in.getBytes(at, value, kept, length);
    values[index] = value;
  }
}
