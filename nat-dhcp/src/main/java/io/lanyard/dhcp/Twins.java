package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import java.lang.System.Logger.Level;

/**
 * Tells apart clients that have one identifier: copies of a virtual machine, whose machine-id, and
 * so whose DUID (RFC 4361), is the original's.
 *
 * <p>By the letter of RFC 2131 they are one client, and would be given one address between them. A
 * client that comes with another MAC address than its lease has may as well have a new card, so the
 * address is looked for: if the one that has it answers, the other is known by its MAC address from
 * then on, as long as it has a lease.
 *
 * <p>Thread: the network's loop only.
 */
final class Twins {
  private final String network;
  private final LeaseTable table;
  private final ConflictCheck check;
  private final Counters<DhcpCount> counters;
  private final RateLimitedLog log;

  Twins(
      String network,
      LeaseTable table,
      ConflictCheck check,
      Counters<DhcpCount> counters,
      RateLimitedLog log) {
    this.network = network;
    this.table = table;
    this.check = check;
    this.counters = counters;
    this.log = log;
  }

  /**
   * Finds out whom a request is from, and goes on with it, now or after a probe.
   *
   * @param then goes on with the request
   */
  void identify(DhcpMessage request, long now, Runnable then) {
    Lease held = check.on() ? table.of(request.client) : null;
    if (held == null || !held.bound(now) || held.mac() == request.mac) {
      then.run();
      return;
    }
    ClientId byMac = ClientId.ofMac(request.mac);
    Lease own = table.of(byMac);
    if (own != null && own.active(now) && own.state() != Lease.State.DECLINED) {
      request.client = byMac;
      then.run();
    } else if (check.hasRoom()) {
      check.check(
          held.address(),
          request.mac,
          new ConflictCheck.Verdict() {
            @Override
            public void free() {
              then.run();
            }

            @Override
            public void inUse(long mac, boolean late) {
              counters.count(DhcpCount.TWIN);
              log.log(
                  Level.INFO,
                  "two clients have one identifier, as copies of a machine do; told apart by MAC",
                  () ->
                      "network="
                          + network
                          + " address="
                          + Ipv4.format(held.address())
                          + " mac="
                          + Ethernet.format(mac)
                          + " other="
                          + Ethernet.format(request.mac));
              if (!late) {
                request.client = byMac;
                then.run();
              }
            }
          });
    }
  }
}
