package io.lanyard.daemon.adversary;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A client of a stream port that sends the length of a frame and half of it, or a length that
 * cannot be, and comes again and again.
 */
final class HalfFrames implements Hostile {
  private static final int[] LENGTHS = {60, 1514, 65_536, 1 << 20, -1};
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final UnixDomainSocketAddress port;
  private volatile boolean closed;

  HalfFrames(Site site) {
    port = UnixDomainSocketAddress.of(site.socket());
  }

  @Override
  public void act() {
    long deadline = System.nanoTime() + LONGEST_NANOS;
    for (int i = 0; !closed && System.nanoTime() < deadline; i++) {
      try (SocketChannel client = SocketChannel.open(port)) {
        int length = LENGTHS[i % LENGTHS.length];
        ByteBuffer half = ByteBuffer.allocate(4 + Math.clamp(length / 2, 0, 32_768));
        half.putInt(0, length);
        while (half.hasRemaining()) {
          client.write(half);
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      } catch (IOException e) {
        // Refused while the one before is still there, or ended for its length.
      }
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
