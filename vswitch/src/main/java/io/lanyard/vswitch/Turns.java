package io.lanyard.vswitch;

import io.lanyard.base.Clock;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Divides a loop's time among the ports of its network: deficit round robin (Shreedhar and
 * Varghese, SIGCOMM 1995) over nanoseconds instead of bytes.
 *
 * <p>Each port has a {@link Turn}. Whatever is ready for the port, a burst of its frames or a
 * socket of one of its flows, is {@link Work}; the time that it takes is charged to the port. A
 * port with credit works at once. One that has used up its credit waits in a queue, and so does
 * work that has more to do:
 *
 * <pre>{@code
 * ready ---- credit left -----------------> runs, is charged ---- nothing left ---> idle
 *   |                                        ^            |
 *   |                                        | its turn   | more to do
 *   +---- no credit, or others wait ------> queue <-------+
 * }</pre>
 *
 * <p>At its turn a port gets {@link #QUANTUM} of credit and works until that is used up. A burst
 * cannot be interrupted, so a port may end up in debt, and then its next turns pass without work.
 * Between two turns the loop looks for events: a port that sends little is served at once, whatever
 * waits in the queue. A port that is alone pays nothing: its credit is renewed at once, and no turn
 * passes while nobody else works.
 *
 * <p>A burst of which the switch refuses frames costs its port more credit than time: reading what
 * is then dropped is worth less to the network than what others send.
 *
 * <p>Work that throws is logged ({@link LoopFaults}) and done again at its port's next turn. Work
 * that throws an error, or {@value #MOST_FAILURES} times in a row, is broken and closes its source:
 * nobody has taken what made it throw, and it would throw again without end. The loop must not hear
 * of it: Netty would abandon the batch of events that the loop is in, and sleep for a second.
 *
 * <p>Time is the clock's and not the processor's: a read of it costs 25 ns. A burst that the host
 * has suspended is charged for that, too, which is why debt is bounded.
 *
 * <p>Thread: the network's loop only.
 */
public final class Turns {
  /**
   * The credit of one turn. Sixteen busy ports come round in 8 ms; a burst of 64 wire frames costs
   * a fifth of it.
   */
  static final long QUANTUM = TimeUnit.MICROSECONDS.toNanos(500);

  /** The most that a port carries over: 16 turns. */
  static final long MOST_DEBT = 16 * QUANTUM;

  /** Works of one port in one turn, however little time they take. */
  private static final int MOST_WORKS = 64;

  /**
   * Failures of one work in a row. Each burst that throws has taken a frame at least: one that goes
   * on throwing without new frames is over by then, and so is a flood of frames that all do.
   */
  static final int MOST_FAILURES = 16;

  private final Clock clock;
  private final Executor later;
  private final Runnable flush;
  private final LoopFaults faults;
  private final Runnable serve = this::serve;
  private final IdentityHashMap<Port, Turn> turns = new IdentityHashMap<>();
  private final Map<String, Turn> named = new HashMap<>();
  private @Nullable Turn first;
  private @Nullable Turn last;
  private int waiting;
  private boolean scheduled;
  private boolean serving;

  /** Whether a port outside the queue has worked since the queue was served last. */
  private boolean contended;

  /** The only port that has worked since {@link #aloneSince}; null for none yet. */
  private @Nullable Turn alone;

  private long aloneSince;
  private @Nullable Turn running;
  private long startedAt;

  /** Nanoseconds charged to all turns. */
  private long charged;

  /**
   * Makes turns without ports.
   *
   * @param clock the network's clock
   * @param later runs a task on the loop, after the events that are ready now
   */
  public Turns(Clock clock, Executor later) {
    this(clock, later, () -> {}, new LoopFaults("", clock));
  }

  /**
   * Makes turns without ports.
   *
   * @param clock the network's clock
   * @param later runs a task on the loop, after the events that are ready now
   * @param flush ends the burst of work that threw before it came to that
   * @param faults hears what the work throws
   */
  Turns(Clock clock, Executor later, Runnable flush, LoopFaults faults) {
    this.clock = clock;
    this.later = later;
    this.flush = flush;
    this.faults = faults;
  }

  /** Makes the turn of a port that is about to be attached. */
  Turn add(Port port) {
    Turn turn = of(port);
    turns.put(port, turn);
    named.put(port.name(), turn);
    return turn;
  }

  /**
   * The turn of a port.
   *
   * @param port the port
   * @return the port's one turn while it is attached; a new one for another, which nobody keeps
   */
  public Turn of(Port port) {
    Turn turn = turns.get(port);
    return turn == null ? new Turn(this, port.name(), port.counters()) : turn;
  }

  /**
   * The turn of an attached port, for work that knows the port by its name: what a lease says.
   *
   * @param port the port's name
   * @return its turn; null if no port that is attached has the name
   */
  public @Nullable Turn named(String port) {
    return named.get(port);
  }

  /**
   * A turn for work that no port has to answer for.
   *
   * @return a new one
   */
  public Turn unowned() {
    return new Turn(this, "", new PortCounters());
  }

  /** Forgets a port that was detached. What still holds its turn may go on using it. */
  void forget(Port port) {
    Turn turn = turns.remove(port);
    named.remove(port.name(), turn);
    if (turn == alone) {
      alone = null;
    }
  }

  /** Whether work is running: what becomes ready meanwhile waits. */
  boolean isRunning() {
    return running != null;
  }

  /** Nanoseconds that the running work has left of its port's credit; a quantum if none runs. */
  long left() {
    Turn turn = running;
    return turn == null ? QUANTUM : turn.credit - (clock.nanoTime() - startedAt);
  }

  void start(Turn turn) {
    running = turn;
    startedAt = clock.nanoTime();
    contended |= !serving;
    if (turn != alone) {
      alone = turn;
      aloneSince = startedAt;
    }
  }

  /**
   * Has another port charged for what is running, from its {@link #start} on; false if nothing is.
   */
  boolean handTo(Turn turn) {
    if (running == null) {
      return false;
    }
    running = turn;
    return true;
  }

  /**
   * Gives a port that has used up its credit a new one at once, if nobody else has worked for a
   * quantum and nobody waits: it would wait for nobody, and stop its source in between for nothing.
   *
   * @return whether it has credit again
   */
  boolean goesOn(Turn turn) {
    if (turn != alone || waiting > 0 || clock.nanoTime() - aloneSince < QUANTUM) {
      return false;
    }
    turn.credit = QUANTUM;
    return true;
  }

  /** Charges the time since {@link #start}. */
  void stop() {
    Turn turn = running;
    if (turn != null) {
      running = null;
      long nanos = clock.nanoTime() - startedAt;
      charged += nanos;
      turn.spend(nanos);
    }
  }

  /** Nanoseconds charged so far to all turns, those of ports that are gone as well. */
  long charged() {
    return charged;
  }

  /** Hears that the running work of a port threw, and ends its burst. */
  void failed(Throwable cause, String port) {
    faults.caught(cause, port);
    try {
      flush.run();
    } catch (RuntimeException | Error e) {
      faults.caught(e, port);
    }
  }

  /** Puts a port that is not there yet at the end of the queue. */
  void enqueue(Turn turn) {
    turn.next = null;
    Turn end = last;
    if (end == null) {
      first = turn;
    } else {
      end.next = turn;
    }
    last = turn;
    waiting++;
    if (!scheduled && !serving) {
      scheduled = true;
      later.execute(serve);
    }
  }

  @SuppressWarnings("NullAway") // the queue holds as many as it counts
  private Turn dequeue() {
    Turn turn = first;
    first = turn.next;
    if (first == null) {
      last = null;
    }
    turn.next = null;
    waiting--;
    return turn;
  }

  /** Gives the queue a quantum's worth of work, then lets the loop look for events. */
  private void serve() {
    scheduled = false;
    serving = true;
    boolean others = contended;
    contended = false;
    try {
      boolean worked = false;
      do {
        long spent = 0;
        for (int n = waiting; n > 0 && spent < QUANTUM; n--) {
          Turn turn = dequeue();
          turn.credit = Math.min(QUANTUM, turn.credit + QUANTUM);
          worked |= turn.credit > 0;
          spent += serve(turn);
        }
        // Nobody has worked, in the queue or outside: debts are paid without waiting.
      } while (!worked && !others && waiting > 0);
    } finally {
      serving = false;
      if (waiting > 0 && !scheduled) {
        scheduled = true;
        later.execute(serve);
      }
    }
  }

  private long serve(Turn turn) {
    long before = turn.spent();
    try {
      for (int i = 0; i < MOST_WORKS && turn.credit > 0 && turn.waits(); i++) {
        turn.run(turn.poll());
      }
    } finally {
      turn.waited();
      if (turn.waits()) {
        enqueue(turn);
      } else {
        turn.queued = false;
      }
    }
    return turn.spent() - before;
  }
}
