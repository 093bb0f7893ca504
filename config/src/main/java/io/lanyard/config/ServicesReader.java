package io.lanyard.config;

import io.lanyard.config.NatConfig.Behaviour;
import io.lanyard.config.NatConfig.Quotas;
import io.lanyard.config.NatConfig.Timeouts;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.MacAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what a network offers its guests: DHCP, DNS, NAT. */
final class ServicesReader {
  /** Names that the gateway answers for itself. */
  private static final Set<String> OWN_NAMES = Set.of("gateway", "host", "localhost");

  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration YEAR = Duration.ofDays(365);

  private static final Duration DEFAULT_LEASE = Duration.ofMinutes(30);

  /**
   * Far more than a guest on the same host takes to answer ARP, and less than a client that boots
   * notices; one that is slower still is heard until the address is given.
   */
  private static final Duration DEFAULT_PROBE = Duration.ofMillis(200);

  /** Clients ask again after three to five seconds. */
  private static final Duration LONGEST_PROBE = Duration.ofSeconds(2);

  /** The addresses of the largest subnet, 10.0.0.0/8. */
  private static final int LARGEST_POOL = 1 << 24;

  private static final int NO_LIMIT = Integer.MAX_VALUE;

  private static final Kind<String> HOST_NAME =
      new Kind<>(
          "a host's name such as printer, printer.example or *.apps", ServicesReader::hostName);

  private static final Kind<Behaviour> FILTERING = Kind.oneOf(Behaviour.class);

  private static final Kind<Behaviour> MAPPING =
      new Kind<>(
          "endpoint-independent",
          text -> {
            Behaviour behaviour = FILTERING.parser().apply(text);
            if (behaviour != Behaviour.ENDPOINT_INDEPENDENT) {
              throw new IllegalArgumentException(
                  "other mappings are not supported by this version");
            }
            return behaviour;
          });

  private static String hostName(String text) {
    return text.startsWith("*.")
        ? "*." + Kind.DOMAIN.parser().apply(text.substring(2))
        : Kind.DOMAIN.parser().apply(text);
  }

  private final Fields network;
  private final @Nullable Ipv4Config ipv4;
  private final Map<String, Address> reserved = new LinkedHashMap<>();

  /**
   * Makes one.
   *
   * @param ipv4 the network's addresses, or null when they are wrong: what depends on them is not
   *     checked then
   */
  ServicesReader(Fields network, @Nullable Ipv4Config ipv4) {
    this.network = network;
    this.ipv4 = ipv4;
  }

