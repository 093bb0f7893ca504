package io.lanyard.config;

import io.lanyard.net.Address;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A network's DHCP server, of both families.
 *
 * @param enabled whether there is one
 * @param leaseTime what a client gets that asks for nothing
 * @param minLeaseTime the least that a client gets
 * @param maxLeaseTime the most that a client gets
 * @param conflictProbe how long an address that is new to a client is looked for on the network
 *     before it is offered; zero not to look
 * @param leasesPerPort the most addresses of the pool that the clients behind one port have
 * @param ipv6 how it serves IPv6; off where the network has none
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
    Dhcpv6Mode ipv6,
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
   * @param dnsServers name servers of IPv4 (option 6): the gateway unless said; empty for none
   * @param ipv6DnsServers those of IPv6 (DHCPv6's option 23, and router advertisements); empty for
   *     none, null for the gateway where it answers DNS
   * @param ntpServers time servers of both families (option 42, and DHCPv6's 56)
   * @param domainSearch domains to search (option 119)
   * @param bootFile what a client without a system loads: a URL, or a file's name at the next
   *     server (option 67 and the file field); null for nothing
   * @param nextServer where a boot file without a URL is loaded from by TFTP (option 66 and the
   *     siaddr field); null for nowhere
   */
  public record Options(
      List<Address> routers,
      List<Address> dnsServers,
      @Nullable List<Address> ipv6DnsServers,
      List<Address> ntpServers,
      List<String> domainSearch,
      @Nullable String bootFile,
      @Nullable Address nextServer) {
    /** Copies the lists. */
    public Options {
      routers = List.copyOf(routers);
      dnsServers = List.copyOf(dnsServers);
      ipv6DnsServers = ipv6DnsServers == null ? null : List.copyOf(ipv6DnsServers);
      ntpServers = List.copyOf(ntpServers);
      domainSearch = List.copyOf(domainSearch);
    }

    /**
     * The time servers of one family.
     *
     * @param ipv4 whether those of IPv4
     * @return their addresses
     */
    public List<Address> ntpServers(boolean ipv4) {
      return ntpServers.stream().filter(each -> each.isIpv4() == ipv4).toList();
    }

    /** The keys of {@code dhcp.options}. */
    static final class Keys {
      /** A router advertisement has room for them all. */
      private static final int MOST_SERVERS = 16;

      /** One DHCP option holds it. */
      private static final int LONGEST_FILE = 255;

      /** Boot ROMs know nothing but ASCII. */
      private static final Kind<String> FILE =
          Kind.of(
              "boot-file",
              "a URL or a file's name of at most " + LONGEST_FILE + " ASCII characters",
              "^[!-~]{1," + LONGEST_FILE + "}$",
              Keys::file,
              "http://192.168.127.9/boot.ipxe",
              "boot.ipxe");

      static final Key<List<Address>> ROUTERS =
          Key.optional(
              "routers",
              new Form.ListOf<>(Kind.ADDRESS),
              "the gateway; none on a host-only network",
              "Default routers.");

      static final Key<List<Address>> DNS_SERVERS =
          Key.optional(
              "dns-servers",
              new Form.ListOf<>(Kind.ADDRESS_OF_EITHER, MOST_SERVERS, "addresses"),
              "the gateway; none where dns is not enabled",
              "Name servers. Where only those of one family are said, the other has its default; an"
                  + " empty list is none of either.");

      static final Key<List<Address>> NTP_SERVERS =
          Key.defaulted(
              "ntp-servers",
              new Form.ListOf<>(Kind.ADDRESS_OF_EITHER, MOST_SERVERS, "addresses"),
              List.of(),
              "Time servers, of either family.");

      static final Key<List<String>> DOMAIN_SEARCH =
          Key.defaulted(
              "domain-search", new Form.ListOf<>(Kind.DOMAIN), List.of(), "Domains to search.");

      static final Key<String> BOOT_FILE =
          Key.optional(
              "boot-file",
              FILE,
              "none",
              "The file that a guest without a system loads: a URL, which iPXE understands, or a"
                  + " file's name at the next server.");

      static final Key<Address> NEXT_SERVER =
          Key.optional(
              "next-server", Kind.ADDRESS, "none", "The TFTP server that has the boot file.");

      static final Section SECTION =
          Section.of(
              "dhcp-options",
              "The options that clients get besides address, mask, domain and MTU.",
              ROUTERS,
              DNS_SERVERS,
              NTP_SERVERS,
              DOMAIN_SEARCH,
              BOOT_FILE,
              NEXT_SERVER);

      private Keys() {}

      private static String file(String text) {
        if (text.isEmpty() || text.length() > LONGEST_FILE) {
          throw new IllegalArgumentException(Kind.why(text, LONGEST_FILE));
        }
        if (text.chars().anyMatch(c -> c <= ' ' || c > '~')) {
          throw new IllegalArgumentException("a character of it is not allowed");
        }
        return text;
      }
    }
  }

  /** The keys of {@code dhcp}. */
  static final class Keys {
    /** The addresses of the largest subnet, 10.0.0.0/8. */
    private static final int LARGEST_POOL = 1 << 24;

    /** The default of {@link #LEASES_PER_PORT}. */
    static final int NO_LIMIT = Integer.MAX_VALUE;

    private static final Duration USUAL_LEAST = Duration.ofMinutes(2);
    private static final Duration USUAL_MOST = Duration.ofDays(1);

    /** Clients ask again after three to five seconds. */
    private static final Duration LONGEST_PROBE = Duration.ofSeconds(2);

    /**
     * Far more than a guest on the same host takes to answer ARP, and less than a client that boots
     * notices; one that is slower still is heard until the address is given.
     */
    private static final Duration USUAL_PROBE = Duration.ofMillis(200);

    private static final Form<Duration> LEASE =
        new Form.Within<>(Kind.DURATION, Duration.ofSeconds(1), Duration.ofDays(365));

    static final Key<Boolean> ENABLED =
        Key.defaulted("enabled", new Form.Flag(), true, "Whether there is one.");

    static final Key<Duration> LEASE_TIME =
        Key.defaulted(
            "lease-time",
            LEASE,
            Duration.ofMinutes(30),
            "The lease of a client that asks for none.");

    static final Key<Duration> MIN_LEASE_TIME =
        Key.optional(
            "min-lease-time",
            LEASE,
            DurationText.format(USUAL_LEAST) + ", or the lease time if that is shorter",
            "The shortest lease that a client gets.");

    static final Key<Duration> MAX_LEASE_TIME =
        Key.optional(
            "max-lease-time",
            LEASE,
            DurationText.format(USUAL_MOST) + ", or the lease time if that is longer",
            "The longest lease that a client gets.");

    static final Key<Duration> CONFLICT_PROBE =
        Key.defaulted(
            "conflict-probe",
            new Form.Within<>(Kind.DURATION, Duration.ZERO, LONGEST_PROBE),
            USUAL_PROBE,
            "How long an address that is new to a client is looked for on the network (ARP) before"
                + " it is offered; 0s not to look.");

    static final Key<Integer> LEASES_PER_PORT =
        Key.optional(
            "leases-per-port",
            new Form.Whole(1, LARGEST_POOL),
            "no limit",
            "The most addresses of the pool that the clients behind one port have. In any case an"
                + " eighth of the pool is kept for ports that have fewer than four, and half of"
                + " that for ports that have none.");

    static final Key<Dhcpv6Mode> IPV6 =
        Key.optional(
            "ipv6",
            Choice.of(Dhcpv6Mode.class),
            "stateless; off where the network has no IPv6",
            "DHCPv6 (RFC 8415). off: none; guests make their addresses themselves. stateless: the"
                + " same, and guests that ask are told name servers and domains. stateful: guests"
                + " have leases, from ::1000 to ::1fff of the subnet or reserved, and make no"
                + " addresses of their own; Android has no client for this.");

    static final Key<Boolean> AUTHORITATIVE =
        Key.defaulted(
            "authoritative",
            new Form.Flag(),
            true,
            "Whether a client that this server does not know has its address confirmed if it is"
                + " free, and refused if not; false to be silent (RFC 2131 section 4.3.2), where"
                + " another DHCP server is on the network.");

    static final Key<List<Fields>> RESERVATIONS =
        Key.defaulted(
            "reservations",
            new Form.ListOf<>(ReservationConfig.Keys.SECTION),
            List.of(),
            "Addresses kept for known clients.");

    static final Key<Fields> OPTIONS = Key.mapping("options", Options.Keys.SECTION);

    static final Section SECTION =
        Section.of(
            "dhcp",
            "The DHCP server.",
            ENABLED,
            LEASE_TIME,
            MIN_LEASE_TIME,
            MAX_LEASE_TIME,
            CONFLICT_PROBE,
            LEASES_PER_PORT,
            IPV6,
            AUTHORITATIVE,
            RESERVATIONS,
            OPTIONS);

    private Keys() {}

    /** The default of {@link #IPV6}. */
    static Dhcpv6Mode usualIpv6(boolean hasIpv6) {
      return hasIpv6 ? Dhcpv6Mode.STATELESS : Dhcpv6Mode.OFF;
    }

    /** The default of {@link #MIN_LEASE_TIME}. */
    static Duration usualLeast(Duration lease) {
      return lease.compareTo(USUAL_LEAST) < 0 ? lease : USUAL_LEAST;
    }

    /** The default of {@link #MAX_LEASE_TIME}. */
    static Duration usualMost(Duration lease) {
      return lease.compareTo(USUAL_MOST) > 0 ? lease : USUAL_MOST;
    }
  }
}
