package io.lanyard.vmm;

/** A guest's NIC. */
public interface Nic {
  /**
   * The NIC's name.
   *
   * @return as in its specification
   */
  String name();

  /**
   * The NIC's address.
   *
   * @return in the low 48 bits
   */
  long mac();

  /**
   * The way in which the NIC is attached: the one that the VMM took of those that it was offered.
   *
   * @return an element of {@link NicSpec#offers}; the same for the life of the NIC. If it is {@link
   *     Attachment.InProcess}, the NIC is an {@link InProcessNic}.
   */
  Attachment attachment();

  /**
   * Shows the guest whether its link is up. The daemon says so when it has made the NIC's port, and
   * when it takes that away; an {@link InProcessNic} hears it by its own methods instead.
   *
   * <p>Thread: any; in any state of the guest.
   *
   * @param up whether there is a network at the other end
   */
  default void link(boolean up) {}

  /**
   * The NIC's counters.
   *
   * @return a snapshot
   */
  NicStatistics statistics();
}
