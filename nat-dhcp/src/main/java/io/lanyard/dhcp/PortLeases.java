package io.lanyard.dhcp;

import io.lanyard.nat.station.Presence;
import io.lanyard.net.Address;
import java.util.Iterator;
import java.util.LinkedHashSet;
import org.jspecify.annotations.Nullable;

/**
 * The leases of one port, told apart by whether their holders were heard there since the port has
 * had its link. A lease whose holder was not is left behind: by a VMM whose place another one has
 * taken, or before the daemon was started.
 *
 * <p>Thread: the network's loop only.
 */
final class PortLeases {
  /** Leases that were left behind, the one that was heard longest ago first. */
  private final LinkedHashSet<Address> left = new LinkedHashSet<>();

  /** Leases whose holders were heard in the presence, in the same order. */
  private final LinkedHashSet<Address> heard = new LinkedHashSet<>();

  /** The port's presence in which a holder was heard last; null if none was. */
  private @Nullable Presence presence;

  void add(Address address) {
    left.add(address);
  }

  void remove(Address address) {
    left.remove(address);
    heard.remove(address);
  }

  int size() {
    return left.size() + heard.size();
  }

  /** A lease's holder was heard. */
  @SuppressWarnings("ReferenceEquality") // a presence is that one or another
  void heard(Address address, Presence in) {
    if (in != presence) {
      left.addAll(heard);
      heard.clear();
      presence = in;
    }
    if (left.remove(address) || heard.remove(address)) {
      heard.add(address);
    }
  }

  /** Takes over what another account has noted of the leases that both have. */
  void inherit(PortLeases former) {
    presence = former.presence;
    for (Address address : former.heard) {
      if (left.remove(address)) {
        heard.add(address);
      }
    }
  }

  /**
   * The lease that was left behind longest ago.
   *
   * @param now the port's presence, or null if it has none
   * @return its address; null for none
   */
  @SuppressWarnings("ReferenceEquality") // a presence is that one or another
  @Nullable Address leftBehind(@Nullable Presence now) {
    Iterator<Address> oldest = left.iterator();
    if (!oldest.hasNext() && now != presence) {
      oldest = heard.iterator();
    }
    return oldest.hasNext() ? oldest.next() : null;
  }

  /** The presence in which a holder was heard last; null if none was since the daemon's start. */
  @Nullable Presence presence() {
    return presence;
  }
}
