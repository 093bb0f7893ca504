package io.lanyard.daemon.adversary;

import io.lanyard.linux.NetworkNamespace;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.locks.LockSupport;

/**
 * An upload of the honest guest's: datagrams in bursts that fill its device's queue, so that its
 * port has work for the loop at any time.
 */
final class Upload implements AutoCloseable {
  /** As many as a TAP device keeps. */
  private static final int BURST = 400;

  /** Until the next burst. The loop needs longer for the last one. */
  private static final long PAUSE_NANOS = 300_000;

  private static final int BYTES = 1200;

  private final DatagramChannel socket;
  private final Thread thread;
  private volatile boolean ended;

  /** Begins. */
  Upload(String namespace, Family family) throws IOException {
    socket =
        NetworkNamespace.run(
            namespace,
            () ->
                DatagramChannel.open()
                    .connect(new InetSocketAddress(family.world.toInetAddress(), World.SINK)));
    thread = Thread.ofPlatform().daemon(true).name("upload").start(this::send);
  }

  private void send() {
    ByteBuffer datagram = ByteBuffer.allocateDirect(BYTES);
    try {
      while (!ended) {
        for (int i = 0; i < BURST; i++) {
          int _ = socket.write(datagram.clear());
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    } catch (IOException e) {
      // Closed; or the test finds that its port does not work.
    }
  }

  /** Ends it. */
  @Override
  public void close() throws IOException {
    ended = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    socket.close();
  }
}
