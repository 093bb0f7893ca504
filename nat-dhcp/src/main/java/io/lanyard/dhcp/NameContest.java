package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;
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
 * answer a probe. Without probes (configuration), the holder keeps it until its lease ends. The
 * names of reservations and of guests of the configuration never go to another.
 *
 * <p>Thread: the network's loop only.
 */
final class NameContest {
  private final String network;
  private final LeaseTable table;
  private final LeaseKeeper keeper;
  private final ConflictCheck check;
  private final LeaseClock clock;
  private final Counters<DhcpCount> counters;
  private final RateLimitedLog log;

  NameContest(ServerParts parts) {
    this.network = parts.network();
    this.table = parts.table();
    this.keeper = parts.keeper();
    this.check = parts.check();
    this.clock = parts.clock();
    this.counters = parts.counters();
    this.log = parts.log();
  }

  /** Looks whether a client that was just given a lease can have the name that it wants. */
  void settle(DhcpMessage request, Address address) {
    Lease lease = table.at(address);
    String name = table.names().wanted(request.mac, ClientName.read(request));
    if (lease == null || lease.hostname() != null || name == null) {
      return;
    }
    Address held = table.names().holder(name);
    Lease holder = held == null ? null : table.at(held);
    if (holder == null || table.names().isReserved(name) || !has(holder, name)) {
      return;
    }
    if (holder.mac() == lease.mac() && holder.isBehind(lease.port())) {
      move(name, holder, lease); // One machine in two stages of its boot.
    } else if (check.on() && check.hasRoom(request.port)) {
      check.check(holder.address(), request, new HolderAnswers(name, holder, lease));
    }
  }

  private boolean has(@Nullable Lease lease, String name) {
    return lease != null && lease.bound(clock.millis()) && name.equals(lease.hostname());
  }

  private void move(String name, Lease from, Lease to) {
    Lease holder = table.at(from.address());
    Lease heir = table.at(to.address());
    if (holder == null
        || !has(holder, name)
        || !holder.client().equals(from.client())
        || heir == null
        || !heir.bound(clock.millis())
        || !heir.client().equals(to.client())
        || heir.hostname() != null) {
      return; // Something else has happened meanwhile.
    }
    counters.count(DhcpCount.NAME_MOVED);
    keeper.rename(holder, null);
    keeper.rename(heir, name);
    log.log(
        Level.INFO,
        "dhcp-name-moved",
        line ->
            line.with("network", network)
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
    public void free() {
      move(name, holder, heir);
    }

    @Override
    public void inUse(long mac, String port, boolean late) {
      // It keeps its name. Late, it asks for it with its next renewal.
    }
  }
}
