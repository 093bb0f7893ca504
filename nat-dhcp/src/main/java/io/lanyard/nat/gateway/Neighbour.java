package io.lanyard.nat.gateway;

import io.lanyard.base.Timers.Timer;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** What the gateway knows about the station that has an address. */
final class Neighbour {
  /** Where the knowledge stands. */
  enum State {
    /** Asked, not answered yet. */
    INCOMPLETE,
    /** Known, and confirmed not long ago. */
    REACHABLE,
    /** Known, but silent for a while, and being asked whether it still holds. */
    PROBING
  }

  /**
   * The most packets that wait for an answer. RFC 1122 section 2.3.2.2 asks for at least one; a few
   * let the first window of a connection through.
   */
  static final int QUEUE = 4;

  final int address;
  State state = State.INCOMPLETE;
  long mac;
  int asked;

  /** Whether something came from it since the timer was armed: that confirms it. */
  boolean heard;

  /** Whether something was sent to it since the timer was armed. */
  boolean used;

  /** Periods in which it was neither heard nor used. */
  int idlePeriods;

  /** For the rate limit of ICMP errors: when the next one would be due at the steady rate. */
  long errorsDueNanos;

  @Nullable Timer timer;
  private final @Nullable ByteBuf[] queue = new @Nullable ByteBuf[QUEUE];
  private int queued;

  Neighbour(int address) {
    this.address = address;
  }

  boolean resolved() {
    return state != State.INCOMPLETE;
  }

  /** Takes ownership of a packet that waits; false when the queue is full. */
  boolean enqueue(ByteBuf packet) {
    if (queued == QUEUE) {
      return false;
    }
    queue[queued++] = packet;
    return true;
  }

  /** The next packet that waits, now the caller's; null when there is none. */
  @Nullable ByteBuf dequeue() {
    if (queued == 0) {
      return null;
    }
    ByteBuf first = queue[0];
    System.arraycopy(queue, 1, queue, 0, --queued);
    queue[queued] = null;
    return first;
  }

  int queued() {
    return queued;
  }
}
