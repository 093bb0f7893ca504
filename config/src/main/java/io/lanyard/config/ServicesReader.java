package io.lanyard.config;

import io.lanyard.config.Form.Named;
import io.lanyard.config.NatConfig.Quotas;
import io.lanyard.config.NatConfig.Timeouts;
import io.lanyard.config.NetworkMode.Word;
import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Subnet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads what a network offers its guests: DHCP, DNS, NAT. */
final class ServicesReader {
  /** Names that the gateway answers for itself. */
  private static final Set<String> OWN_NAMES = Set.of("gateway", "host", "localhost");

  private final Fields network;
  private final Word mode;
  private final boolean hasIpv4;
  private final @Nullable Ipv4Config ipv4;
  private final @Nullable Ipv6Config ipv6;
  private final Fields dns;
  private final boolean dnsEnabled;

  /** The addresses of both families that reservations give names. */
  private final Map<String, List<Address>> reserved = new LinkedHashMap<>();

  /**
   * Makes one.
   *
   * @param hasIpv4 whether the network says IPv4 addresses
   * @param ipv4 the network's addresses, or null when they are wrong: what depends on them is not
   *     checked then
   * @param ipv6 its IPv6 addresses; null for none
   */
  ServicesReader(
      Fields network,
      Word mode,
      boolean hasIpv4,
      @Nullable Ipv4Config ipv4,
      @Nullable Ipv6Config ipv6) {
    this.network = network;
    this.mode = mode;
    this.hasIpv4 = hasIpv4;
    this.ipv4 = ipv4;
    this.ipv6 = ipv6;
    dns = network.mapping(GatewayConfig.Keys.DNS);
    dnsEnabled = dns.value(DnsConfig.Keys.ENABLED);
  }

  DhcpConfig dhcp() {
    Fields dhcp = network.mapping(GatewayConfig.Keys.DHCP);
    Duration lease = dhcp.value(DhcpConfig.Keys.LEASE_TIME);
    Duration least = dhcp.value(DhcpConfig.Keys.MIN_LEASE_TIME, DhcpConfig.Keys.usualLeast(lease));
    Duration most = dhcp.value(DhcpConfig.Keys.MAX_LEASE_TIME, DhcpConfig.Keys.usualMost(lease));
    if (least.compareTo(lease) > 0) {
      dhcp.problem(
          DhcpConfig.Keys.MIN_LEASE_TIME,
          "it is longer than the lease time of " + DurationText.format(lease));
    }
    if (most.compareTo(lease) < 0) {
      dhcp.problem(
          DhcpConfig.Keys.MAX_LEASE_TIME,
          "it is shorter than the lease time of " + DurationText.format(lease));
    }
    Dhcpv6Mode version6 = dhcpv6(dhcp);
    return new DhcpConfig(
        dhcp.value(DhcpConfig.Keys.ENABLED),
        lease,
        least,
        most,
        dhcp.value(DhcpConfig.Keys.CONFLICT_PROBE),
        dhcp.value(DhcpConfig.Keys.LEASES_PER_PORT, DhcpConfig.Keys.NO_LIMIT),
        version6,
        dhcp.value(DhcpConfig.Keys.AUTHORITATIVE),
        reservations(dhcp, version6),
        options(dhcp.mapping(DhcpConfig.Keys.OPTIONS)));
  }

  private Dhcpv6Mode dhcpv6(Fields dhcp) {
    Dhcpv6Mode mode = dhcp.value(DhcpConfig.Keys.IPV6, DhcpConfig.Keys.usualIpv6(ipv6 != null));
    if (ipv6 == null && mode != Dhcpv6Mode.OFF) {
      dhcp.problem(
          DhcpConfig.Keys.IPV6, "the network has no IPv6: say ipv6: on, or leave this out");
      return Dhcpv6Mode.OFF;
    }
    return mode;
  }

