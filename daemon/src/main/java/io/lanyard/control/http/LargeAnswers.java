package io.lanyard.control.http;

import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The answers that are as long as guests make them, such as the list of a hundred thousand flows:
 * few are made at a time, and each is sent before its place is another's, so that they do not fill
 * the heap. A client that finds no place waits for one.
 *
 * <p>A client has one at a time, and some are left for the daemon's own user and root, who may have
 * several. Clients take turns, however many requests each has waiting. While one waits for its
 * turn, the answer that has been sent for longest is ended if its client has had a few seconds to
 * read it: otherwise two that read slowly would keep all others waiting.
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

  /** As long as a client has to read an answer that nobody waits behind. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(HttpConnection.REQUEST_SECONDS);

  /** How long a client has to read an answer that another one waits behind: 25 MB at 40 Mbit/s. */
  private static final Duration TURN = Duration.ofSeconds(5);

  private static final LargeAnswers PROCESS = new LargeAnswers(LONGEST_WAIT, TURN);

  private final long waitNanos;
  private final long turnNanos;

  /** In the order of their arrival: of one client's requests the first is served first. */
  private final ReentrantLock lock = new ReentrantLock(true);

  /** Something has changed for those that wait: a place is free, or an answer is being sent. */
  private final Condition changed = lock.newCondition();

  /** The clients that have a place and are not trusted. */
  private final Set<Object> holders = new HashSet<>();

  /** How many requests wait of each client that is not trusted, in the order of their turns. */
  private final LinkedHashMap<Object, Integer> turns = new LinkedHashMap<>();

  /** The places of clients that are not trusted and are being sent their answers, oldest first. */
  private final Set<Place> sending = new LinkedHashSet<>();

  /** A place whose answer was ended, until it is free. */
  private @Nullable Place ended;

  private int taken;

  /**
   * Makes places that are all free.
   *
   * @param longestWait how long a client waits for one at most
   * @param turn how long a client may read an answer while another one waits
   */
  LargeAnswers(Duration longestWait, Duration turn) {
    waitNanos = longestWait.toNanos();
    turnNanos = turn.toNanos();
  }

  /** The places of this process: its servers have one heap. */
  static LargeAnswers ofProcess() {
    return PROCESS;
  }

  /** The place of one answer, or none. */
  final class Place implements AutoCloseable {
    private final Places.Client client;
    private boolean held;
    private long sendingSince;
    private Runnable end = () -> {};

    private Place(Places.Client client) {
      this.client = client;
    }

    /**
     * Takes a place, unless it is there already.
     *
     * @throws Problem 503 if none becomes free in time
     */
    void take() {
      lock.lock();
      try {
        if (!held) {
          await();
          held = true;
          taken++;
          boolean _ = client.trusted() || holders.add(client.key());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new Problem(503, "the daemon stops", "", "");
      } finally {
        lock.unlock();
      }
    }

    private void await() throws InterruptedException {
      long until = System.nanoTime() + waitNanos;
      queue();
      try {
        while (!isNext() || isFull()) {
          long left = until - System.nanoTime();
          if (left <= 0) {
            throw none();
          }
          long turn = isNext() ? untilTurn(mayBeTaken()) : left;
          var _ = changed.awaitNanos(Math.min(left, turn));
        }
      } finally {
        leave();
      }
    }

    private void queue() {
      if (!client.trusted()) {
        var _ = turns.merge(client.key(), 1, Integer::sum);
      }
    }

    private void leave() {
      if (!client.trusted()) {
        var _ = turns.computeIfPresent(client.key(), (key, count) -> count == 1 ? null : count - 1);
        changed.signalAll();
      }
    }

    private boolean isNext() {
      if (client.trusted()) {
        return true;
      }
      for (Object key : turns.keySet()) {
        if (!holders.contains(key)) {
          return key.equals(client.key());
        }
      }
      return false;
    }

    private boolean isFull() {
      return taken >= mayBeTaken();
    }

    private int mayBeTaken() {
      return client.trusted() ? PLACES : PLACES - RESERVED;
    }

    /**
     * Tells that the answer waits for its client to read it.
     *
     * @param end ends the answer, which closes this place; called at most once, under the lock:
     *     must not block
     */
    void sending(Runnable end) {
      lock.lock();
      try {
        if (held && !client.trusted()) {
          this.end = end;
          sendingSince = System.nanoTime();
          boolean _ = sending.add(this);
          changed.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }

    /** Gives the place back, if there is one. */
    @Override
    public void close() {
      lock.lock();
      try {
        if (held) {
          held = false;
          taken--;
          if (!client.trusted()) {
            boolean _ = holders.remove(client.key());
            // Its other requests go behind those of clients that had no place.
            Integer waiting = turns.get(client.key());
            var _ = waiting == null ? null : turns.putLast(client.key(), waiting);
          }
          boolean _ = sending.remove(this);
          ended = ended == this ? null : ended;
          changed.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Ends the answer that has been sent for longest, if its client has had its time, and if that can
   * make room for the one that waits.
   *
   * @param mayBeTaken how many places that one finds full
   * @return how long to wait before that is to be asked again at most, in nanoseconds
   */
  private long untilTurn(int mayBeTaken) {
    boolean helps = taken - sending.size() < mayBeTaken;
    if (ended != null || sending.isEmpty() || !helps) {
      return Long.MAX_VALUE;
    }
    Place oldest = sending.iterator().next();
    long left = oldest.sendingSince + turnNanos - System.nanoTime();
    if (left > 0) {
      return left;
    }
    ended = oldest;
    boolean _ = sending.remove(oldest);
    oldest.end.run();
    return Long.MAX_VALUE;
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
