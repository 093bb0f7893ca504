package io.lanyard.nat.station;

import io.lanyard.base.ArrivalList;
import io.lanyard.base.Timers.Timer;
import io.lanyard.net.Address;
import io.lanyard.vswitch.Turn;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * An address of the network, and what is known of the station that has it. A flow keeps the
 * neighbour that it sends to, so that no packet looks it up. One that the table has forgotten still
 * says who has the address: it asks the entry that stands for it now.
 *
 * <p>Thread: the network's loop only.
 */
public final class Neighbour extends ArrivalList.Member<Neighbour> {
  /** Where the knowledge stands. */
  enum State {
    /** Asked, not answered yet. */
    INCOMPLETE,
    /** Known, and confirmed not long ago. */
    REACHABLE,
    /** Known, but silent for a while, and being asked whether it still holds. */
    PROBING,
    /** Known, and used behind another port too: its holder is asked whether it is still there. */
    CONTESTED,
    /** In the table no more; another object may stand for the address. */
    FORGOTTEN
  }

  /**
   * The most packets that wait for an answer. RFC 1122 section 2.3.2.2 asks for at least one; a few
   * let the first window of a connection through.
   */
  static final int QUEUE = 4;

  private final Neighbours table;
  private final Address address;
  State state = State.INCOMPLETE;
  long mac;
  int asked;

  /** Who has the address; null while nobody has answered. */
  @Nullable Station station;

  /** Who gets the address if its holder does not answer; null unless it is contested. */
  @Nullable Station rival;

  /** When the address may be contested again, by the clock. */
  long settledNanos;

  /** Whose share of the table it is. */
  PortBudget budget;

  /** Whether something came from it since the timer was armed: that confirms it. */
  boolean heard;

  /** Whether something was sent to it since the timer was armed. */
  boolean used;

  /** Periods in which it was neither heard nor used. */
  int idlePeriods;

  @Nullable Timer timer;
  private final @Nullable ByteBuf[] queue = new @Nullable ByteBuf[QUEUE];

  /** Whose the packets of the queue are. */
  private final @Nullable PortBudget[] owners = new @Nullable PortBudget[QUEUE];

  private int queued;

  Neighbour(Neighbours table, Address address, PortBudget budget) {
    this.table = table;
    this.address = address;
    this.budget = budget;
  }

  /**
   * The address.
   *
   * @return the address, the same object at every call
   */
  public Address address() {
    return address;
  }

  /**
   * The station that has the address.
   *
   * @return the station; null while nobody has answered for the address
   */
  public @Nullable Station station() {
    return present().station;
  }

  /** The entry that stands for the address; the forgotten one itself while there is none. */
  private Neighbour present() {
    Neighbour other = state == State.FORGOTTEN ? table.get(address) : null;
    return other == null ? this : other;
  }

  /**
   * Who has to answer for what the gateway does for the address. To be asked anew each time: the
   * address may have no station yet, or another one later.
   *
   * @return its station; while nobody has answered, a station without port
   */
  public Station charged() {
    Neighbour now = present();
    Station known = now.station;
    return known == null ? now.budget.anonymous() : known;
  }

  /**
   * The part of the loop's time that work for the neighbour is charged to; as {@link #charged}.
   *
   * @return the turn of the port that it is behind
   */
  public Turn turn() {
    return charged().budget().turn();
  }

  /**
   * The MAC address that packets go to.
   *
   * @return the address in the low 48 bits; 0 while nobody has answered
   */
  public long mac() {
    return mac;
  }

  /**
   * Whether a station behind another port uses the address too. Only the holder is asked then: the
   * switch may have moved the holder's MAC address to the other port.
   *
   * @return true until the holder has answered, or has not for long enough
   */
  public boolean contested() {
    return state == State.CONTESTED;
  }

  /** Whose work its timer does: while it is contested, that of the port that contests it. */
  PortBudget worker() {
    Station other = rival;
    return other == null || other.budget().released() ? budget : other.budget();
  }

  /** Whether a station has the address. The same MAC address behind another port has not. */
  @SuppressWarnings("ReferenceEquality") // a port has one budget
  boolean isHeldBy(Station other) {
    return mac == other.mac() && budget == other.budget();
  }

  /**
   * The port that the MAC address is behind, by its budget. Frames for an address that the switch
   * does not know go there.
   *
   * @return the budget; one without port while nobody has answered
   */
  public PortBudget behind() {
    return budget;
  }

  /**
   * The state for a dump.
   *
   * @return a word
   */
  public String state() {
    return switch (state) {
      case INCOMPLETE -> "incomplete";
      case REACHABLE -> "reachable";
      case PROBING -> "probing";
      case CONTESTED -> "contested";
      case FORGOTTEN -> "forgotten";
    };
  }

  boolean is(long high, long low) {
    return address.low() == low && address.high() == high;
  }

  boolean resolved() {
    return state != State.INCOMPLETE && state != State.FORGOTTEN;
  }

  /** Takes ownership of a packet that waits; false when the queue is full. */
  boolean enqueue(ByteBuf packet, PortBudget owner) {
    if (queued == QUEUE) {
      return false;
    }
    owners[queued] = owner;
    queue[queued++] = packet;
    return true;
  }

  /** Whose the packet is that {@link #dequeue} gives next; null when there is none. */
  @Nullable PortBudget nextOwner() {
    return owners[0];
  }

  /** The next packet that waits, now the caller's; null when there is none. */
  @Nullable ByteBuf dequeue() {
    if (queued == 0) {
      return null;
    }
    ByteBuf first = queue[0];
    System.arraycopy(queue, 1, queue, 0, --queued);
    System.arraycopy(owners, 1, owners, 0, queued);
    queue[queued] = null;
    owners[queued] = null;
    return first;
  }

  int queued() {
    return queued;
  }

  @Override
  public String toString() {
    return address.toString();
  }
}
