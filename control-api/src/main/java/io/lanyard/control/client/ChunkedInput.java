package io.lanyard.control.client;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** A body in chunks (RFC 9112 section 7.1), without their extensions and trailers. */
final class ChunkedInput extends InputStream {
  /** A size in hexadecimal; 16 digits are more than a long holds. */
  private static final int MAX_LINE = 64;

  private final InputStream in;
  private long left;
  private boolean first = true;
  private boolean ended;

  ChunkedInput(InputStream in) {
    this.in = in;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    if (left == 0 && !nextChunk()) {
      return -1;
    }
    int count = in.read(target, offset, (int) Math.min(length, left));
    if (count < 0) {
      throw new EOFException("the server broke off inside a chunk");
    }
    left -= count;
    return count;
  }

  private boolean nextChunk() throws IOException {
    if (ended) {
      return false;
    }
    if (!first && !line().isEmpty()) {
      throw new IOException("a chunk is longer than it said");
    }
    first = false;
    String size = line().split(";", 2)[0].strip();
    try {
      left = Long.parseLong(size, 16);
    } catch (NumberFormatException e) {
      throw new IOException("\"" + size + "\" is not the size of a chunk", e);
    }
    if (left < 0) {
      throw new IOException("\"" + size + "\" is not the size of a chunk");
    }
    ended = left == 0;
    return !ended;
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException("the server broke off between two chunks");
      }
      if (b == '\n') {
        return line.toString().stripTrailing();
      }
      line.append((char) b);
      if (line.length() > MAX_LINE) {
        throw new IOException("a chunk's size has no end");
      }
    }
  }
}
