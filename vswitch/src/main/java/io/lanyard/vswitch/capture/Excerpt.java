package io.lanyard.vswitch.capture;

import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.SuperFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * The last frames of a port, copied out of its ring: they are written as a file while the network
 * goes on.
 *
 * <p>Thread: one, any.
 */
public final class Excerpt implements AutoCloseable {
  private final String port;
  private final ByteBuf entries;
  private final long wallOfOrigin;
  private final boolean wrapped;
  private final int ringSize;
  private long frames;
  private long firstNanos;

  /**
   * Takes frames over.
   *
   * @param port the port's name
   * @param entries as {@link LastFrames} has them; released by {@link #close}
   * @param wallOfOrigin the wall clock's nanoseconds at the origin of the frames' clock
   * @param wrapped whether the ring has given frames up
   * @param ringSize bytes of the ring
   */
  Excerpt(String port, ByteBuf entries, long wallOfOrigin, boolean wrapped, int ringSize) {
    this.port = port;
    this.entries = entries;
    this.wallOfOrigin = wallOfOrigin;
    this.wrapped = wrapped;
    this.ringSize = ringSize;
  }

  /**
   * Writes the frames as pcapng.
   *
   * @param channel where to; left open
   * @param filter tells which frames are taken; null for all
   * @param description what the port is, for people; may be empty
   * @param names the names of addresses
   * @throws IOException as the channel has it
   */
  public void write(
      WritableByteChannel channel,
      @Nullable FrameFilter filter,
      String description,
      CaptureLabels.Names names)
      throws IOException {
    PcapngWriter writer = new PcapngWriter(channel);
    writer.section();
    writer.names(names);
    writer.describe(port, description, Capture.WHOLE_FRAMES);
    ByteBuf wire = Unpooled.directBuffer(OffloadHeader.LENGTH + Ethernet.LARGEST_FRAME);
    long last = 0;
    try {
      int at = 0;
      while (at < entries.writerIndex()) {
        int length = entries.getInt(at + LastFrames.FRAME_LENGTH);
        if (length != LastFrames.SKIPPED) {
          last = wallOfOrigin + entries.getLong(at + LastFrames.NANOS);
          write(writer, filter, at, length, last, wire);
        }
        at += entries.getInt(at);
      }
    } finally {
      wire.release();
    }
    writer.statistics(0, last, frames, 0, comment(last));
    writer.flush();
  }

  private void write(
      PcapngWriter writer,
      @Nullable FrameFilter filter,
      int at,
      int length,
      long nanos,
      ByteBuf wire)
      throws IOException {
    firstNanos = firstNanos == 0 ? nanos : firstNanos;
    ByteBuf frame = entries.slice(at + LastFrames.HEAD, length);
    int headers = entries.getInt(at + LastFrames.HEADERS);
    int segments = headers == 0 ? 1 : entries.getInt(at + LastFrames.SEGMENTS);
    boolean received = entries.getInt(at + LastFrames.RECEIVED) == 1;
    for (int i = 0; i < segments; i++) {
      if (headers != 0) {
        int network = entries.getInt(at + LastFrames.NETWORK);
        SuperFrame.copySegment(frame, network, headers, i, wire);
      } else {
        wire.clear().writeBytes(frame, frame.readerIndex(), length);
        if (OffloadHeader.flags(wire, 0) == OffloadHeader.NEEDS_CSUM) {
          Checksum.complete(wire);
        }
      }
      int bytes = wire.readableBytes() - OffloadHeader.LENGTH;
      if (filter == null || filter.matches(wire, OffloadHeader.LENGTH, bytes)) {
        byte[] data = new byte[bytes];
        wire.getBytes(OffloadHeader.LENGTH, data);
        frames++;
        writer.packet(0, nanos, received, data, bytes, 0);
      }
    }
  }

  /** Tells how far back the ring reaches, where it has given frames up. */
  private String comment(long last) {
    return wrapped
        ? "the ring of %d bytes reaches back %d ms"
            .formatted(ringSize, (last - firstNanos) / 1_000_000)
        : "";
  }

  @Override
  public void close() {
    entries.release();
  }
}