  private DhcpConfig.Options options(Fields options) {
    List<Address> gateway = ipv4 == null ? List.of() : List.of(ipv4.gateway());
    List<Address> routers = mode == Word.NAT ? gateway : List.of();
    List<Address> said = options.find(DhcpConfig.Options.Keys.DNS_SERVERS);
    List<Address> dnsServers = ofFamily(said, true);
    List<Address> usual = dnsEnabled ? gateway : List.of();
    return new DhcpConfig.Options(
        options.value(DhcpConfig.Options.Keys.ROUTERS, routers),
        dnsServers == null ? usual : dnsServers,
        ofFamily(said, false),
        options.value(DhcpConfig.Options.Keys.NTP_SERVERS),
        options.value(DhcpConfig.Options.Keys.DOMAIN_SEARCH),
        options.find(DhcpConfig.Options.Keys.BOOT_FILE),
        options.find(DhcpConfig.Options.Keys.NEXT_SERVER));
  }

  /** Those of one family that a list says; null if it says nothing about that family. */
  private static @Nullable List<Address> ofFamily(@Nullable List<Address> said, boolean ipv4) {
    if (said == null) {
      return null;
    }
    List<Address> some = said.stream().filter(each -> each.isIpv4() == ipv4).toList();
    return some.isEmpty() && !said.isEmpty() ? null : some;
  }

  private List<ReservationConfig> reservations(Fields dhcp, Dhcpv6Mode version6) {
    Key<MacAddress> macKey = ReservationConfig.Keys.MAC;
    Key<Address> addressKey = ReservationConfig.Keys.ADDRESS;
    Key<Address> ipv6Key = ReservationConfig.Keys.IPV6;
    Key<String> nameKey = ReservationConfig.Keys.HOSTNAME;
    List<ReservationConfig> reservations = new ArrayList<>();
    Claims claims = new Claims(dhcp.problems());
    for (Fields fields : dhcp.value(DhcpConfig.Keys.RESERVATIONS)) {
      MacAddress mac = fields.find(macKey);
      Address address = fields.find(addressKey);
      Address six = fields.find(ipv6Key);
      String hostname = fields.find(nameKey);
      if (mac != null) {
        claims.claim("the MAC address", mac, fields.pathOf(macKey), fields.placeOf(macKey));
      }
      if (address != null) {
        claims.claim("the address", address, fields.pathOf(addressKey), fields.placeOf(addressKey));
        checkReserved(fields, address);
      }
      if (six != null) {
        claims.claim("the address", six, fields.pathOf(ipv6Key), fields.placeOf(ipv6Key));
        checkReserved6(fields, six, version6);
      }
      if (hostname != null) {
        String path = fields.pathOf(nameKey);
        claims.claim("the name", hostname, path, fields.placeOf(nameKey));
        checkOwnName(fields.problems(), path, fields.placeOf(nameKey), hostname);
      }
      if (mac != null && (address != null || six != null)) {
        reservations.add(new ReservationConfig(mac, address, six, hostname));
        if (hostname != null) {
          reserved.putIfAbsent(hostname, Stream.of(address, six).filter(Objects::nonNull).toList());
        }
      }
    }
    return reservations;
  }

  private void checkReserved(Fields reservation, Address address) {
    Key<Address> key = ReservationConfig.Keys.ADDRESS;
    if (!hasIpv4) {
      reservation.problem(key, "the network has no ipv4; keep an IPv6 address with ipv6: ...");
    }
    if (ipv4 == null) {
      return;
    }
    if (!ipv4.subnet().isHost(address)) {
      reservation.problem(
          key, "expected an address of a host in " + ipv4.subnet() + ", found " + address);
    } else if (address.equals(ipv4.gateway())) {
      reservation.problem(key, address + " is the gateway's address");
    } else if (address.equals(ipv4.host())) {
      reservation.problem(key, address + " is the host's address");
    }
  }

  private void checkReserved6(Fields reservation, Address address, Dhcpv6Mode version6) {
    Key<Address> key = ReservationConfig.Keys.IPV6;
    Subnet subnet = ipv6 == null ? null : ipv6.subnet();
    if (version6 != Dhcpv6Mode.STATEFUL) {
      reservation.problem(
          key,
          "guests choose their IPv6 addresses themselves here; dhcp: {ipv6: stateful} gives them");
    } else if (subnet == null) {
      reservation.problem(
          key, "an IPv6 address needs a network that says its own: ipv6: {subnet: ...}");
    } else if (!subnet.isHost(address)) {
      reservation.problem(key, "expected an address of a host in " + subnet + ", found " + address);
    } else if (address.equals(Ipv6Config.gateway(subnet))) {
      reservation.problem(key, address + " is the gateway's address");
    } else if (address.equals(Ipv6Config.host(subnet))) {
      reservation.problem(key, address + " is the host's address");
    }
  }

