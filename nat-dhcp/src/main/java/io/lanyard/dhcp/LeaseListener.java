package io.lanyard.dhcp;

/**
 * Hears of leases as they come and go: the DNS zone, the event stream.
 *
 * <p>Thread: the network's loop only.
 */
public interface LeaseListener {
  /**
   * A client got an address, and that is on disk.
   *
   * @param lease a bound lease
   */
  void leaseAdded(Lease lease);

  /**
   * A client renewed its lease; its expiry, and perhaps its name, is another.
   *
   * @param before what it was
   * @param after what it is
   */
  void leaseChanged(Lease before, Lease after);

  /**
   * A client gave its address back, or the lease ran out or was withdrawn.
   *
   * @param lease what it was
   */
  void leaseRemoved(Lease lease);
}
