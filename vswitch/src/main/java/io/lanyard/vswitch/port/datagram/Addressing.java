package io.lanyard.vswitch.port.datagram;

import io.lanyard.linux.DatagramBatch;
import io.lanyard.linux.SocketName;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.PortState;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Whom the datagrams of a port go to, whom they come from, and what lies in front of the frame in
 * each.
 *
 * <p>A port is an addressing times where its socket comes from ({@link DatagramSource}).
 *
 * <p>Thread: the network's loop only. An addressing may have state, and so belongs to one port.
 */
public interface Addressing {
  /** A judgement of a datagram. */
  enum Verdict {
    /** It holds a frame, behind {@link #prefixLength} bytes. */
    FRAME,
    /** It is a part of the protocol, and has been dealt with. */
    CONTROL,
    /** Somebody else has sent it. */
    FOREIGN,
    /** It is too short for its prefix, or its prefix says something else. */
    MALFORMED,
    /** That is not known yet: it is judged again after the call that {@link #start} has got. */
    LATER
  }

  /**
   * The length of what lies in front of each frame.
   *
   * @return bytes, at most 12
   */
  default int prefixLength() {
    return 0;
  }

  /**
   * Writes what lies in front of a frame.
   *
   * @param into where; exactly {@link #prefixLength} bytes
   */
  default void writePrefix(ByteBuf into) {}

  /**
   * Begins.
   *
   * @param known to be called on the loop when a datagram can be judged that could not before
   */
  default void start(Runnable known) {}

  /** Ends: nothing is sent or judged any more. */
  default void close() {}

  /**
   * Judges a datagram.
   *
   * @param batch the burst that it is in
   * @param slot its slot
   * @param datagram its head, or all of it
   * @param index where it begins there
   * @return what it is
   */
  Verdict judge(DatagramBatch batch, int slot, ByteBuf datagram, int index);

  /**
   * Why the last datagram was foreign, and what to do.
   *
   * @return for people
   */
  default String advice() {
    return "the port takes frames from its peer alone; compare the addresses";
  }

  /**
   * Completes a frame that came in and passes what the peer leaves to be done to the switch.
   *
   * @param frame with an offload header that asks for nothing
   */
  default void received(ByteBuf frame) {}

  /**
   * Finds the receivers of a frame.
   *
   * @param passage what is known of it
   * @return how many there are; 0 while there is nobody
   */
  int route(Passage passage);

  /**
   * One of the receivers that {@link #route} has found last.
   *
   * @param number from 0 on
   * @return its address; null for the peer of a socket that is connected
   */
  @Nullable SocketName receiver(int number);

  /**
   * Hears that nobody has a receiver's socket open.
   *
   * @param receiver its address
   */
  default void gone(SocketName receiver) {}

  /**
   * Whether {@link #check} is to be called about every second.
   *
   * @return the same for the life of the addressing
   */
  default boolean needsChecks() {
    return false;
  }

  /** Looks whether the peers are there. Does not wait. */
  default void check() {}

  /**
   * The port's state while it has a socket.
   *
   * @return up, or why there is nobody to send to
   */
  default PortState state() {
    return PortState.up();
  }
}
