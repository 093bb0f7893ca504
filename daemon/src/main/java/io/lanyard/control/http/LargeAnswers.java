package io.lanyard.control.http;

import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The answers that are as long as guests make them, such as the list of a hundred thousand flows:
 * few are made at a time, and each is sent before its place is another's, so that they do not fill
 * the heap. Who finds no place waits for one.
 *
 * <p>A client has one at a time, and some are left for the daemon's own user and root, who may have
 * several.
 *
 * <p>Thread: any; to take a place may block.
 */
final class LargeAnswers {
  /**
   * The list of all flows that one network may have by default takes 60 MB while it is made, and 25
   * MB while it is sent.
   */
  static final int PLACES = 4;

  /** The places that only the daemon's own user and root may have. */
  static final int RESERVED = 2;

  /** As long as a client has to read an answer that is before this one. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(HttpConnection.REQUEST_SECONDS);

  private static final LargeAnswers PROCESS = new LargeAnswers(LONGEST_WAIT);

  private final long waitNanos;

  /** In the order of their arrival: a client that asks again and again overtakes nobody. */
  private final ReentrantLock lock = new ReentrantLock(true);

  private final Condition freed = lock.newCondition();

  /** The clients that have a place and are not trusted. */
  private final Set<Object> holders = new HashSet<>();

  private int taken;

  /**
   * Makes places that are all free.
   *
   * @param longestWait how long a client waits for one at most
   */
  LargeAnswers(Duration longestWait) {
    waitNanos = longestWait.toNanos();
  }

  /** The places of this process: its servers have one heap. */
  static LargeAnswers ofProcess() {
    return PROCESS;
  }

  /** The place of one answer, or none. */
  final class Place implements AutoCloseable {
    private final Places.Client client;
    private boolean held;

    private Place(Places.Client client) {
      this.client = client;
    }

    /**
     * Takes a place, unless it is there already.
     *
     * @throws Problem 503 if none becomes free in time
     */
    void take() {
      long left = waitNanos;
      lock.lock();
      try {
        while (!held) {
          if (isFree()) {
            held = true;
            taken++;
            boolean _ = client.trusted() || holders.add(client.key());
          } else if (left <= 0) {
            throw none();
          } else {
            left = freed.awaitNanos(left);
          }
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new Problem(503, "the daemon stops", "", "");
      } finally {
        lock.unlock();
      }
    }

    private boolean isFree() {
      return client.trusted()
          ? taken < PLACES
          : taken < PLACES - RESERVED && !holders.contains(client.key());
    }

    /** Gives the place back, if there is one. */
    @Override
    public void close() {
      lock.lock();
      try {
        if (held) {
          held = false;
          taken--;
          boolean _ = client.trusted() || holders.remove(client.key());
          freed.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** A client's next answer, which has no place yet. */
  Place of(Places.Client client) {
    return new Place(client);
  }

  private static Problem none() {
    return new Problem(
        503,
        "the daemon is there but busy: it sends as many long lists as it can",
        "",
        "read to its end what was asked for before, then try again",
        Map.of("Retry-After", "1"));
  }
}
