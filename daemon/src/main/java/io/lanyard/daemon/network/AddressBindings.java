package io.lanyard.daemon.network;

import io.lanyard.dhcp.Lease;
import io.lanyard.dhcp.LeaseListener;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.policy.PortAddresses;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tells a network's guards whose its addresses are: a lease's while it lasts, a reservation's
 * always.
 *
 * <p>Thread: the network's loop only.
 */
final class AddressBindings implements LeaseListener {
  private final PortAddresses addresses;
  private Map<Address, Long> fixed;

  /** The leases that are bound, by address. */
  private final Map<Address, Lease> leased = new HashMap<>();

  /**
   * Makes one, and binds what is fixed.
   *
   * @param addresses the network's
   * @param fixed the MAC addresses, in the low 48 bits, that keep an address without a lease
   */
  AddressBindings(PortAddresses addresses, Map<Address, Long> fixed) {
    this.addresses = addresses;
    this.fixed = Map.copyOf(fixed);
    this.fixed.forEach(addresses::bind);
  }

  /**
   * Binds what is fixed from now on; what was and is no more belongs to its lease, if there is one.
   *
   * @param next the MAC addresses that keep an address without a lease
   */
  void fix(Map<Address, Long> next) {
    Map<Address, Long> former = fixed;
    fixed = Map.copyOf(next);
    former.forEach((address, mac) -> {
      if (!mac.equals(fixed.get(address))) {
        addresses.release(address, mac);
        Lease lease = leased.get(address);
        if (lease != null && !fixed.containsKey(address)) {
          addresses.bind(address, lease.mac());
        }
      }
    });
    fixed.forEach(addresses::bind);
  }

  /**
   * Lets guests choose addresses of a subnet from now on.
   *
   * @param subnet a subnet of 64 bits; null for none
   */
  void letChoose(@Nullable Subnet subnet) {
    addresses.letChoose(subnet);
  }

  /**
   * Keeps an address from guests until its host adapter takes it.
   *
   * @param address the host's address
   * @param mac the gateway's MAC address, in the low 48 bits
   */
  void reserve(Address address, long mac) {
    addresses.bind(address, mac);
  }

  /**
   * Whether a port has got the lease of an address.
   *
   * @param address the address
   * @param port the port's name
   * @return false also if nobody has a lease of it, or it is reserved for another client by now
   */
  boolean isLeasedBehind(Address address, String port) {
    Lease lease = leased.get(address);
    if (lease == null || !lease.port().equals(port)) {
      return false;
    }
    Long reserved = fixed.get(address);
    return reserved == null || reserved == lease.mac();
  }

  @Override
  public void leaseAdded(Lease lease) {
    leased.put(lease.address(), lease);
    if (!fixed.containsKey(lease.address())) {
      addresses.bind(lease.address(), lease.mac());
    }
  }

  @Override
  public void leaseChanged(Lease before, Lease after) {
    leaseRemoved(before);
    leaseAdded(after);
  }

  @Override
  public void leaseRemoved(Lease lease) {
    leased.computeIfPresent(
        lease.address(), (address, present) -> present.mac() == lease.mac() ? null : present);
    if (!fixed.containsKey(lease.address())) {
      addresses.release(lease.address(), lease.mac());
    }
  }
}
