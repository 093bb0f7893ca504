package io.lanyard.nat.forward;

/**
 * Hears how the forwards of a network fare.
 *
 * <p>Thread: the network's loop. Must not throw.
 */
public interface ForwardListener {
  /**
   * A forward listens, has failed, or leads elsewhere.
   *
   * @param status the forward as it stands now
   */
  void changed(ForwardStatus status);

  /**
   * A forward was removed.
   *
   * @param status the forward as it stood last
   */
  void removed(ForwardStatus status);
}
