package io.lanyard.daemon.network;

import io.lanyard.base.EnumText;
import io.lanyard.control.api.EventType;
import io.lanyard.daemon.event.EventBus;
import io.lanyard.dhcp.Lease;
import io.lanyard.dhcp.LeaseListener;
import io.lanyard.vswitch.frame.Ethernet;
import java.util.Map;

/**
 * Tells of a network's leases.
 *
 * <p>Thread: the network's loop only.
 *
 * @param network the network's name
 * @param events hears of them
 */
record LeaseEvents(String network, EventBus events) implements LeaseListener {
  private void publish(EventType type, Lease lease) {
    String hostname = lease.hostname();
    events.publishOf(
        lease.port(),
        type,
        network,
        lease.address().toString(),
        Map.of(
            "mac",
            Ethernet.format(lease.mac()),
            "hostname",
            hostname == null ? "" : hostname,
            "state",
            EnumText.word(lease.state())));
  }

  @Override
  public void leaseAdded(Lease lease) {
    publish(EventType.LEASE_ADDED, lease);
  }

  @Override
  public void leaseChanged(Lease before, Lease after) {
    publish(EventType.LEASE_CHANGED, after);
  }

  @Override
  public void leaseRemoved(Lease lease) {
    publish(EventType.LEASE_REMOVED, lease);
  }
}