  DhcpConfig dhcp(NetworkMode mode) {
    Fields dhcp = network.mapping("dhcp", Section.DHCP);
    List<Address> gateway = ipv4 == null ? List.of() : List.of(ipv4.gateway());
    List<Address> routers = mode == NetworkMode.NAT ? gateway : List.of();
    List<Address> dnsServers = network.turnsOff("dns") ? List.of() : gateway;
    if (dhcp == null) {
      return new DhcpConfig(
          true,
          DEFAULT_LEASE,
          Duration.ofMinutes(2),
          Duration.ofDays(1),
          DEFAULT_PROBE,
          NO_LIMIT,
          true,
          List.of(),
          new DhcpConfig.Options(routers, dnsServers, List.of(), List.of(), null, null));
    }
    Duration lease = dhcp.duration("lease-time", SECOND, YEAR, DEFAULT_LEASE);
    Duration least =
        dhcp.duration("min-lease-time", SECOND, YEAR, shorter(lease, Duration.ofMinutes(2)));
    Duration most =
        dhcp.duration("max-lease-time", SECOND, YEAR, longer(lease, Duration.ofDays(1)));
    if (least.compareTo(lease) > 0) {
      dhcp.problem("min-lease-time", "it is longer than the lease time of " + text(lease));
    }
    if (most.compareTo(lease) < 0) {
      dhcp.problem("max-lease-time", "it is shorter than the lease time of " + text(lease));
    }
    Duration probe = dhcp.duration("conflict-probe", Duration.ZERO, LONGEST_PROBE, DEFAULT_PROBE);
    int perPort = dhcp.number("leases-per-port", 1, LARGEST_POOL, NO_LIMIT);
    boolean authoritative = dhcp.flag("authoritative", true);
    boolean enabled = dhcp.flag("enabled", true);
    List<ReservationConfig> reservations = reservations(dhcp);
    return new DhcpConfig(
        enabled,
        lease,
        least,
        most,
        probe,
        perPort,
        authoritative,
        reservations,
        options(dhcp, routers, dnsServers));
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private static Duration longer(Duration a, Duration b) {
    return a.compareTo(b) > 0 ? a : b;
  }

  private static String text(Duration duration) {
    return DurationText.format(duration);
  }

  private static DhcpConfig.Options options(
      Fields dhcp, List<Address> routers, List<Address> dnsServers) {
    Fields options = dhcp.mapping("options", Section.DHCP_OPTIONS);
    if (options == null) {
      return new DhcpConfig.Options(routers, dnsServers, List.of(), List.of(), null, null);
    }
    return new DhcpConfig.Options(
        options.values("routers", Kind.ADDRESS, routers),
        options.values("dns-servers", Kind.ADDRESS, dnsServers),
        options.values("ntp-servers", Kind.ADDRESS, List.of()),
        options.values("domain-search", Kind.DOMAIN, List.of()),
        options.value("boot-file", Kind.BOOT_FILE),
        options.value("next-server", Kind.ADDRESS));
  }

  private List<ReservationConfig> reservations(Fields dhcp) {
    List<ReservationConfig> reservations = new ArrayList<>();
    Claims claims = new Claims(dhcp.problems());
    dhcp.items(
        "reservations",
        (path, node) -> {
          Fields fields =
              Fields.open(dhcp.problems(), Section.RESERVATION, path, node.place(), node);
          if (fields == null) {
            return;
          }
          MacAddress mac = fields.value("mac", Kind.MAC);
          Address address = fields.value("address", Kind.ADDRESS);
          String hostname = fields.value("hostname", Kind.LABEL);
          if (mac != null) {
            claims.claim("the MAC address", mac, path + ".mac", fields.placeOf("mac"));
          }
          if (address != null) {
            claims.claim("the address", address, path + ".address", fields.placeOf("address"));
            checkReserved(fields, address);
          }
          if (hostname != null) {
            claims.claim("the name", hostname, path + ".hostname", fields.placeOf("hostname"));
            checkOwnName(
                fields.problems(), path + ".hostname", fields.placeOf("hostname"), hostname);
          }
          if (mac != null && address != null) {
            reservations.add(new ReservationConfig(mac, address, hostname));
            if (hostname != null) {
              reserved.putIfAbsent(hostname, address);
            }
          }
        });
    return reservations;
  }

  private void checkReserved(Fields reservation, Address address) {
    if (ipv4 == null) {
      return;
    }
    if (!ipv4.subnet().isHost(address)) {
      reservation.problem(
          "address", "expected an address of a host in " + ipv4.subnet() + ", found " + address);
    } else if (address.equals(ipv4.gateway())) {
      reservation.problem("address", address + " is the gateway's address");
    } else if (address.equals(ipv4.host())) {
      reservation.problem("address", address + " is the host's address");
    }
  }

  static void checkOwnName(Problems problems, String path, Place place, String name) {
    if (OWN_NAMES.contains(name)) {
      problems.add(place, path, "the gateway answers for the name " + name + " itself");
    }
  }

  DnsConfig dns(NetworkMode mode) {
    Fields dns = network.mapping("dns", Section.DNS);
    // A question that is passed on leaves the network: a host-only one does so only when told to.
    DnsConfig.Upstreams usual =
        mode == NetworkMode.NAT ? new DnsConfig.OfHost() : new DnsConfig.None();
    if (dns == null) {
      return new DnsConfig(true, "lan", Map.of(), true, usual);
    }
    Map<String, Address> hosts = new LinkedHashMap<>();
    dns.named(
        "hosts",
        HOST_NAME,
        (name, entry) -> {
          String path = Fields.join(dns.path() + ".hosts", entry.key());
          checkOwnName(dns.problems(), path, entry.keyPlace(), name);
          Address address = Fields.value(dns.problems(), path, entry.value(), Kind.ADDRESS);
          if (address == null) {
            return;
          }
          if (hosts.putIfAbsent(name, address) != null) {
            dns.problems()
                .add(
                    entry.keyPlace(),
                    path,
                    "the name is there twice: case does not tell names apart");
          }
          Address other = reserved.getOrDefault(name, address);
          if (!other.equals(address)) {
            dns.problems()
                .add(
                    entry.value().place(),
                    path,
                    "expected "
                        + other
                        + ", which a reservation gives that name, found "
                        + address);
          }
        });
    return new DnsConfig(
        dns.flag("enabled", true),
        dns.value("domain", Kind.DOMAIN, "lan"),
        hosts,
        dns.flag("hosts-file", true),
        dns.has("upstreams") ? upstreams(dns) : usual);
  }

  private static DnsConfig.Upstreams upstreams(Fields dns) {
    List<Endpoint> servers = dns.values("upstreams", Kind.UPSTREAM, List.of());
    return servers.isEmpty() ? new DnsConfig.None() : new DnsConfig.Servers(servers);
  }

  NatConfig nat(boolean hasHostAdapter) {
    Fields nat = network.mapping("nat", Section.NAT);
    if (nat == null) {
      return new NatConfig(
          Behaviour.ENDPOINT_INDEPENDENT,
          Behaviour.ADDRESS_DEPENDENT,
          HostLoopback.NONE,
          timeouts(null),
          quotas(null));
    }
    HostLoopback hostLoopback = EgressReader.hostLoopback(nat);
    if (hostLoopback.enabled() && hasHostAdapter) {
      nat.problem(
          "host-loopback",
          "the host's address belongs to the host adapter of this network: "
              + "leave out the one or the other");
    }
    return new NatConfig(
        nat.value("mapping", MAPPING, Behaviour.ENDPOINT_INDEPENDENT),
        nat.value("filtering", FILTERING, Behaviour.ADDRESS_DEPENDENT),
        hostLoopback,
        timeouts(nat.mapping("timeouts", Section.TIMEOUTS)),
        quotas(nat.mapping("quotas", Section.QUOTAS)));
  }

  private static Timeouts timeouts(@Nullable Fields fields) {
    return new Timeouts(
        timeout(fields, "tcp-connect", Duration.ofSeconds(60)),
        timeout(fields, "tcp-established", Duration.ofSeconds(7500)),
        timeout(fields, "tcp-transitory", Duration.ofMinutes(4)),
        timeout(fields, "udp", Duration.ofMinutes(5)));
  }

  private static Duration timeout(@Nullable Fields fields, String key, Duration otherwise) {
    return fields == null ? otherwise : fields.duration(key, SECOND, YEAR, otherwise);
  }

  private static Quotas quotas(@Nullable Fields fields) {
    return new Quotas(
        quota(fields, "tcp-per-guest", 4096),
        quota(fields, "tcp", 16_384),
        quota(fields, "udp-per-guest", 16_384),
        quota(fields, "udp", 65_536),
        quota(fields, "icmp-per-guest", 128),
        quota(fields, "icmp", 1024),
        fields == null ? Set.of() : fields.keys());
  }

  private static int quota(@Nullable Fields fields, String key, int otherwise) {
    return fields == null ? otherwise : fields.number(key, 0, 1 << 20, otherwise);
  }
}
