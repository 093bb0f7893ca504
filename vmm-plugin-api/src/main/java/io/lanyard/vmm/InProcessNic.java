package io.lanyard.vmm;

/**
 * A NIC that is attached by {@link Attachment.InProcess}.
 *
 * <p>{@link #sink} is the NIC's end of the link, called by the network's loop: at most one thread
 * at a time. {@link #connect} names the network's end, called by the guest's threads: at most one
 * at a time for a NIC.
 */
public interface InProcessNic extends Nic {
  /**
   * The sink for the network's frames to the guest. It works in every state of the guest: a guest
   * that does not run, or that has no buffer ready, refuses the frame.
   *
   * @return the same object for the life of the NIC
   */
  FrameSink sink();

  /**
   * Attaches the NIC to a network, or moves it to another. The guest sees the link go up. Returns
   * when no frame can go to the earlier sink any more.
   *
   * @param network where the guest's frames go
   */
  void connect(FrameSink network);

  /**
   * Detaches the NIC from its network. The guest sees the link go down. Does nothing if the NIC is
   * detached.
   */
  void disconnect();
}
