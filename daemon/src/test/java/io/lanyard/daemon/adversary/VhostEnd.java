package io.lanyard.daemon.adversary;

import io.lanyard.vswitch.vhost.VhostFrontEnd;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.epoll.Epoll;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/**
 * The end of a port for a VMM that shares its guest's memory. Reader and writer have a ring each.
 */
final class VhostEnd implements FrameEnd {
  private static final long PAUSE_NANOS = 100_000;

  private final VhostFrontEnd driver;
  private volatile boolean stopped;

  /**
   * Attaches to a port.
   *
   * @param path the port's socket
   */
  VhostEnd(Path path) throws IOException {
    driver = start(path);
  }

  /** A driver whose device is ready. */
  static VhostFrontEnd start(Path path) throws IOException {
    Epoll.ensureAvailability(); // loads what the front end's socket is made of
    try {
      VhostFrontEnd driver = VhostFrontEnd.connect(path);
      driver.start(VhostFrontEnd.PLAIN);
      return driver;
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException("the port's device does not start", e);
    }
  }

  @Override
  public void write(ByteBuf frames) throws IOException {
    while (frames.isReadable()) {
      byte[] frame = new byte[frames.readInt()];
      frames.readBytes(frame);
      if (stopped) {
        throw new EOFException();
      }
      try {
        driver.send(frame);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
  }

  @Override
  public ByteBuf read() throws IOException {
    while (!stopped) {
      if (driver.hasReceived()) {
        try {
          return Unpooled.wrappedBuffer(driver.receive());
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IOException("interrupted", e);
        }
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
  public void close() throws IOException {
    driver.close();
  }
}
