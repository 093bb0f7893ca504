package io.lanyard.daemon.adversary;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** The end of a stream port: QEMU's framing on a UNIX socket. */
final class StreamEnd implements FrameEnd {
  private final SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
  private final ByteBuffer length = ByteBuffer.allocate(4);
  private final ByteBuffer bytes = ByteBuffer.allocate(1 << 17);

  /**
   * Attaches to a port.
   *
   * @param path the port's socket
   * @throws IOException if it cannot be attached to
   */
  StreamEnd(Path path) throws IOException {
    socket.connect(UnixDomainSocketAddress.of(path));
  }

  @Override
  public void write(ByteBuf frames) throws IOException {
    while (frames.isReadable()) {
      frames.readBytes(socket, frames.readableBytes());
    }
  }

  @Override
  public ByteBuf read() throws IOException {
    fill(length.clear());
    bytes.clear().limit(length.getInt(0));
    fill(bytes);
    return Unpooled.wrappedBuffer(bytes);
  }

  private void fill(ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      int read;
      try {
        read = socket.read(into);
      } catch (ClosedChannelException e) {
        read = -1;
      }
      if (read < 0) {
        throw new EOFException();
      }
    }
    into.flip();
  }

  @Override
  public void stop() throws IOException {
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
