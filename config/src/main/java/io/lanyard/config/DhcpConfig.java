package io.lanyard.config;

import io.lanyard.net.Address;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A network's DHCP server.
 *
 * @param enabled whether there is one
 * @param leaseTime what a client gets that asks for nothing
 * @param minLeaseTime the least that a client gets
 * @param maxLeaseTime the most that a client gets
 * @param conflictProbe how long an address that is new to a client is looked for on the network
 *     before it is offered; zero not to look
 * @param leasesPerPort the most addresses of the pool that the clients behind one port have
 * @param authoritative whether it confirms and refuses addresses of clients that it does not know
 * @param reservations addresses kept for known clients
 * @param options what clients are told besides their address
 */
public record DhcpConfig(
    boolean enabled,
    Duration leaseTime,
    Duration minLeaseTime,
    Duration maxLeaseTime,
    Duration conflictProbe,
    int leasesPerPort,
    boolean authoritative,
    List<ReservationConfig> reservations,
    Options options) {
  /** Copies the list. */
  public DhcpConfig {
    reservations = List.copyOf(reservations);
  }

  /**
   * The options that clients get besides their address, mask, domain and MTU.
   *
   * @param routers default routers (option 3): the gateway unless said; empty for none, and by
   *     default on a network that leads nowhere
   * @param dnsServers name servers (option 6): the gateway unless said; empty for none
   * @param ntpServers time servers (option 42)
   * @param domainSearch domains to search (option 119)
   * @param bootFile what a client without a system loads: a URL, or a file's name at the next
   *     server (option 67 and the file field); null for nothing
   * @param nextServer where a boot file without a URL is loaded from by TFTP (option 66 and the
   *     siaddr field); null for nowhere
   */
  public record Options(
      List<Address> routers,
      List<Address> dnsServers,
      List<Address> ntpServers,
      List<String> domainSearch,
      @Nullable String bootFile,
      @Nullable Address nextServer) {
    /** Copies the lists. */
    public Options {
      routers = List.copyOf(routers);
      dnsServers = List.copyOf(dnsServers);
      ntpServers = List.copyOf(ntpServers);
      domainSearch = List.copyOf(domainSearch);
    }
  }
}
