package io.lanyard.dhcp;

import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * Gives a name to the client that uses it: a machine that is made anew has the same name and a new
 * MAC address, while the lease of the former one still runs.
 *
 * <p>A client that wants a name which another lease has gets it as soon as the holder does not
 * answer a probe. One machine has its name at once at another address of IPv4, since it has one at
 * a time; of IPv6 it may have several, and the name stays with one that it uses. Without probes
 * (configuration), the holder keeps it until its lease ends. The names of reservations and of
 * guests of the configuration never go to another.
 *
 * <p>Thread: the network's loop only.
 */
final class NameContest {
  private final ServerParts parts;

  NameContest(ServerParts parts) {
    this.parts = parts;
  }

  /** Looks whether a client that was just given a lease can have the name that it wants. */
  void settle(ClientRequest request, Address address) {
    Lease lease = parts.table().at(address);
    String name = parts.table().names().wanted(request.mac(), request.said());
    if (lease == null || lease.hostname() != null || name == null) {
      return;
    }
    Address held = parts.table().names().holder(name);
    Lease holder = held == null ? null : parts.table().at(held);
    if (holder == null || parts.table().names().isReserved(name) || !has(holder, name)) {
      return;
    }
    boolean same = holder.mac() == lease.mac() && holder.isBehind(lease.port());
    if (same && address.isIpv4()) {
      move(name, holder, lease); // One machine in two stages of its boot.
    } else if (parts.check().on() && parts.check().admits(holder.address(), request)) {
      parts.check().check(holder.address(), request, new HolderAnswers(name, holder, lease));
    }
  }

  private boolean has(@Nullable Lease lease, String name) {
    return lease != null && lease.bound(parts.now()) && name.equals(lease.hostname());
  }

  private void move(String name, Lease from, Lease to) {
    Lease holder = parts.table().at(from.address());
    Lease heir = parts.table().at(to.address());
    if (holder == null
        || !has(holder, name)
        || !holder.client().equals(from.client())
        || heir == null
        || !heir.bound(parts.now())
        || !heir.client().equals(to.client())
        || heir.hostname() != null) {
      return; // Something else has happened meanwhile.
    }
    parts.counters().count(DhcpCount.NAME_MOVED);
    parts.keeper().rename(holder, null);
    parts.keeper().rename(heir, name);
    parts.log().log(
        Level.INFO,
        "dhcp-name-moved",
        to.port(),
        line ->
            line.with("network", parts.network())
                .with("name", name)
                .with("from-mac", Ethernet.format(holder.mac()))
                .with("from-address", holder.address())
                .with("to-mac", Ethernet.format(heir.mac()))
                .with("to-address", heir.address()));
  }

  private final class HolderAnswers implements ConflictCheck.Verdict {
    private final String name;
    private final Lease holder;
    private final Lease heir;

    HolderAnswers(String name, Lease holder, Lease heir) {
      this.name = name;
      this.holder = holder;
      this.heir = heir;
    }

    @Override
    public boolean believes(long mac, Station from) {
      return mac == holder.mac() && holder.isBehind(from.budget().name());
    }

    @Override
    public void free(long probedAt) {
      move(name, holder, heir);
    }

    @Override
    public void inUse(long mac, String port, boolean late) {
      // It keeps its name. Late, it asks for it with its next renewal.
    }
  }
}
