package io.lanyard.nat.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Bytes for a socket: small pieces gathered into one buffer, large ones retained, all in order. Its
 * bound is the window of the guest that sends them. What the socket leaves of a piece does not keep
 * a buffer that is mostly empty.
 */
final class WriteQueue {
  /** The bytes that are gathered before they become a piece of their own. */
  private static final int GATHER = 64 << 10;

  /** A gathering buffer for a socket that is stuck, whose guest may send a byte at a time. */
  private static final int SMALL_GATHER = 4 << 10;

  /** The first one of a stuck socket: there may be thousands that hold a segment each. */
  private static final int SMALLEST_GATHER = 1 << 10;

  /**
   * Pieces that places are kept for when there are none: a thousand, once, on each of many
   * connections would fill the heap.
   */
  private static final int FEW = 32;

  private final ByteBufAllocator allocator;
  private ArrayDeque<ByteBuf> pieces = new ArrayDeque<>();
  private int most;
  private @Nullable ByteBuf gathered;
  private int bytes;
  private int memory;

  WriteQueue(ByteBufAllocator allocator) {
    this.allocator = allocator;
  }

  int bytes() {
    return bytes;
  }

  /** The size of the buffers that hold them. */
  int memory() {
    return memory;
  }

  private static int memory(ByteBuf piece) {
    ByteBuf whole = piece.unwrap();
    return whole == null ? piece.capacity() : whole.capacity();
  }

  /**
   * Copies bytes behind all others.
   *
   * @param stuck whether the socket takes nothing, so that they will stay
   */
  void gather(ByteBuf from, int index, int length, boolean stuck) {
    int at = index;
    int end = index + length;
    while (at < end) {
      ByteBuf into = gathered;
      if (into == null) {
        into = allocator.directBuffer(size(end - at, stuck));
        gathered = into;
        memory += memory(into);
      }
      int part = Math.min(end - at, into.writableBytes());
      into.writeBytes(from, at, part);
      at += part;
      if (!into.isWritable()) {
        append(into);
        gathered = null;
      }
    }
    bytes += length;
  }

  /** Puts a piece behind all others; released in time. */
  void add(ByteBuf piece) {
    ByteBuf before = gathered;
    if (before != null) {
      append(before);
      gathered = null;
    }
    append(piece);
    bytes += piece.readableBytes();
    memory += memory(piece);
  }

  private int size(int wanted, boolean stuck) {
    if (bytes > 0) {
      return SMALL_GATHER;
    }
    return stuck ? Math.clamp(wanted, SMALLEST_GATHER, SMALL_GATHER) : GATHER;
  }

  private void append(ByteBuf piece) {
    pieces.add(piece);
    most = Math.max(most, pieces.size());
  }

  /** Gives back the places of many pieces when there are none. */
  private void shrink() {
    if (most > FEW) {
      pieces = new ArrayDeque<>();
      most = 0;
    }
  }

  /**
   * Writes what the socket takes.
   *
   * @return true if nothing is left
   * @throws IOException if the socket is broken
   */
  boolean writeTo(Socket socket) throws IOException {
    while (bytes > 0) {
      ByteBuf first = pieces.peek();
      ByteBuf piece = first == null ? gathered : first;
      if (piece == null) {
        throw new IllegalStateException("the write queue has lost count");
      }
      int length = piece.readableBytes();
      int sent =
          socket.sendAddress(piece.memoryAddress(), piece.readerIndex(), piece.writerIndex());
      bytes -= sent;
      if (sent < length) {
        piece.skipBytes(sent);
        trim(piece, first != null);
        return false;
      }
      memory -= memory(piece);
      piece.release();
      if (first == null) {
        gathered = null;
      } else {
        pieces.remove();
      }
    }
    shrink();
    return true;
  }

  /** Copies what is left of the first piece into a buffer of its own size, if that is worth it. */
  private void trim(ByteBuf piece, boolean isPiece) {
    int length = piece.readableBytes();
    if (length > memory(piece) / 4) {
      return;
    }
    ByteBuf rest = allocator.directBuffer(length);
    rest.writeBytes(piece);
    memory += memory(rest) - memory(piece);
    piece.release();
    if (isPiece) {
      pieces.remove();
      pieces.addFirst(rest);
    } else {
      gathered = null;
      pieces.add(rest);
    }
  }

  /** Lets go of everything. */
  void clear() {
    for (ByteBuf piece : pieces) {
      piece.release();
    }
    pieces.clear();
    ByteBuf rest = gathered;
    gathered = null;
    if (rest != null) {
      rest.release();
    }
    shrink();
    bytes = 0;
    memory = 0;
  }
}
