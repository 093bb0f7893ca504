package io.lanyard.nat.tcp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;

/** The host's side of a connection, in a test's hands. */
final class TestStream implements HostStream {
  final GuestStream guest;
  private final ByteBufAllocator allocator;
  final ByteArrayOutputStream received = new ByteArrayOutputStream();
  int unsent;
  int flushes;

  /** Whether what is written stays. */
  boolean stuck;

  boolean reading;
  boolean finished;
  boolean aborted;
  boolean closed;

  TestStream(GuestStream guest, ByteBufAllocator allocator) {
    this.guest = guest;
    this.allocator = allocator;
  }

  @Override
  public void write(ByteBuf payload) {
    if (stuck) {
      unsent += payload.readableBytes();
    }
    byte[] bytes = new byte[payload.readableBytes()];
    payload.getBytes(payload.readerIndex(), bytes);
    received.writeBytes(bytes);
  }

  @Override
  public void flush() {
    flushes++;
  }

  @Override
  public int unsent() {
    return unsent;
  }

  @Override
  public void read(boolean on) {
    reading = on;
  }

  @Override
  public void finish() {
    finished = true;
  }

  @Override
  public void abort() {
    aborted = true;
  }

  @Override
  public void close() {
    closed = true;
  }

  /** Sends to the guest, with headroom as a socket does. */
  void send(byte[] bytes) {
    send(bytes, 0, bytes.length);
  }

  void send(byte[] bytes, int offset, int length) {
    int at = offset;
    int end = offset + length;
    while (at < end) {
      int part = Math.min(end - at, guest.burst());
      ByteBuf buffer = allocator.directBuffer(GuestStream.HEADROOM + part);
      buffer.setIndex(GuestStream.HEADROOM, GuestStream.HEADROOM);
      buffer.writeBytes(bytes, at, part);
      guest.data(buffer);
      at += part;
    }
    guest.flush();
  }

  void send(String text) {
    guest.data(Unpooled.copiedBuffer(text, java.nio.charset.StandardCharsets.US_ASCII));
    guest.flush();
  }
}
