package io.lanyard.dhcp;

import io.lanyard.config.ReservationConfig;
import io.lanyard.net.Address;
import io.lanyard.net.AddressRange;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Subnet;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one network's DHCP server. It speaks DHCPv4: all addresses are IPv4.
 *
 * @param subnet the network's subnet
 * @param server the server's own address: the gateway's
 * @param pool the addresses that any client may get
 * @param routers default routers (option 3); empty on a network without a way out
 * @param dnsServers name servers (option 6)
 * @param ntpServers time servers (option 42)
 * @param domain the network's domain (option 15); null for none
 * @param search domains to search (option 119, RFC 3397); empty to send none
 * @param bootFile what a client without a system loads (option 67 and the file field), in ASCII;
 *     null for nothing
 * @param nextServer where it loads that by TFTP (option 66 and the siaddr field); null for nowhere
 * @param mtu the network's MTU (option 26)
 * @param leaseTime lease time of a client that asks for none in particular
 * @param minLeaseTime the shortest that a client may ask for
 * @param maxLeaseTime the longest that a client may ask for
 * @param offerTime how long an offered address is held
 * @param declineTime how long an address that a client found in use stays out of the pool
 * @param reservations addresses kept for a MAC address
 * @param names names that MAC addresses have, whatever they call themselves; nobody else gets them
 * @param excluded addresses never given to anyone: the host's, static hosts'
 * @param leasesPerPort the most addresses of the pool that the clients behind one port of the
 *     switch have; an eighth of the pool is kept for ports that have none in any case
 * @param authoritative true if no other server is on the network: a client that comes back with an
 *     address that is free gets it, and one with an address that it cannot have is told so. False
 *     to be silent about unknown clients, as RFC 2131 section 4.3.2 demands where servers coexist
 */
