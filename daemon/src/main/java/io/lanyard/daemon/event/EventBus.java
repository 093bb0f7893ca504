package io.lanyard.daemon.event;

import io.lanyard.base.Clock;
import io.lanyard.control.api.EventInfo;
import io.lanyard.control.api.EventType;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The last events, and those who read them.
 *
 * <p>Thread: any. {@link #publish} does not wait for readers.
 */
public final class EventBus implements AutoCloseable {
  /** How many events are kept. */
  public static final int KEPT = 4096;

  private final Clock clock;
  private final String run;
  private final @Nullable EventInfo[] ring = new @Nullable EventInfo[KEPT];
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition more = lock.newCondition();
  private final EventLimits limits = new EventLimits(this::put);
  private long next = 1;
  private int readers;
  private volatile boolean closed;

  /**
   * Makes a bus without events.
   *
   * @param clock tells when something happens
   * @param run a word that is another one in each run of the daemon: letters and digits
   */
  public EventBus(Clock clock, String run) {
    this.clock = clock;
    this.run = run;
  }

  /**
   * Tells the readers of an event.
   *
   * @param type what has happened
   * @param network the network, or empty
   * @param subject the thing, or empty
   * @param data what {@link EventType#data} says
   */
  public void publish(EventType type, String network, String subject, Map<String, String> data) {
    EventLimits.Unnumbered event = event(type, network, subject, data);
    lock.lock();
    try {
      releaseDue();
      put(event);
      if (type == EventType.NETWORK_REMOVED) {
        limits.forget(network);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Tells the readers of an event that a guest, or a client of a port, may cause as often as it
   * likes. When a source has more than {@value EventLimits#BURST} events at once and then {@value
   * EventLimits#PER_SECOND} per second, only the last of each type and subject is told, a little
   * later.
   *
   * @param source who causes it: the name of a port, a guest or a forward
   * @param type what has happened
   * @param network the network, or empty
   * @param subject the thing
   * @param data what {@link EventType#data} says
   */
  public void publishOf(
      String source, EventType type, String network, String subject, Map<String, String> data) {
    EventLimits.Unnumbered event = event(type, network, subject, data);
    lock.lock();
    try {
      releaseDue();
      limits.take(source, event, clock.nanoTime());
      if (readers > 0 && !limits.isEmpty()) {
        more.signalAll(); // to wait no longer than until it is due
      }
    } finally {
      lock.unlock();
    }
  }

  private EventLimits.Unnumbered event(
      EventType type, String network, String subject, Map<String, String> data) {
    assert data.size() == type.data().size() && data.keySet().containsAll(type.data())
        : type + " " + data;
    return new EventLimits.Unnumbered(type, network, subject, timeOfDay(), data);
  }

  private String timeOfDay() {
    return clock.now().truncatedTo(ChronoUnit.MILLIS).toString();
  }

  /** Under the lock. */
  private void put(EventLimits.Unnumbered event) {
    long number = next++;
    ring[(int) (number % KEPT)] =
        new EventInfo(
            run + "-" + number,
            event.at(),
            event.type().word(),
            event.network(),
            event.subject(),
            event.data());
    if (readers > 0) {
      more.signalAll();
    }
  }

  /** Tells what has waited for its turn. Under the lock. */
  private void releaseDue() {
    if (!limits.isEmpty()) {
      limits.release(clock.nanoTime(), timeOfDay());
    }
  }

  /**
   * The events that were published.
   *
   * @return events since the start
   */
  public long published() {
    lock.lock();
    try {
      return next - 1;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The readers that are not closed.
   *
   * @return readers
   */
  public int readers() {
    lock.lock();
    try {
      return readers;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Begins to read.
   *
   * @param last the id of the last event that the reader has, or empty for none
   * @return a reader; to be closed
   */
  public Reader read(String last) {
    lock.lock();
    try {
      releaseDue();
      readers++;
      return new Reader(last);
    } finally {
      lock.unlock();
    }
  }

  /** Ends all readers. */
  @Override
  public void close() {
    lock.lock();
    try {
      limits.releaseAll(timeOfDay());
      closed = true;
      more.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The number of an id of this run, or 0. */
  private long number(String id) {
    String prefix = run + "-";
    if (!id.startsWith(prefix) || !id.substring(prefix.length()).matches("[1-9][0-9]{0,17}")) {
      return 0;
    }
    long number = Long.parseLong(id.substring(prefix.length()));
    return number < next ? number : 0;
  }

  /** One who reads; one thread at a time. */
  public final class Reader implements AutoCloseable {
    private long at;
    private final boolean resumed;
    private boolean ended;

    private Reader(String last) {
      long number = number(last);
      resumed = number > 0 && number + 1 > next - 1 - KEPT;
      at = resumed ? number + 1 : next;
    }

    /**
     * Whether the reader goes on behind its last event. One that does not needs a snapshot first.
     *
     * @return false for a new reader, one of another run, and one that was away for too long
     */
    public boolean resumed() {
      return resumed;
    }

    /**
     * The id behind which the events of {@link #next} begin.
     *
     * @return the id of the event before
     */
    public String position() {
      return run + "-" + (at - 1);
    }

    /**
     * Waits for events.
     *
     * @param nanos how long at most
     * @return those that have come, in order; none if none came in time, or the bus is closed
     * @throws MissedException if some were overwritten before they were read
     * @throws InterruptedException if the thread was interrupted
     */
    public List<EventInfo> next(long nanos) throws MissedException, InterruptedException {
      long left = nanos;
      lock.lockInterruptibly();
      try {
        releaseDue();
        while (at == EventBus.this.next && !closed && left > 0) {
          long wait = Math.min(left, limits.untilDue(clock.nanoTime()));
          left -= wait - more.awaitNanos(wait);
          releaseDue();
        }
        long oldest = EventBus.this.next - KEPT;
        if (at < oldest) {
          long missed = oldest - at;
          at = EventBus.this.next;
          throw new MissedException(missed);
        }
        List<EventInfo> all = new ArrayList<>();
        while (at < EventBus.this.next) {
          EventInfo event = ring[(int) (at % KEPT)];
          if (event != null) {
            all.add(event);
          }
          at++;
        }
        return all;
      } finally {
        lock.unlock();
      }
    }

    /**
     * Whether no more events come.
     *
     * @return true when the bus is closed and everything was read
     */
    public boolean isEnded() {
      lock.lock();
      try {
        return closed && at == EventBus.this.next;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      lock.lock();
      try {
        if (!ended) {
          ended = true;
          readers--;
        }
      } finally {
        lock.unlock();
      }
    }
  }
}