  static void checkOwnName(Problems problems, String path, Place place, String name) {
    if (OWN_NAMES.contains(name)) {
      problems.add(place, path, "the gateway answers for the name " + name + " itself");
    }
  }

  DnsConfig dns() {
    Map<String, List<Address>> hosts = new LinkedHashMap<>();
    for (Named<List<Address>> host : dns.value(DnsConfig.Keys.HOSTS)) {
      host(host, hosts);
    }
    List<DnsRecord> records = new ArrayList<>();
    for (Fields fields : dns.value(DnsConfig.Keys.RECORDS)) {
      DnsRecord each = DnsRecord.Keys.read(fields);
      if (each != null) {
        record(each, fields, records, hosts);
      }
    }
    Map<String, List<DnsUpstream>> domains = new LinkedHashMap<>();
    for (Named<List<DnsUpstream>> each : dns.value(DnsConfig.Keys.DOMAINS)) {
      if (each.value() != null) {
        domains.put(each.name(), each.value());
      }
    }
    List<DnsUpstream> servers = dns.find(DnsConfig.Keys.UPSTREAMS);
    return new DnsConfig(
        dnsEnabled,
        dns.value(DnsConfig.Keys.DOMAIN),
        hosts,
        dns.value(DnsConfig.Keys.HOSTS_FILE),
        records,
        servers == null
            ? DnsConfig.Keys.usualUpstreams(mode)
            : servers.isEmpty() ? new DnsConfig.None() : new DnsConfig.Servers(servers),
        domains,
        dns.find(DnsConfig.Keys.AUTHORITIES),
        dns.value(DnsConfig.Keys.REBINDING_PROTECTION),
        dns.value(DnsConfig.Keys.REBINDING_EXCEPTIONS),
        dns.value(DnsConfig.Keys.SERVE_STALE),
        dns.find(DnsConfig.Keys.RATE_LIMIT),
        dns.value(DnsConfig.Keys.QUERY_LOG));
  }

  private void record(
      DnsRecord record, Fields fields, List<DnsRecord> records, Map<String, List<Address>> hosts) {
    Key<String> key = DnsRecord.Keys.NAME;
    String name = record.name();
    if (record.leads()) {
      checkOwnName(fields.problems(), fields.pathOf(key), fields.placeOf(key), name);
    }
    if (records.contains(record)) {
      fields.problem(key, "the same record is there twice");
      return;
    }
    // RFC 1034 section 3.6.2. A pointer's record is at its address.
    boolean isAlias = record.data() instanceof DnsRecord.Alias;
    boolean hasHost = hosts.containsKey(name) || reserved.containsKey(name);
    boolean hasOther =
        records.stream()
            .anyMatch(other ->
                other.name().equals(name)
                    && !(other.data() instanceof DnsRecord.Pointer)
                    && (isAlias || other.data() instanceof DnsRecord.Alias));
    if (!(record.data() instanceof DnsRecord.Pointer) && (hasOther || (isAlias && hasHost))) {
      fields.problem(key, "a name that is an alias has no other record; " + name + " has one");
    }
    records.add(record);
    if (leadsBack(record, records)) {
      fields.problem(DnsRecord.Keys.CNAME, "the alias leads back to itself");
    }
  }

  /** Whether the aliases that are there make a circle with the one that was added last. */
  private boolean leadsBack(DnsRecord last, List<DnsRecord> records) {
    Map<String, String> aliases = new LinkedHashMap<>();
    for (DnsRecord each : records) {
      if (each.data() instanceof DnsRecord.Alias(String target)) {
        aliases.put(absolute(each.name()), absolute(target));
      }
    }
    String name = absolute(last.name());
    String next = aliases.get(name);
    for (int i = 0; next != null && !next.equals(name) && i < records.size(); i++) {
      next = aliases.get(next);
    }
    return last.data() instanceof DnsRecord.Alias && name.equals(next);
  }

