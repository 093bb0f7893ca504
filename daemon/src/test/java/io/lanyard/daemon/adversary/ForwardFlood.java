package io.lanyard.daemon.adversary;

import io.lanyard.linux.NetworkNamespace;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.util.concurrent.locks.LockSupport;

/** Clients from the world that flood the honest guest's forward: each datagram is of a new one. */
final class ForwardFlood implements Hostile {
  /** Others lose no place for it: status names the forward, which is the honest guest's. */
  static final Sign SIGN = new Sign.Problem("a: .*" + World.FORWARDED + " is full, .*");

  /** Heap of the 4,096 flows that one client's address may have, until they have been idle. */
  static final long FLOW_BYTES = 3 << 20;

  private static final int PER_MILLISECOND = 5;

  private final Site site;
  private final Family family;
  private volatile boolean stopping;

  ForwardFlood(Site site, Family family) {
    this.site = site;
    this.family = family;
  }

  @Override
  public void act() {
    try {
      NetworkNamespace.run(
          site.world().world,
          () -> {
            flood();
            return true;
          });
    } catch (IOException e) {
      throw new AssertionError("the world's clients end", e);
    }
  }

  private void flood() throws IOException {
    long end = System.nanoTime() + LONGEST_NANOS;
    DatagramPacket packet =
        new DatagramPacket(new byte[8], 8, family.uplink.toInetAddress(), World.FORWARDED);
    while (!stopping && System.nanoTime() < end) {
      for (int i = 0; i < PER_MILLISECOND; i++) {
        try (DatagramSocket client = new DatagramSocket()) {
          client.send(packet);
        }
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Override
  public void close() {
    stopping = true;
  }
}
