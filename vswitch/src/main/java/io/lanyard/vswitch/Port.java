package io.lanyard.vswitch;

import io.lanyard.base.LifeCycle;
import io.netty.buffer.ByteBuf;

/**
 * A way into a switch: a TAP device, a VMM's socket, a guest's NIC, the network's gateway.
 *
 * <p>A port gives frames to its switch by {@link Switch#receive} and takes frames by {@link
 * #transmit}. In both directions a frame is lent: reader index at the offload header ({@link
 * io.lanyard.vswitch.frame.OffloadHeader}), the Ethernet frame behind it, no FCS.
 *
 * <p>Thread: the network's loop only.
 */
public interface Port extends LifeCycle {
  /**
   * The port's name, unique on its switch.
   *
   * @return a short name, as in the configuration
   */
  String name();

  /**
   * The port's kind, as the configuration, the API and dumps name it.
   *
   * @return such as {@code tap}
   */
  String kind();

  /**
   * Whether frames can pass now. On any thread.
   *
   * @return the present state; a port without a medium that can fail is up
   */
  default PortState state() {
    return PortState.up();
  }

  /**
   * The limitation of a port that works: what it cannot do, or whom it sends away again and again,
   * and the remedy.
   *
   * @return a text for people; empty if there is nothing to say
   */
  default String limitation() {
    return "";
  }

  /**
   * Tells somebody of each change of {@link #state} from now on.
   *
   * @param listener told on the loop
   */
  default void addListener(PortListener listener) {}

  /**
   * Tells somebody no longer.
   *
   * @param listener one that was added; nothing happens for another
   */
  default void removeListener(PortListener listener) {}

  /** {@inheritDoc} The port is attached already: its frames go to the switch from now on. */
  @Override
  default void start() {}

  /**
   * The largest IP packet that passes the port, in either direction. The switch holds frames to it:
   * a frame with a VLAN tag may be four bytes longer, a super-frame is measured by its segments.
   *
   * @return bytes; the same for the life of the port
   */
  int mtu();

  /**
   * The port's offloads; they may change while the port lives (a guest negotiates).
   *
   * @return the present offloads
   */
  Offloads offloads();

  /**
   * Sends a frame out of the switch by this port. Never throws and never blocks: a frame that
   * cannot go is dropped, and the port counts it.
   *
   * @param passage what is known of the frame; lent for the length of the call
   * @param frame lent for the length of the call, within {@link #mtu} and {@link #offloads}, its
   *     indexes unchanged on return; a port that queues it retains it
   * @return whether the port has taken the frame
   */
  boolean transmit(Passage passage, ByteBuf frame);

  /**
   * Hears that another port has left the switch or has lost its carrier: the stations that were
   * behind it are gone, and what is kept for them can be given back. It is told between frames.
   *
   * @param other the port, detached already or without carrier
   * @param number its number, as {@link Passage#ingressNumber} has it; another port may get it
   */
  default void portLeft(Port other, int number) {}

  /** Ends a burst: what {@link #transmit} has gathered leaves now. */
  void flush();

  /**
   * The port's counters.
   *
   * @return the live object, written by the loop
   */
  PortCounters counters();
}
