package io.lanyard.daemon.adversary;

import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.DatagramBatch;
import io.lanyard.linux.Errno;
import io.lanyard.linux.SendBatch;
import io.lanyard.linux.SocketName;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/** The end of a datagram port: a frame per message of a UNIX socket, as vfkit's clients send it. */
final class DatagramEnd implements FrameEnd {
  private static final int SLOTS = 64;
  private static final int LARGEST = 1 << 17;
  private static final long PAUSE_NANOS = 100_000;

  private final BatchSocket socket;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment out = arena.allocate(LARGEST);
  private final MemorySegment in = arena.allocate(LARGEST);
  private final SendBatch sending = new SendBatch(SLOTS);
  private final DatagramBatch receiving = new DatagramBatch(1);
  private volatile boolean stopped;

  /**
   * Attaches to a port.
   *
   * @param port its socket
   * @param own the guest's, which is not there yet
   */
  DatagramEnd(Path port, Path own) throws IOException {
    Files.deleteIfExists(own);
    socket = BatchSocket.unixDatagram(SocketName.of(own));
    socket.buffers(1 << 20, 1 << 20);
    int result = socket.connect(SocketName.of(port));
    if (result < 0) {
      throw new IOException("cannot connect to " + port + ": " + Errno.name(-result));
    }
    receiving.buffer(0, in.address(), LARGEST);
  }

  @Override
  public void write(ByteBuf frames) throws IOException {
    MemorySegment all = MemorySegment.ofBuffer(frames.nioBuffer());
    MemorySegment.copy(all, 0, out, 0, all.byteSize());
    long at = out.address() - frames.readerIndex();
    while (frames.isReadable()) {
      int count = 0;
      while (frames.isReadable() && count < SLOTS) {
        int length = frames.readInt();
        sending.set(count++, at + frames.readerIndex(), length, null);
        frames.skipBytes(length);
      }
      send(count);
    }
  }

  private void send(int count) throws IOException {
    int sent = 0;
    while (sent < count) {
      int result = stopped ? -Errno.EBADF : socket.send(sending, sent, count - sent);
      if (result > 0) {
        sent += result;
      } else if (result == -Errno.EAGAIN) {
        LockSupport.parkNanos(PAUSE_NANOS); // the port's queue is full
      } else {
        throw new IOException("cannot send: " + Errno.name(-result));
      }
    }
  }

  @Override
  public ByteBuf read() throws IOException {
    while (!stopped) {
      int count = socket.receive(receiving);
      if (count < 0) {
        throw new IOException("cannot receive: " + Errno.name(-count));
      }
      if (count > 0) {
        return Unpooled.wrappedBuffer(in.asSlice(0, receiving.length(0)).asByteBuffer());
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    throw new EOFException();
  }

  @Override
  public void stop() {
    stopped = true;
  }

  @Override
  public void close() {
    socket.close();
    sending.close();
    receiving.close();
    arena.close();
  }
}
