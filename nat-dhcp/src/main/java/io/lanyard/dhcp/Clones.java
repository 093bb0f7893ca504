package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import java.lang.System.Logger.Level;

/**
 * Tells apart clients that have one identifier: clones of a virtual machine, whose machine-id, and
 * so whose DUID (RFC 4361), is the original's.
 *
 * <p>By the letter of RFC 2131 they are one client, and would be given one address between them. A
 * client that comes with another MAC address than its lease has may also have a new NIC, so the
 * address is probed: if the holder of the lease answers, the other client is known by its MAC
 * address from then on, as long as it has a lease.
 *
 * <p>Thread: the network's loop only.
 */
final class Clones {
  private final String network;
  private final LeaseTable table;
  private final ConflictCheck check;
  private final Counters<DhcpCount> counters;
  private final RateLimitedLog log;

  Clones(
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
   * Finds out which client sent a request, and goes on with it, now or after a probe.
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
    } else if (check.hasRoom(request.port)) {
      check.check(held.address(), request, new HolderAnswers(request, held, byMac, then));
    }
  }

  private final class HolderAnswers implements ConflictCheck.Verdict {
    private final DhcpMessage request;
    private final Lease held;
    private final ClientId byMac;
    private final Runnable then;

    HolderAnswers(DhcpMessage request, Lease held, ClientId byMac, Runnable then) {
      this.request = request;
      this.held = held;
      this.byMac = byMac;
      this.then = then;
    }

    @Override
    public boolean believes(long mac, String port) {
      return mac == held.mac() && held.isBehind(port);
    }

    @Override
    public void free() {
      then.run();
    }

    @Override
    public void inUse(long mac, String port, boolean late) {
      counters.count(DhcpCount.CLONE);
      log.log(
          Level.INFO,
          "two clients have one identifier, as clones of a machine do; told apart by MAC",
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
  }
}
