package io.lanyard.daemon.adversary;

import io.lanyard.vswitch.vhost.VhostFrontEnd;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** A guest of a VMM that shares its memory, whose driver sends no frame. */
final class VhostDriver implements Hostile {
  /** An act that a driver repeats. */
  interface Act {
    /** Does it once. */
    void by(VhostFrontEnd driver) throws Exception;
  }

  private final VhostFrontEnd driver;
  private final Act act;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean closed;

  VhostDriver(Site site, Act act) throws IOException {
    this.act = act;
    driver = VhostEnd.start(site.socket());
  }

  /** Sets its rings up anew. */
  static void reset(VhostFrontEnd driver) throws Exception {
    driver.restartRings();
  }

  /** Says of its rings, in which nothing is, that something is. */
  static void kick(VhostFrontEnd driver) {
    driver.kick(VhostFrontEnd.RECEIVE);
    driver.kick(VhostFrontEnd.TRANSMIT);
  }

  @Override
  public void act() {
    long deadline = System.nanoTime() + LONGEST_NANOS;
    try {
      // As the daemon's: kicks that come while its loop waits for a processor are one.
      World.run("renice -n -10 -p " + Path.of("/proc/thread-self").toRealPath().getFileName());
      while (!closed && System.nanoTime() < deadline) {
        act.by(driver);
      }
    } catch (Exception e) {
      throw new AssertionError("the driver cannot go on", e);
    } finally {
      ended.countDown();
    }
  }

  /** Ends the attack, and then the connection: the driver's memory is used until then. */
  @Override
  public void close() throws IOException {
    closed = true;
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    driver.close();
  }
}
