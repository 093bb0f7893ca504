package io.lanyard.dhcp;

import io.lanyard.base.Counters;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.dhcp.Dhcp6Message.Association;
import io.lanyard.dhcp.Lease.State;
import io.lanyard.nat.station.Offence;
import io.lanyard.net.Address;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Takes back the addresses that clients of DHCPv6 give up: RELEASE and DECLINE (RFC 8415 sections
 * 18.3.7 and 18.3.8).
 *
 * <p>What a client is known by was in its SOLICIT, which every guest has heard. So, as in IPv4, the
 * message must come from the MAC address and by the port of the lease.
 *
 * <p>Thread: the network's loop only.
 */
final class Dhcp6Returns {
  private final ServerParts parts;
  private final Counters<DhcpCount> counters;
  private final RateLimitedLog log;

  Dhcp6Returns(ServerParts parts) {
    this.parts = parts;
    this.counters = parts.counters();
    this.log = parts.log();
  }

  /**
   * Takes addresses back.
   *
   * @return the associations of which the server knows nothing
   */
  List<Dhcp6Outcome> take(Dhcp6Message request) {
    byte[] duid = Objects.requireNonNull(request.client, "checked before");
    List<Dhcp6Outcome> unknown = new ArrayList<>();
    for (Association asked : request.associations) {
      Dhcp6Client client = new Dhcp6Client(request, duid, asked.id());
      boolean known = false;
      for (Address address : asked.addresses()) {
        known |= take(client, address);
      }
      if (!known) {
        counters.count(DhcpCount.UNKNOWN_CLIENT);
        unknown.add(Dhcp6Outcome.refused(asked, Dhcp6Option.NO_BINDING));
      }
    }
    return unknown;
  }

  /** Takes one address back; false if the client does not have it. */
  private boolean take(Dhcp6Client client, Address address) {
    Lease lease = parts.table().at(address);
    boolean declines = client.message().type == Dhcp6Type.DECLINE;
    if (lease == null || !isGiven(lease, declines) || !isOf(lease, client)) {
      return false;
    }
    if (lease.mac() != client.mac() || !lease.isBehind(client.port())) {
      counters.count(DhcpCount.NOT_THE_HOLDER);
      client.budget().count(Offence.LEASES);
      log.log(
          Level.WARNING,
          "dhcp-impostor",
          client.port(),
          line ->
              lease.describe(
                  line.with("network", parts.network())
                      .with("by-port", client.port())
                      .with("type", client.kind())));
      return false;
    }
    if (!parts.keeper().mayWrite(client.budget())) {
      return true;
    }
    if (declines) {
      // No MAC address: the client found somebody there, and cannot be the one.
      parts.keeper().quarantine(address, lease.client(), 0, client.port(), "decline");
    } else {
      parts.keeper().giveBack(lease);
      log.log(
          Level.INFO,
          "lease-released",
          client.port(),
          line -> lease.describe(line.with("network", parts.network())));
    }
    return true;
  }

  private boolean isGiven(Lease lease, boolean offered) {
    return lease.bound(parts.now()) || (offered && lease.state() == State.OFFERED);
  }

  private static boolean isOf(Lease lease, Dhcp6Client client) {
    return lease.client().equals(client.client()) || lease.client().equals(client.byMac());
  }
}
