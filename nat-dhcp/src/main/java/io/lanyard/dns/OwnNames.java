package io.lanyard.dns;

import io.lanyard.config.Ipv4Config;
import io.lanyard.config.Ipv6Config;
import io.lanyard.dhcp.Lease;
import io.lanyard.dhcp.LeaseListener;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Name;
import org.xbill.DNS.TextParseException;

/**
 * The names that a network has itself, and their addresses: those of the configuration, which come
 * first, and those of leases.
 *
 * <p>Thread: the network's loop only.
 */
final class OwnNames implements LeaseListener {
  private Name domain;
  private Name gateway;
  private final Map<Name, List<Address>> fixed = new HashMap<>();
  private final Map<Address, Name> fixedReverse = new HashMap<>();

  /** The addresses of wildcards (RFC 4592), by the name that the wildcard is below. */
  private final Map<Name, List<Address>> wild = new HashMap<>();

  /** Names that the configuration gives to hosts, which no lease has. */
  private final Set<Name> hosts = new HashSet<>();

  /** Names of which the configuration's records say where they lead, whatever leases say. */
  private final Set<Name> leading = new HashSet<>();

  /** Names that have records beside addresses, so that no wildcard is for them (RFC 4592). */
  private final Set<Name> existing = new HashSet<>();

  private final Map<Name, Address> leased = new HashMap<>();
  private final Map<Name, Address> leased6 = new HashMap<>();
  private final Map<Address, Name> leasedReverse = new HashMap<>();

  /** Names that have none of their own records, but names below them: they exist (RFC 8020). */
  private final Set<Name> nonTerminals = new HashSet<>();

  /** The network's IPv6 subnet; null for none. */
  private final @Nullable Subnet ipv6;

  OwnNames(ZoneTerms terms, @Nullable Subnet ipv6) {
    this.ipv6 = ipv6;
    this.domain = absolute(terms.domain(), null);
    this.gateway = absolute("gateway", domain);
    fixAll(terms);
  }

  private void fixGateway(ZoneTerms terms, Address own, Address host) {
    fix(gateway, List.of(own));
    if (terms.answersForHost()) {
      fix(absolute("host", domain), List.of(host));
    }
  }

  private void fixAll(ZoneTerms terms) {
    Ipv4Config ipv4 = terms.ipv4();
    // Where there are both families, the IPv6 addresses are found beside those of IPv4.
    if (ipv4 != null) {
      fixGateway(terms, ipv4.gateway(), ipv4.host());
    } else if (ipv6 != null) {
      fixGateway(terms, Ipv6Config.gateway(ipv6), Ipv6Config.host(ipv6));
    }
    hosts.addAll(fixed.keySet());
    terms.hosts().forEach((name, its) -> fix(ofHost(name), its));
    terms.dns().hosts().keySet().forEach(name -> hosts.add(ofHost(name)));
  }

  /** Takes other fixed names, and perhaps another domain, in which leases keep their names. */
  void configure(ZoneTerms terms) {
    List<Map<Name, Address>> leases = List.of(Map.copyOf(leased), Map.copyOf(leased6));
    Name before = domain;
    domain = absolute(terms.domain(), null);
    gateway = absolute("gateway", domain);
    fixed.clear();
    fixedReverse.clear();
    hosts.clear();
    leading.clear();
    existing.clear();
    wild.clear();
    nonTerminals.clear();
    fixAll(terms);
    if (!domain.equals(before)) {
      leased.clear();
      leased6.clear();
      leasedReverse.clear();
      for (Map<Name, Address> family : leases) {
        family.forEach((name, address) -> lease(name.relativize(before).toString(true), address));
      }
    }
  }

  private Name ofHost(String name) {
    return absolute(name, isBelowDomain(name) ? domain : null);
  }

  /** A name without a dot is the domain's, a wildcard's own dot not counted. */
  private static boolean isBelowDomain(String name) {
    return !(name.startsWith("*.") ? name.substring(2) : name).contains(".");
  }

  static Name absolute(String name, @Nullable Name origin) {
    try {
      return Name.fromString(name, origin == null ? Name.root : origin);
    } catch (TextParseException e) {
      throw new IllegalArgumentException("not a domain name: " + name, e);
    }
  }

