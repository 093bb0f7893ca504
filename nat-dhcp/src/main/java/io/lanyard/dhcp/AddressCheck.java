package io.lanyard.dhcp;

import io.lanyard.nat.station.Excess;
import io.lanyard.nat.station.Station;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import java.lang.System.Logger.Level;

/**
 * Makes sure that nobody else uses an address before a client gets it.
 *
 * <p>Any guest can answer a probe. So an answer counts only from a host that has no lease for
 * another address, and from a port that has not yet answered for more than a few.
 *
 * <p>Thread: the network's loop only.
 */
final class AddressCheck {
  private final ServerParts parts;

  AddressCheck(ServerParts parts) {
    this.parts = parts;
  }

  /**
   * Goes on with a request for an address that nobody else uses: at once if the client had it last,
   * or else after a probe.
   *
   * @param free goes on
   * @param inUse goes on otherwise; not called where the client is only to be ignored
   */
  void whenFree(DhcpMessage request, Address address, Runnable free, Runnable inUse) {
    if (!parts.check().on()
        || (!parts.check().waits(address, request.client)
            && parts.table().familiar(address, request, parts.now()))) {
      free.run();
    } else if (parts.check().admits(address, request)) {
      parts.keeper().hold(request, address); // Nobody else is to be given it meanwhile.
      parts.check().check(address, request, new Takes(request, address, free, inUse));
    }
  }

  /** A client takes an address that it did not have last. */
  private final class Takes implements ConflictCheck.Verdict {
    private final DhcpMessage request;
    private final Address address;
    private final Runnable free;
    private final Runnable inUse;

    Takes(DhcpMessage request, Address address, Runnable free, Runnable inUse) {
      this.request = request;
      this.address = address;
      this.free = free;
      this.inUse = inUse;
    }

    @Override
    public boolean believes(long mac, Station from) {
      if (mac == request.mac) {
        return false; // It may still have the address from a server that forgot it.
      }
      String port = from.budget().name();
      boolean forAnother = answersForAnother(mac, port);
      if (forAnother || !trusts(port)) {
        parts.counters().count(DhcpCount.ANSWER_DISTRUSTED);
        from.budget().count(Excess.CONFLICTS);
        parts.log().log(
            Level.WARNING,
            "dhcp-probe-answer-ignored",
            port,
            line ->
                line.with("network", parts.network())
                    .with("port", port)
                    .with("mac", Ethernet.format(mac))
                    .with("address", address)
                    .with(
                        "cause",
                        forAnother
                            ? "the station has a lease of another address"
                            : "the port answers for too many addresses"));
        return false;
      }
      return true;
    }

    /** Whether the host has leases, and none for this address. */
    private boolean answersForAnother(long mac, String port) {
      boolean another = false;
      for (Lease lease : parts.table().byMac(mac)) {
        if (lease.isBehind(port)) {
          if (lease.address().equals(address)) {
            return false;
          }
          another = true;
        }
      }
      return another;
    }

    private boolean trusts(String port) {
      Lease lease = parts.table().at(address);
      return parts.table().shares().trusts(port)
          || (lease != null && lease.state() == Lease.State.DECLINED && lease.port().equals(port));
    }

    @Override
    public void free(long probedAt) {
      free.run();
    }

    @Override
    public void inUse(long mac, String port, boolean late) {
      Lease lease = parts.table().at(address);
      if (late && lease != null && lease.bound(parts.now())) {
        return; // Too late: now the client has to notice (section 4.4.1).
      }
      // Its client, and nobody else, is the station that has it already.
      parts.keeper().quarantine(address, ClientId.ofMac(mac), mac, port, "probe");
      if (!late) {
        inUse.run();
      }
    }
  }
}
