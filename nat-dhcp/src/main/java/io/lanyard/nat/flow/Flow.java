package io.lanyard.nat.flow;

import io.lanyard.base.ArrivalList;
import io.lanyard.base.Timers.Timer;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.Turn;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A conversation between a guest's endpoint and a remote one. The engines extend it with what
 * carries it.
 *
 * <p>Thread: the network's loop only.
 */
public abstract class Flow extends ArrivalList.Member<Flow> {
  /** The cost of a flow's end for its guest, the least first. */
  public enum Worth {
    /** It may go at any time: it is over, or its protocol makes it anew. */
    DISPENSABLE,
    /** It is being opened, and nothing has come of it yet. */
    OPENING,
    /** Somebody relies on it. */
    IN_USE
  }

  private final Address guest;
  private final Address remote;

  /** The second half of its key: family, protocol and ports. */
  final long low;

  /** The first half of its key, the numbers of both addresses: valid while it is in a table. */
  long high;

  // The table's: null or zero while the flow is not in one.
  @Nullable FlowTable table;
  @Nullable FlowList list;
  @Nullable Timer timer;
  long id;
  long createdNanos;
  long activeNanos;
  private long idleNanos;

  private long packetsFromGuest;
  private long bytesFromGuest;
  private long packetsToGuest;
  private long bytesToGuest;
  FlowGroups.@Nullable Place ofGuest;

  /** Its place among the flows that rely on a published port; null while it relies on none. */
  FlowGroups.@Nullable Place ofPublished;

  /** Whether it may be because the daemon publishes its remote end. */
  boolean reliesOnPublished;

  private Grant grant = Grant.BY_ADDRESS;
  private @Nullable String forward;
  private @Nullable Endpoint client;
  private @Nullable Supplier<FlowOwner> target;
  private @Nullable Consumer<Flow> gone;

  /**
   * Makes a flow that is in no table yet.
   *
   * @param protocol the IP protocol number: one of the constants of {@link FlowKey}
   * @param guest the guest's address
   * @param guestPort the guest's port, or the identifier of its echo requests
   * @param remote the remote address, of the same family, as the guest sees it
   * @param remotePort the remote port; 0 for ICMP
   */
  protected Flow(int protocol, Address guest, int guestPort, Address remote, int remotePort) {
    this.guest = guest;
    this.remote = remote;
    low = FlowTable.low(!guest.isIpv4(), protocol, guestPort, remotePort);
  }

  /**
   * The engine's word for where the flow stands.
   *
   * @return a short word for a listing, such as {@code established}
   */
  public abstract String state();

  /**
   * Tells the engine that the table has ended the flow. The flow is in the table no more; the
   * engine gives back what it holds for it, and does not call {@link FlowTable#remove}. Must not
   * throw.
   *
   * @param end why
   */
  protected abstract void ended(FlowEnd end);

  /**
   * The cost of the flow's end for its guest, for the choice of a flow that makes place for a newer
   * one.
   *
   * @return {@link Worth#IN_USE} unless overridden
   */
  protected Worth worth() {
    return Worth.IN_USE;
  }

  /**
   * Sets for how long nothing may pass before the table ends the flow. May be called at any time,
   * and often: it moves a timer only when the timeout becomes shorter.
   *
   * @param nanos nanoseconds; 0 for no limit
   */
  public final void idleTimeout(long nanos) {
    boolean shorter = idleNanos == 0 || nanos < idleNanos;
    idleNanos = nanos;
    FlowTable in = table;
    if (in != null && (nanos == 0 || shorter)) {
      in.watch(this);
    }
  }

  /**
   * The present idle timeout.
   *
   * @return nanoseconds; 0 for no limit
   */
  public final long idleTimeout() {
    return idleNanos;
  }

  /** Notes that the flow is in use now: its idle time begins anew. */
  public final void touch() {
    FlowTable in = table;
    if (in != null) {
      activeNanos = in.nanoTime();
    }
  }

  /**
   * Counts what the guest sent.
   *
   * @param packets IP packets
   * @param bytes their bytes, IP header included
   */
  public final void countFromGuest(long packets, long bytes) {
    packetsFromGuest += packets;
    bytesFromGuest += bytes;
  }

  /**
   * Counts what the guest got.
   *
   * @param packets IP packets
   * @param bytes their bytes, IP header included
   */
  public final void countToGuest(long packets, long bytes) {
    packetsToGuest += packets;
    bytesToGuest += bytes;
  }

  /**
   * Notes why the flow may be. It is asked again when the rules change.
   *
   * @param why what the egress has said
   */
  public final void grant(Grant why) {
    grant = why;
    if (Grant.plain(why) instanceof Grant.Published) {
      relyOnPublished();
    }
  }

  /** Notes that the flow may be as long as the daemon publishes its remote end. */
  public final void relyOnPublished() {
    reliesOnPublished = true;
    FlowTable in = table;
    if (in != null) {
      in.relies(this);
    }
  }

  /**
   * When the flow came into its table.
   *
   * @return nanoseconds of the network's clock
   */
  public final long createdNanos() {
    return createdNanos;
  }

  /**
   * Why the flow may be.
   *
   * @return {@link Grant#BY_ADDRESS} unless something else was noted
   */
  public final Grant grant() {
    return grant;
  }