  private void fix(Name name, List<Address> addresses) {
    if (name.isWild()) {
      wild.put(new Name(name, 1), addresses);
    } else {
      fixed.putIfAbsent(name, addresses);
      addresses.forEach(each -> fixedReverse.putIfAbsent(each, name));
    }
    standsBelow(name);
  }

  /** Notes that the names above one of the domain exist. */
  void standsBelow(Name name) {
    for (int n = 1; name.subdomain(domain) && n < name.labels() - domain.labels(); n++) {
      nonTerminals.add(new Name(name, n));
    }
  }

  @Override
  public void leaseAdded(Lease lease) {
    String hostname = lease.hostname();
    if (hostname != null) {
      lease(hostname, lease.address());
    }
  }

  private void lease(String hostname, Address address) {
    Name name = absolute(hostname, domain);
    ofFamily(address).put(name, address);
    leasedReverse.put(address, name);
  }

  private Map<Name, Address> ofFamily(Address address) {
    return address.isIpv4() ? leased : leased6;
  }

  @Override
  public void leaseChanged(Lease before, Lease after) {
    leaseRemoved(before);
    leaseAdded(after);
  }

  @Override
  public void leaseRemoved(Lease lease) {
    String hostname = lease.hostname();
    if (hostname != null) {
      Name name = absolute(hostname, domain);
      ofFamily(lease.address()).remove(name, lease.address());
      leasedReverse.remove(lease.address(), name);
    }
  }

  /** The network's domain. */
  Name domain() {
    return domain;
  }

  /** The gateway's name, which serves the domain. */
  Name gateway() {
    return gateway;
  }

  int size() {
    return fixed.size() + leased.size();
  }

  /** The addresses that the configuration gives a name, wildcards aside. */
  List<Address> fixed(Name name) {
    return fixed.getOrDefault(name, List.of());
  }

  /**
   * The addresses of a name of the domain, wildcards aside: those of the configuration, and for a
   * family of which it has none that of a lease, unless the configuration says that the name is a
   * host's, or where it leads.
   */
  List<Address> addresses(Name name) {
    List<Address> said = fixed(name);
    if (hosts.contains(name) || leading.contains(name)) {
      return said;
    }
    List<Address> all = new ArrayList<>(said);
    for (Map<Name, Address> leases : List.of(leased, leased6)) {
      Address lease = leases.get(name);
      if (lease != null && said.stream().noneMatch(each -> each.isIpv4() == lease.isIpv4())) {
        all.add(lease);
      }
    }
    return all;
  }

  /** Notes that a name has records of its own. */
  void exists(Name name) {
    existing.add(name);
  }

  /** Has the configuration's records say where a name leads, and no lease. */
  void leads(Name name) {
    leading.add(name);
  }

  /** The addresses of a name of another domain, that the configuration gives. */
  List<Address> elsewhere(Name name) {
    List<Address> said = fixed(name);
    return said.isEmpty() ? wildcard(name) : said;
  }

  /** The closest wildcard's addresses for a name that does not exist (RFC 4592 section 3.3.1). */
  List<Address> wildcard(Name name) {
    if (wild.isEmpty() || nonTerminals.contains(name) || existing.contains(name)) {
      return List.of();
    }
    for (int n = 1; n < name.labels(); n++) {
      Name encloser = new Name(name, n);
      List<Address> its = wild.get(encloser);
      if (its != null) {
        return its;
      }
      if (!addresses(encloser).isEmpty()
          || nonTerminals.contains(encloser)
          || existing.contains(encloser)) {
        return List.of(); // The closest name that exists has no wildcard below it.
      }
    }
    return List.of();
  }

  /** Whether a name has none of its own records, but names below it. */
  boolean isNonTerminal(Name name) {
    return nonTerminals.contains(name);
  }

  /**
   * The name of an address; the other one if this network has none for it. A lease's name that
   * leads elsewhere, because the configuration gives it to a host, is not the lease's backwards.
   */
  @Nullable Name name(Address address, @Nullable Name other) {
    Name fixedName = fixedReverse.get(address);
    if (fixedName != null) {
      return fixedName;
    }
    Name name = leasedReverse.get(address);
    return name != null && addresses(name).contains(address) ? name : other;
  }
}
