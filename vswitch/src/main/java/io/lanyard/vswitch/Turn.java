package io.lanyard.vswitch;

import org.jspecify.annotations.Nullable;

/**
 * One port's part of the loop's time, and its work that waits for it.
 *
 * <p>Thread: the network's loop only.
 */
@SuppressWarnings("NullAway") // the ends of the list are null together
public final class Turn {
  /**
   * Small frames between two questions whether the turn is over: one that begins a flow costs up to
   * 100 us, and 64 of them the wait of a whole round.
   */
  public static final int FRAMES = 8;

  private final Turns turns;

  /**
   * How much dearer a burst with refused frames is. To read what is then dropped is of no use to
   * the network; at its plain price, a port that floods beside one that is honest would have half
   * of the loop for it. At four times that it has a fifth, and what it sends beyond that stays in
   * its own device. Twice would leave it a third, eight times a ninth. An honest port pays too
   * where a guard refuses a stray frame of its own, but for that burst alone.
   */
  private static final int REFUSAL_FACTOR = 4;

  private final String port;
  private final PortCounters counters;

  /** Nanoseconds that the port may work before it has to wait; negative for a debt. */
  long credit = Turns.QUANTUM;

  /** Whether the port is in the queue. */
  boolean queued;

  /** The loop's time of all others when the port came into the queue, or was served last. */
  private long othersBefore;

  private boolean refused;
  @Nullable Turn next;
  private @Nullable Work first;
  private @Nullable Work last;

  /**
   * Makes a turn.
   *
   * @param port the port's name; empty for work of no port
   */
  Turn(Turns turns, String port, PortCounters counters) {
    this.turns = turns;
    this.port = port;
    this.counters = counters;
  }

  /**
   * Says that an event has made work ready. It runs at once if it is the port's turn, or later.
   *
   * @param work a source of this port
   */
  public void ready(Work work) {
    if (work.waits) {
      return;
    }
    if (queued || turns.isRunning() || (credit <= 0 && !turns.goesOn(this))) {
      later(work);
    } else {
      run(work);
    }
  }

  /**
   * Has work done later, never from inside this call.
   *
   * @param work a source of this port; nothing happens if it waits already
   */
  public void later(Work work) {
    if (work.waits) {
      return;
    }
    work.waits = true;
    work.next = null;
    if (first == null) {
      first = work;
    } else {
      last.next = work;
    }
    last = work;
    if (!queued) {
      queued = true;
      othersBefore = others();
      turns.enqueue(this);
    }
  }

  /**
   * Begins to charge the port for work that somebody else has called, until {@link #end}. Does
   * nothing while other work runs.
   *
   * @return whether it has begun, and {@link #end} is to be called
   */
  public boolean begin() {
    if (turns.isRunning()) {
      return false;
    }
    turns.start(this);
    return true;
  }

  /**
   * Charges the port for the time since {@link #begin}.
   *
   * @return whether the port has credit left
   */
  public boolean end() {
    turns.stop();
    return credit > 0 || turns.goesOn(this);
  }

  /**
   * Charges the port, in place of another one, for the work that is running, from its beginning on:
   * only now it is known whose it is. For work that {@link #begin} has begun.
   *
   * @return whether any work is running
   */
  public boolean takeOver() {
    return turns.handTo(this);
  }

  /**
   * Charges the port for work that its {@link Work} has left for later, and that something else now
   * calls: a timer, the end of a write to disk, an answer from the host. It runs at once; a port
   * without credit pays by waiting with its next frames. Where other work is running, that goes on
   * paying.
   *
   * @param work what to do
   */
  public void charge(Runnable work) {
    boolean begun = begin();
    try {
      work.run();
    } finally {
      if (begun) {
        boolean _ = end();
      }
    }
  }

  /**
   * Whether the work that runs has used up its port's credit. It reads the clock: to be asked after
   * a large frame and after every {@value #FRAMES}th small one.
   *
   * @return true if the work should end its burst and say that there is more
   */
  public boolean isOver() {
    return turns.left() <= 0;
  }

  /**
   * Notes that something which was done for the port threw, outside of its {@link Work}.
   *
   * @param cause what was thrown
   */
  public void failed(Throwable cause) {
    turns.failed(cause, port);
  }

  void run(Work work) {
    boolean more;
    turns.start(this);
    try {
      more = work.run();
      work.failures = 0;
    } catch (RuntimeException | Error e) {
      more = failed(work, e);
    } finally {
      turns.stop();
    }
    if (more) {
      later(work);
    }
  }

  /** Whether work that threw is to be done again: nobody else may tell of what is left. */
  private boolean failed(Work work, Throwable cause) {
    turns.failed(cause, port);
    if (LoopFaults.passes(cause) && ++work.failures < Turns.MOST_FAILURES) {
      return true;
    }
    try {
      work.broke(cause);
    } catch (RuntimeException | Error e) {
      turns.failed(e, port);
    }
    return false;
  }

  /** Says that the switch has refused a frame of the burst that is running. */
  void refused() {
    refused = true;
  }

  void spend(long nanos) {
    long price = refused ? REFUSAL_FACTOR * nanos : nanos;
    refused = false;
    credit = Math.max(-Turns.MOST_DEBT, credit - price);
    counters.loopTime(nanos);
  }

  /** Nanoseconds charged so far. */
  long spent() {
    return counters.loopNanos();
  }

  /** Nanoseconds charged to all others so far. */
  private long others() {
    return turns.charged() - spent();
  }

  /** Counts what others have got while the port was in the queue. */
  void waited() {
    long others = others();
    counters.loopWait(others - othersBefore);
    othersBefore = others;
  }

  boolean waits() {
    return first != null;
  }

  /** Takes the work that has waited longest. */
  Work poll() {
    Work work = first;
    first = work.next;
    if (first == null) {
      last = null;
    }
    work.next = null;
    work.waits = false;
    return work;
  }
}