  /**
   * The forward that the flow came in by, for listings, and its destination.
   *
   * @param name the forward's name
   * @param from the client's address and port, as the host sees them
   * @param port finds the guest's port, with which the flow ends; asked each time, since the guest
   *     may not have been located yet
   */
  public final void forward(String name, Endpoint from, Supplier<FlowOwner> port) {
    boolean isNew = forward == null;
    forward = name;
    client = from;
    target = port;
    FlowTable in = table;
    if (in != null && isNew) {
      in.began(this);
    }
  }

  /** The guest's port, of a flow that is charged to a forward; null of others. */
  final @Nullable FlowOwner target() {
    Supplier<FlowOwner> port = target;
    return port == null ? null : port.get();
  }

  /**
   * Asks to be told once when the flow has left the table, whatever the reason.
   *
   * @param listener called on the loop, with the flow's last counters; must not throw
   */
  public final void onGone(Consumer<Flow> listener) {
    gone = listener;
  }

  final void left() {
    Consumer<Flow> listener = gone;
    gone = null;
    if (listener != null) {
      listener.accept(this);
    }
  }

  /**
   * The flow's number.
   *
   * @return a number that no other flow of the table ever has; 0 before it is added
   */
  public final long id() {
    return id;
  }

  /**
   * The port of the switch that the guest is behind.
   *
   * @return its name; empty while the flow is in no table
   */
  public final String port() {
    FlowOwner port = owner();
    return port == null ? "" : port.name();
  }

  /** The port that the guest is behind, or the forward whose guest has not been found yet. */
  private @Nullable FlowOwner owner() {
    FlowAccount account = account();
    FlowOwner led = target();
    return led != null || account == null ? led : account.owner();
  }

  /**
   * Does what a timer of the flow has to do, charged to the port that its guest is behind.
   *
   * @param work the work
   */
  public final void charge(Runnable work) {
    FlowOwner port = owner();
    Turn turn = port == null ? null : port.turn();
    if (turn == null) {
      work.run();
    } else {
      turn.charge(work);
    }
  }

  /**
   * The forward that the flow came in by.
   *
   * @return the forward's name; null for a flow that the guest began
   */
  public final @Nullable String forward() {
    return forward;
  }

  /**
   * Notes that the flow was begun from outside.
   *
   * @param from who has begun it, as the host sees it
   */
  public final void client(Endpoint from) {
    client = from;
  }

  /**
   * The address of the one outside that has begun the flow.
   *
   * @return the address, as the host sees it; null for a flow that the guest began
   */
  public final @Nullable Address client() {
    return client == null ? null : client.address();
  }

  /**
   * Whether the flow is in a table.
   *
   * @return false before {@link FlowTable#add} and after its end
   */
  public final boolean live() {
    return table != null;
  }

  /**
   * The IP protocol.
   *
   * @return one of the constants of {@link FlowKey}
   */
  public final int protocol() {
    return (int) (low >>> 32) & 0xff;
  }

  /**
   * The guest's address.
   *
   * @return the address, the same object at every call
   */
  public final Address guest() {
    return guest;
  }

  /**
   * The guest's port.
   *
   * @return the port, or the identifier of its echo requests
   */
  public final int guestPort() {
    return (int) (low >>> 16) & 0xffff;
  }

  /**
   * The remote address, as the guest sees it.
   *
   * @return the address, the same object at every call
   */
  public final Address remote() {
    return remote;
  }

  /**
   * The host's own address that the flow is bound to: without it the flow leads nowhere.
   *
   * @return the address; null of a flow whose packets go by whatever address the host has
   */
  public @Nullable Address hostAddress() {
    return null;
  }

  /**
   * The account that the flow is counted in.
   *
   * @return the account; null while the flow is in no table
   */
  public final @Nullable FlowAccount account() {
    FlowList in = list;
    return in == null ? null : in.account;
  }

  /**
   * Whether a port has to answer for the flow, or a forward does. A guest that was moved to another
   * port has flows that its former one began, and so has a guest in whose name another sent before
   * the guest was known.
   *
   * @param port the owner of the port's flows
   * @return false if another port began the flow
   */
  public final boolean isOf(FlowOwner port) {
    FlowAccount in = account();
    return in == null || in.owner.equals(port) || in.owner.isForward();
  }

  /**
   * The remote port.
   *
   * @return the port; 0 for ICMP
   */
  public final int remotePort() {
    return (int) low & 0xffff;
  }

  /**
   * Bytes that the guest sent.
   *
   * @return bytes, IP headers included
   */
  public final long bytesFromGuest() {
    return bytesFromGuest;
  }

  /**
   * Bytes that the guest got.
   *
   * @return bytes, IP headers included
   */
  public final long bytesToGuest() {
    return bytesToGuest;
  }

  /**
   * The flow as it stands, in a table.
   *
   * @return a record for a listing
   * @throws IllegalStateException if it is in no table
   */
  public final FlowRecord record() {
    FlowTable in = table;
    if (in == null) {
      throw new IllegalStateException("the flow is in no table");
    }
    long nowNanos = in.nanoTime();
    String protocol =
        switch (protocol()) {
          case FlowKey.TCP -> "tcp";
          case FlowKey.UDP -> "udp";
          default -> "icmp";
        };
    return new FlowRecord(
        id,
        protocol,
        port(),
        new Endpoint(guest, guestPort()),
        new Endpoint(remote, remotePort()),
        state(),
        forward,
        client,
        nowNanos - createdNanos,
        nowNanos - activeNanos,
        packetsFromGuest,
        bytesFromGuest,
        packetsToGuest,
        bytesToGuest);
  }
}
