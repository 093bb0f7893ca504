package io.lanyard.vmm;

/**
 * A guest's network card.
 *
 * <p>{@link #sink} is the card's end of the cable, called by the network's loop: at most one thread
 * at a time. {@link #connect} names the network's end, called by the guest's threads: at most one
 * at a time for a card.
 */
public interface Nic {
  /**
   * The card's name.
   *
   * @return as in its specification
   */
  String name();

  /**
   * The card's address.
   *
   * @return in the low 48 bits
   */
  long mac();

  /**
   * Where the network puts frames for the guest. Works in every state of the guest: a frame for a
   * guest that does not run, or that has no buffer ready, is refused.
   *
   * @return the same object for the life of the card
   */
  FrameSink sink();

  /**
   * Plugs the cable in, or moves it. The guest sees the link go up. Returns when no frame can go to
   * the earlier sink any more.
   *
   * @param network where the guest's frames go
   */
  void connect(FrameSink network);

  /** Pulls the cable. The guest sees the link go down. Does nothing when none is plugged in. */
  void disconnect();

  /**
   * What passed through the card.
   *
   * @return a snapshot
   */
  NicStatistics statistics();
}
