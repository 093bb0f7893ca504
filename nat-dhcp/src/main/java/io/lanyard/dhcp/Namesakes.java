package io.lanyard.dhcp;

import io.lanyard.net.Address;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a name with one machine, by its MAC address, in both families.
 *
 * <p>Thread: the network's loop only.
 */
final class Namesakes implements LeaseListener {
  private final ServerParts four;
  private final ServerParts six;

  private Namesakes(ServerParts four, ServerParts six) {
    this.four = four;
    this.six = six;
  }

  static void join(ServerParts four, ServerParts six) {
    Namesakes both = new Namesakes(four, six);
    six.table().names().leave(both::isTakenInFour, true);
    four.table().names().leave(both::isTakenInSix, false);
    four.table().addListener(both);
  }

  private boolean isTakenInFour(String name, long mac) {
    Lease holder = holder(four, name);
    return holder != null && holder.mac() != mac;
  }

  /** Of a machine that has the name in both, IPv4 decides whether it goes to another. */
  private boolean isTakenInSix(String name, long mac) {
    Lease holder = holder(six, name);
    if (holder == null || holder.mac() == mac) {
      return false;
    }
    Lease same = holder(four, name);
    return same == null || same.mac() != holder.mac();
  }

  private static @Nullable Lease holder(ServerParts parts, String name) {
    Address address = parts.table().names().holder(name);
    Lease lease = address == null ? null : parts.table().at(address);
    return lease != null && lease.bound(parts.now()) ? lease : null;
  }

  @Override
  public void leaseAdded(Lease lease) {
    String name = lease.hostname();
    Lease former = name == null ? null : holder(six, name);
    if (name != null
        && former != null
        && former.mac() != lease.mac()
        && name.equals(former.hostname())) {
      six.keeper().rename(former, null);
    }
  }

  @Override
  public void leaseChanged(Lease before, Lease after) {
    leaseAdded(after);
  }

  @Override
  public void leaseRemoved(Lease lease) {
    // Nobody has the name now.
  }
}
