package io.lanyard.daemon.network;

import io.lanyard.dhcp.Lease;
import io.lanyard.dhcp.LeaseListener;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Those who hear of a network's leases, whatever server gives them: a server may be switched off
 * and on while they stay.
 *
 * <p>Thread: the network's loop only.
 */
final class LeaseListeners implements LeaseListener {
  private final List<LeaseListener> all = new ArrayList<>();

  /** Adds one, and tells it of the leases that there are. */
  void add(LeaseListener listener, Collection<Lease> present) {
    all.add(listener);
    for (Lease lease : present) {
      if (lease.state() == Lease.State.BOUND) {
        listener.leaseAdded(lease);
      }
    }
  }

  void remove(LeaseListener listener) {
    all.remove(listener);
  }

  /** The server of these leases is switched off: nobody has them any more. */
  void forget(Collection<Lease> present) {
    for (Lease lease : present) {
      if (lease.state() == Lease.State.BOUND) {
        leaseRemoved(lease);
      }
    }
  }

  @Override
  public void leaseAdded(Lease lease) {
    all.forEach(listener -> listener.leaseAdded(lease));
  }

  @Override
  public void leaseChanged(Lease before, Lease after) {
    all.forEach(listener -> listener.leaseChanged(before, after));
  }

  @Override
  public void leaseRemoved(Lease lease) {
    all.forEach(listener -> listener.leaseRemoved(lease));
  }
}
