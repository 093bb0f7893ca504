package io.lanyard.dhcp;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The options of one message, in the order in which they came.
 *
 * <p>What is malformed is left out, and the rest of the message counts: an option that runs past
 * the end of its field, and one whose length is not that of its kind. Small arrays, since a message
 * has about ten of the 254 options there are, and a busy server reads many messages.
 */
final class OptionSet {
  /**
   * Bounds the work that a message can cause, since each part of an option is a search and a copy.
   * The largest requests of real clients (PXE) have about 30 options.
   */
  static final int MAX_PARTS = 256;

  private static final byte[] EMPTY = {};

  private byte[] codes = new byte[16];
  private byte[][] values = new byte[16][];
  private int size;
  private int parts;
  private boolean malformed;

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
   * Reads one field of options. Parts of one option are joined (RFC 3396 section 7). An option that
   * runs past the end of the field ends it.
   */
  void read(ByteBuf in, int from, int end) {
    int at = from;
    while (at < end) {
      int code = in.getUnsignedByte(at++);
      if (code == DhcpOption.PAD) {
        continue;
      }
      if (code == DhcpOption.END) {
        return;
      }
      int length = at < end ? in.getUnsignedByte(at++) : 255;
      if (length > end - at || parts == MAX_PARTS) {
        malformed = true;
        return;
      }
      parts++;
      append(in, at, code, length);
      at += length;
    }
    // Some clients leave the end option out when the field is full.
  }

  /** Leaves out the options whose length is not that of their kind. */
  void dropMisfits() {
    for (int i = 0; i < size; i++) {
      if (!DhcpOption.fits(codes[i] & 255, values[i].length)) {
        codes[i] = DhcpOption.PAD; // which nobody asks for
        malformed = true;
      }
    }
  }

  /** Whether anything was left out. */
  boolean malformed() {
    return malformed;
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