  /** A record's name without regard to case, as the name server has it. */
  private String absolute(String name) {
    String whole = name.endsWith(".") ? name : name + "." + dns.value(DnsConfig.Keys.DOMAIN) + ".";
    return whole.toLowerCase(Locale.ROOT);
  }

  private void host(Named<List<Address>> host, Map<String, List<Address>> hosts) {
    Problems problems = dns.problems();
    String name = host.name();
    checkOwnName(problems, host.path(), host.keyPlace(), name);
    List<Address> addresses = host.value();
    if (addresses == null) {
      return;
    }
    if (addresses.isEmpty()) {
      problems.add(host.place(), host.path(), "expected an address at least, found none");
      return;
    }
    if (Set.copyOf(addresses).size() < addresses.size()) {
      problems.add(host.place(), host.path(), "an address is there twice");
    }
    if (hosts.putIfAbsent(name, addresses) != null) {
      problems.add(
          host.keyPlace(), host.path(), "the name is there twice: case does not tell names apart");
    }
    for (Address other : reserved.getOrDefault(name, List.of())) {
      List<Address> like =
          addresses.stream().filter(each -> each.isIpv4() == other.isIpv4()).toList();
      if (!like.isEmpty() && !like.contains(other)) {
        problems.add(
            host.place(),
            host.path(),
            "expected "
                + other
                + ", which a reservation gives that name, found "
                + like.getFirst());
      }
    }
  }

  NatConfig nat(boolean hasHostAdapter) {
    Fields nat = network.mapping(NetworkMode.Nat.Keys.NAT);
    HostLoopback hostLoopback = nat.value(NatConfig.Keys.HOST_LOOPBACK);
    if (hostLoopback.enabled() && hasHostAdapter) {
      nat.problem(
          NatConfig.Keys.HOST_LOOPBACK,
          "the host's address belongs to the host adapter of this network: "
              + "leave out the one or the other");
    }
    return nat(nat, hostLoopback);
  }

  /** The NAT of a network whose file says nothing of it. */
  static NatConfig usualNat() {
    Fields none = Fields.none(NatConfig.Keys.SECTION);
    return nat(none, none.value(NatConfig.Keys.HOST_LOOPBACK));
  }

  private static NatConfig nat(Fields nat, HostLoopback hostLoopback) {
    return new NatConfig(
        nat.value(NatConfig.Keys.MAPPING),
        nat.value(NatConfig.Keys.FILTERING),
        hostLoopback,
        timeouts(nat.mapping(NatConfig.Keys.TIMEOUTS)),
        quotas(nat.mapping(NatConfig.Keys.QUOTAS)),
        outbound(nat.mapping(NatConfig.Keys.OUTBOUND)));
  }

  private static NatConfig.Outbound outbound(Fields outbound) {
    return new NatConfig.Outbound(
        outbound.find(NatConfig.Outbound.Keys.ADDRESS),
        outbound.find(NatConfig.Outbound.Keys.IPV6_ADDRESS),
        outbound.find(NatConfig.Outbound.Keys.INTERFACE));
  }

  private static Timeouts timeouts(Fields timeouts) {
    return new Timeouts(
        timeouts.value(Timeouts.Keys.TCP_CONNECT),
        timeouts.value(Timeouts.Keys.TCP_ESTABLISHED),
        timeouts.value(Timeouts.Keys.TCP_TRANSITORY),
        timeouts.value(Timeouts.Keys.UDP));
  }

  private static Quotas quotas(Fields quotas) {
    return new Quotas(
        quotas.value(Quotas.Keys.TCP_PER_GUEST),
        quotas.value(Quotas.Keys.TCP),
        quotas.value(Quotas.Keys.UDP_PER_GUEST),
        quotas.value(Quotas.Keys.UDP),
        quotas.value(Quotas.Keys.ICMP_PER_GUEST),
        quotas.value(Quotas.Keys.ICMP),
        quotas.given());
  }
}
