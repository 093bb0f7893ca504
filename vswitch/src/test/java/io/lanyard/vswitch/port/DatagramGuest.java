package io.lanyard.vswitch.port;

import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.DatagramBatch;
import io.lanyard.linux.Errno;
import io.lanyard.linux.SendBatch;
import io.lanyard.linux.SocketName;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A guest's end of a socket that keeps the boundaries of messages: it reads all the time on a
 * thread of its own, as a VMM does.
 */
final class DatagramGuest implements PortSuite.Guest, AutoCloseable {
  private static final int LARGEST = 70_000;

  private final BatchSocket socket;
  private final @Nullable SocketName port;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment out = arena.allocate(LARGEST);
  private final MemorySegment in = arena.allocate(LARGEST);
  private final SendBatch sending = new SendBatch(1);
  private final DatagramBatch receiving = new DatagramBatch(1);
  private final BlockingQueue<byte[]> got = new LinkedBlockingQueue<>();
  private final Thread reader = new Thread(this::read, "guest");
  private volatile boolean reads = true;
  private volatile boolean closed;

  /**
   * Makes a guest.
   *
   * @param socket its own
   * @param port whom it sends to; null where the socket is connected
   */
  DatagramGuest(BatchSocket socket, @Nullable SocketName port) {
    this.socket = socket;
    this.port = port;
    socket.buffers(1 << 20, 4 << 20); // as vfkit's clients do
    receiving.buffer(0, in.address(), LARGEST);
    reader.setDaemon(true);
    reader.start();
  }

  /** Stops reading, as a guest that hangs, or goes on. */
  void reads(boolean now) {
    reads = now;
  }

  private void read() {
    while (!closed) {
      int count = reads ? socket.receive(receiving) : 0;
      if (count > 0) {
        int length = receiving.length(0);
        if (length == 0) {
          LockSupport.parkNanos(1_000_000); // the end of a connection
        } else {
          got.add(in.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
        }
      } else {
        LockSupport.parkNanos(20_000);
      }
    }
  }

  @Override
  public void send(byte[] frame) throws IOException {
    int result = trySend(frame);
    for (long end = System.nanoTime() + 60_000_000_000L; result == -Errno.EAGAIN; ) {
      if (System.nanoTime() > end) {
        throw new IOException("the port has taken nothing for 60 s");
      }
      Thread.onSpinWait();
      result = trySend(frame);
    }
    if (result < 0) {
      throw new IOException("cannot send: " + Errno.name(-result));
    }
  }

  /** Sends a datagram, which may be empty. Answers -errno where that fails. */
  int trySend(byte[] frame) {
    MemorySegment.copy(frame, 0, out, ValueLayout.JAVA_BYTE, 0, frame.length);
    sending.set(0, out.address(), frame.length, port);
    return socket.send(sending, 0, 1);
  }

  @Override
  public byte[] receive() throws InterruptedException {
    byte[] frame = got.poll(60, TimeUnit.SECONDS);
    if (frame == null) {
      throw new AssertionError("no datagram came in 60 s");
    }
    return frame;
  }

  /** Takes a datagram that is there already. */
  byte @Nullable [] poll() {
    return got.poll();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      while (reader.isAlive()) {
        LockSupport.parkNanos(100_000);
      }
      socket.close();
      sending.close();
      receiving.close();
      arena.close();
    }
  }
}