public record DhcpSettings(
    Subnet subnet,
    Address server,
    AddressRange pool,
    List<Address> routers,
    List<Address> dnsServers,
    List<Address> ntpServers,
    @Nullable String domain,
    List<String> search,
    @Nullable String bootFile,
    @Nullable Address nextServer,
    int mtu,
    Duration leaseTime,
    Duration minLeaseTime,
    Duration maxLeaseTime,
    Duration offerTime,
    Duration declineTime,
    List<ReservationConfig> reservations,
    Map<Long, String> names,
    Set<Address> excluded,
    int leasesPerPort,
    boolean authoritative) {

  /** Checks everything, and says which setting is wrong. */
  public DhcpSettings {
    routers = List.copyOf(routers);
    dnsServers = List.copyOf(dnsServers);
    ntpServers = List.copyOf(ntpServers);
    search = List.copyOf(search);
    reservations = List.copyOf(reservations);
    names = Map.copyOf(names);
    excluded = Set.copyOf(excluded);
    require(subnet.isHost(server), "server", server + " is no host of " + subnet);
    require(
        subnet.isHost(pool.first()) && subnet.isHost(pool.last()),
        "pool",
        pool + " is no range in " + subnet);
    require(leasesPerPort >= 1, "leases per port", leasesPerPort + " is not 1 or more");
    require(mtu >= 576 && mtu <= 65535, "mtu", mtu + " is not 576 to 65535");
    require(
        minLeaseTime.toSeconds() >= 1
            && minLeaseTime.compareTo(leaseTime) <= 0
            && leaseTime.compareTo(maxLeaseTime) <= 0
            && maxLeaseTime.toSeconds() <= 0xffff_ffffL,
        "lease time",
        minLeaseTime + " <= " + leaseTime + " <= " + maxLeaseTime + " does not hold");
    Set<Address> addresses = new HashSet<>();
    Set<MacAddress> macs = new HashSet<>();
    for (ReservationConfig reservation : reservations) {
      Address address = reservation.address();
      require(
          subnet.isHost(address) && !address.equals(server),
          "reservation",
          address + " is no free host of " + subnet);
      require(addresses.add(address), "reservation", address + " is there twice");
      require(macs.add(reservation.mac()), "reservation", reservation.mac() + " is there twice");
    }
  }

  private static void require(boolean holds, String setting, String problem) {
    if (!holds) {
      throw new IllegalArgumentException("DHCP " + setting + ": " + problem);
    }
  }

  /**
   * Starts from what a network has unless it says otherwise: gateway {@code .2}, which is router
   * and name server too; a pool from the middle of the subnet to its end; leases of 30 minutes.
   *
   * @param subnet the network's subnet, with a prefix of at most 29
   * @return a builder
   */
  public static Builder builder(Subnet subnet) {
    return new Builder(subnet);
  }

  /** Collects settings. */
  public static final class Builder {
    private final Subnet subnet;
    private Address server;
    private AddressRange pool;
    private @Nullable List<Address> routers;
    private @Nullable List<Address> dnsServers;
    private List<Address> ntpServers = List.of();
    private @Nullable String domain;
    private List<String> search = List.of();
    private @Nullable String bootFile;
    private @Nullable Address nextServer;
    private int mtu = 1500;
    private Duration leaseTime = Duration.ofMinutes(30);
    private Duration minLeaseTime = Duration.ofMinutes(2);
    private Duration maxLeaseTime = Duration.ofDays(1);
    private Duration offerTime = Duration.ofSeconds(30);
    private Duration declineTime = Duration.ofMinutes(10);
    private List<ReservationConfig> reservations = List.of();
    private Map<Long, String> names = Map.of();
    private Set<Address> excluded = Set.of();
    private int leasesPerPort = Integer.MAX_VALUE;
    private boolean authoritative = true;

    private Builder(Subnet subnet) {
      this.subnet = subnet;
      this.server = subnet.at(2);
      long half = 1L << (31 - subnet.prefix());
      this.pool = new AddressRange(subnet.at(half), subnet.last().plus(-1));
    }

    /**
     * Sets the server's own address.
     *
     * @param value the address
     * @return this
     */
    public Builder server(Address value) {
      server = value;
      return this;
    }

    /**
     * Sets the dynamic pool.
     *
     * @param value its addresses
     * @return this
     */
    public Builder pool(AddressRange value) {
      pool = value;
      return this;
    }

    /**
     * Sets the default routers; the server itself unless set.
     *
     * @param value the addresses; empty for none
     * @return this
     */
    public Builder routers(List<Address> value) {
      routers = value;
      return this;
    }

    /**
     * Sets the name servers; the server itself unless set.
     *
     * @param value the addresses; empty for none
     * @return this
     */
    public Builder dnsServers(List<Address> value) {
      dnsServers = value;
      return this;
    }

    /**
     * Sets the time servers.
     *
     * @param value the addresses
     * @return this
     */
    public Builder ntpServers(List<Address> value) {
      ntpServers = value;
      return this;
    }

    /**
     * Sets the network's domain.
     *
     * @param value the domain without a final dot; null for none
     * @return this
     */
    public Builder domain(@Nullable String value) {
      domain = value;
      return this;
    }

    /**
     * Sets the domains to search.
     *
     * @param value the domains
     * @return this
     */
    public Builder search(List<String> value) {
      search = value;
      return this;
    }

    /**
     * Sets what a client without a system loads.
     *
     * @param file a URL or a file's name, in ASCII; null for nothing
     * @param server where from by TFTP; null for nowhere
     * @return this
     */
    public Builder boot(@Nullable String file, @Nullable Address server) {
      bootFile = file;
      nextServer = server;
      return this;
    }

    /**
     * Sets the MTU that clients are told.
     *
     * @param value bytes of IP packet
     * @return this
     */
    public Builder mtu(int value) {
      mtu = value;
      return this;
    }

    /**
     * Sets the lease time of a client that asks for none, and widens the bounds to hold it.
     *
     * @param value the time
     * @return this
     */
    public Builder leaseTime(Duration value) {
      leaseTime = value;
      minLeaseTime = value.compareTo(minLeaseTime) < 0 ? value : minLeaseTime;
      maxLeaseTime = value.compareTo(maxLeaseTime) > 0 ? value : maxLeaseTime;
      return this;
    }

    /**
     * Sets the bounds within which a client may choose.
     *
     * @param min the shortest lease
     * @param max the longest lease
     * @return this
     */
    public Builder leaseBounds(Duration min, Duration max) {
      minLeaseTime = min;
      maxLeaseTime = max;
      return this;
    }

    /**
     * Sets how long an offered address is held.
     *
     * @param value the time
     * @return this
     */
    public Builder offerTime(Duration value) {
      offerTime = value;
      return this;
    }

    /**
     * Sets how long a declined address stays out of the pool.
     *
     * @param value the time
     * @return this
     */
    public Builder declineTime(Duration value) {
      declineTime = value;
      return this;
    }

    /**
     * Sets the reservations.
     *
     * @param value the reservations
     * @return this
     */
    public Builder reservations(List<ReservationConfig> value) {
      reservations = value;
      return this;
    }

    /**
     * Sets the names that MAC addresses have.
     *
     * @param value the names by MAC address, in the low 48 bits
     * @return this
     */
    public Builder names(Map<Long, String> value) {
      names = value;
      return this;
    }

    /**
     * Sets the addresses that nobody gets.
     *
     * @param value the addresses
     * @return this
     */
    public Builder excluded(Set<Address> value) {
      excluded = value;
      return this;
    }

    /**
     * Sets the most addresses of the pool for the clients behind one port.
     *
     * @param value one or more
     * @return this
     */
    public Builder leasesPerPort(int value) {
      leasesPerPort = value;
      return this;
    }

    /**
     * Whether this server is the only one on the network.
     *
     * @param value see {@link DhcpSettings#authoritative}
     * @return this
     */
    public Builder authoritative(boolean value) {
      authoritative = value;
      return this;
    }

    /**
     * Checks the settings.
     *
     * @return the settings
     * @throws IllegalArgumentException naming the setting that is wrong
     */
    public DhcpSettings build() {
      return new DhcpSettings(
          subnet,
          server,
          pool,
          routers == null ? List.of(server) : routers,
          dnsServers == null ? List.of(server) : dnsServers,
          ntpServers,
          domain,
          search,
          bootFile,
          nextServer,
          mtu,
          leaseTime,
          minLeaseTime,
          maxLeaseTime,
          offerTime,
          declineTime,
          reservations,
          names,
          excluded,
          leasesPerPort,
          authoritative);
    }
  }
}
