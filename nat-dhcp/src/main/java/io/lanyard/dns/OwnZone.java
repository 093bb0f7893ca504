package io.lanyard.dns;

import io.lanyard.dhcp.LeaseListener;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.net.InetAddress;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.NameTooLongException;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * The names that a network answers itself: its domain, the reverse names of its subnet, and {@code
 * localhost}.
 *
 * <p>The zone is authoritative for all of its domain and subnet: what it does not know is denied,
 * and never asked upstream. Fixed names come before those of leases.
 *
 * <p>Thread: the network's loop only.
 */
final class OwnZone {
  private static final Name LOCALHOST = Name.fromConstantString("localhost.");
  private static final Name REVERSE = Name.fromConstantString("in-addr.arpa.");
  private static final Name REVERSE6 = Name.fromConstantString("ip6.arpa.");

  /** Top-level domains that no name server has (RFC 6761 section 6.4, RFC 7686 section 2). */
  private static final List<Name> UNKNOWN_EVERYWHERE =
      List.of(Name.fromConstantString("invalid."), Name.fromConstantString("onion."));

  /**
   * Where a client asks its resolver for an encrypted way to it. What the resolver behind us says
   * there is true of that one only, so it is not asked, and there is none (RFC 9462 section 6.1).
   */
  private static final Name RESOLVER = Name.fromConstantString("resolver.arpa.");

  private static final int REVERSE_LABELS = 3; // in-addr, arpa, and the root

  /** Both, in the order of {@link Address#LOOPBACK_IPV4} and {@link Address#LOOPBACK_IPV6}. */
  private static final List<InetAddress> LOOPBACK =
      List.of(Address.LOOPBACK_IPV4.toInetAddress(), Address.LOOPBACK_IPV6.toInetAddress());

  private final @Nullable Subnet subnet;
  private final OwnNames names;
  private final Ipv6Names ipv6;
  private OwnAnswers answers;
  private OwnRecords records;
  private Name domain;

  OwnZone(ZoneTerms terms, Ipv6Names ipv6) {
    this.ipv6 = ipv6;
    subnet = terms.subnet();
    names = new OwnNames(terms, ipv6.subnet());
    domain = names.domain();
    answers = new OwnAnswers(domain, names.gateway());
    records = records(terms);
  }

  private OwnRecords records(ZoneTerms terms) {
    OwnRecords made = new OwnRecords(terms.dns().records(), domain);
    made.names().forEach(names::standsBelow);
    made.owners().forEach(names::exists);
    for (Name each : made.leading()) {
      names.leads(each);
      names.fixed(each).reversed().forEach(address -> made.join(each, address));
    }
    return made;
  }

  /** Takes other fixed names, and perhaps another domain; names of leases stay. */
  void configure(ZoneTerms terms) {
    names.configure(terms);
    domain = names.domain();
    answers = new OwnAnswers(domain, names.gateway());
    records = records(terms);
  }

  /** Hears of the leases, whose names are the zone's. */
  LeaseListener names() {
    return names;
  }

  int size() {
    return names.size() + records.size();
  }

  /**
   * Answers a query if it is this network's to answer.
   *
   * @param query a query with one question
   * @param asked the question
   * @param hosts further names, that come after the network's own
   * @return the response, or null if upstream is to be asked
   */
  @Nullable Message answer(Message query, Record asked, HostsFile hosts) {
    int dclass = asked.getDClass();
    if (dclass != DClass.IN && dclass != DClass.ANY) {
      return null;
    }
    if (records.isEmpty()) {
      return hosts(query, asked, hosts);
    }
    Name name = asked.getName();
    List<Record> all = recordsOf(name);
    List<CNAMERecord> chain = records.aliases(all);
    if (!chain.isEmpty() && asked.getType() != Type.CNAME && asked.getType() != Type.ANY) {
      Name target = chain.getLast().getTarget();
      Record again = Record.newRecord(target, asked.getType(), DClass.IN);
      return answers.alias(query, chain, named(query, again, records.of(target), hosts));
    }
    return named(query, asked, all, hosts);
  }

  /**
   * The name of others that an answer of the zone leads to: it has aliases alone, and what they
   * stand for is known elsewhere (RFC 1034 section 4.3.2, step 3a).
   *
   * @param own an answer of {@link #answer}
   * @return null where the answer is whole
   */
  static @Nullable Name onward(Message own) {
    List<Record> answer = own.getSection(Section.ANSWER);
    int type = own.getQuestion().getType();
    boolean isWhole =
        answer.isEmpty()
            || type == Type.CNAME
            || type == Type.ANY
            || !own.getSection(Section.AUTHORITY).isEmpty();
    return !isWhole && answer.getLast() instanceof CNAMERecord last ? last.getTarget() : null;
  }

  private List<Record> recordsOf(Name name) {
    List<Record> all = records.of(name);
    if (!all.isEmpty() || name.labels() != 2) {
      return all;
    }
    try {
      return records.ofLabel(Name.concatenate(name.relativize(Name.root), domain), name);
    } catch (NameTooLongException e) {
      return all;
    }
  }

  /** The answer for a name that is no alias, and perhaps none of the network's. */
  private @Nullable Message named(Message query, Record asked, List<Record> all, HostsFile hosts) {
    Message listed = answers.records(query, asked, all);
    if (listed != null) {
      return listed;
    }
    Name name = asked.getName();
    Message other = hosts(query, asked, hosts);
    // The name exists, whatever the type.
    return !all.isEmpty() && (other == null || other.getRcode() == Rcode.NXDOMAIN)
        ? answers.denial(query, Rcode.NOERROR, name.subdomain(domain) ? domain : name)
        : other;
  }

  /** The same from the names that have addresses. */
  private @Nullable Message hosts(Message query, Record asked, HostsFile hosts) {
    Name name = asked.getName();
    if (name.subdomain(domain)) {
      return forward(query, asked, name, hosts);
    }
    if (name.subdomain(REVERSE)) {
      return reverse(query, asked, name, hosts);
    }
    if (name.subdomain(REVERSE6)) {
      Subnet prefix = ipv6.subnet();
      Name zone = prefix == null ? null : Ipv6Reverse.zone(prefix);
      if (zone != null && name.subdomain(zone)) {
        return reverse6(query, asked, name, zone, hosts);
      }
      Name target = hosts.reverse(name);
      return target == null
          ? localReverse(query, asked, name)
          : answers.pointer(query, asked, name, target, name);
    }
    for (Name local : UNKNOWN_EVERYWHERE) {
      if (name.subdomain(local)) {
        return answers.denial(query, Rcode.NXDOMAIN, local);
      }
    }
    if (name.subdomain(RESOLVER)) {
      return answers.denial(query, Rcode.NOERROR, RESOLVER);
    }
    if (name.subdomain(LOCALHOST)) {
      // RFC 6761 section 6.3: a caching server answers itself, with the loopback address.
      return answers.addresses(query, asked, LOOPBACK, LOCALHOST);
    }
    if (!OwnAnswers.isAddress(asked.getType())) {
      return null;
    }
    Message known =
        name.labels() == 2
            ? bareLabel(query, asked, name, hosts)
            : addresses(query, asked, names.elsewhere(name), name);
    List<InetAddress> listed = known == null ? hosts.addresses(name) : null;
    return listed == null ? known : answers.addresses(query, asked, listed, name);
  }

  /**
   * A guest's resolver without a search list asks for the first label alone. A name that the host's
   * file has is no guest's to take: what guests call themselves comes after it here.
   */
  private @Nullable Message bareLabel(Message query, Record asked, Name name, HostsFile hosts) {
    try {
      Name full = Name.concatenate(name.relativize(Name.root), domain);
      boolean isListed = names.fixed(full).isEmpty() && hosts.addresses(name) != null;
      return isListed ? null : addresses(query, asked, names.addresses(full), domain);
    } catch (NameTooLongException e) {
      return null;
    }
  }

  private Message forward(Message query, Record asked, Name name, HostsFile hosts) {
    Message known = addresses(query, asked, names.addresses(name), domain);
    if (known != null) {
      return known;
    }
    if (name.equals(domain)) {
      return answers.apex(query, asked, domain);
    }
    List<InetAddress> listed = hosts.addresses(name);
    if (listed != null) {
      return answers.addresses(query, asked, listed, domain);
    }
    Message below = addresses(query, asked, names.wildcard(name), domain);
    return below != null
        ? below
        : answers.denial(query, names.isNonTerminal(name) ? Rcode.NOERROR : Rcode.NXDOMAIN, domain);
  }

  /** An answer with the addresses that a name has; null where it has none at all. */
  private @Nullable Message addresses(Message query, Record asked, List<Address> its, Name zone) {
    return its.isEmpty()
        ? null
        : answers.addresses(query, asked, bothFamilies(its, asked.getType()), zone);
  }

  /**
   * A name's addresses. Where IPv6 is asked for and the name has none, those of the host that has
   * the one of IPv4.
   */
  private List<InetAddress> bothFamilies(List<Address> its, int type) {
    Set<Address> all = new LinkedHashSet<>(its);
    if (type != Type.A && its.stream().allMatch(Address::isIpv4)) {
      its.forEach(each -> all.addAll(ipv6.beside(each)));
    }
    return all.stream().map(Address::toInetAddress).toList();
  }

  /** The names of the network's IPv6 subnet, which nobody else can know. */
  private Message reverse6(Message query, Record asked, Name name, Name zone, HostsFile hosts) {
    Address address = Ipv6Reverse.address(name);
    if (address == null) {
      boolean above = name.labels() < Ipv6Reverse.LABELS;
      return answers.denial(query, above ? Rcode.NOERROR : Rcode.NXDOMAIN, zone);
    }
    Address ipv4 = ipv6.ipv4Beside(address);
    Name listed = hosts.reverse(name);
    Name beside = ipv4 == null ? listed : names.name(ipv4, listed);
    Name target = names.name(address, beside);
    return target == null
        ? answers.denial(query, Rcode.NXDOMAIN, zone)
        : answers.pointer(query, asked, name, target, zone);
  }

  private @Nullable Message reverse(Message query, Record asked, Name name, HostsFile hosts) {
    Name listed = hosts.reverse(name);
    int octets = Math.min(name.labels() - REVERSE_LABELS, 4);
    int first = name.labels() - REVERSE_LABELS - octets;
    int bits = 0;
    for (int i = 0; i < octets; i++) {
      int octet = octet(name.getLabelString(first + octets - 1 - i));
      if (octet < 0) {
        return localReverse(query, asked, name);
      }
      bits |= octet << (24 - 8 * i);
    }
    Address address = Address.ofIpv4(bits);
    Subnet own = subnet;
    if (octets == 0 || own == null || 8 * octets < own.prefix() || !own.contains(address)) {
      // Not all of it is ours.
      return listed == null
          ? localReverse(query, asked, name)
          : answers.pointer(query, asked, name, listed, name);
    }
    Name zone = new Name(name, first + Math.max(0, octets - 3));
    if (octets < 4) {
      return answers.denial(query, Rcode.NOERROR, zone);
    }
    Name target = names.name(address, listed);
    if (target == null || first > 0) {
      return answers.denial(query, Rcode.NXDOMAIN, zone);
    }
    return answers.pointer(query, asked, name, target, zone);
  }

  /** A name of an address that nobody else can know: RFC 6303 section 3. */
  private @Nullable Message localReverse(Message query, Record asked, Name name) {
    Name zone = LocalReverse.zoneOf(name);
    if (zone == null) {
      return null;
    }
    return LocalReverse.isLoopback(name)
        ? answers.pointer(query, asked, name, LOCALHOST, zone)
        : answers.denial(
            query, LocalReverse.isEmpty(name, zone) ? Rcode.NOERROR : Rcode.NXDOMAIN, zone);
  }

  private static int octet(String label) {
    int value = 0;
    for (int i = 0; i < label.length(); i++) {
      int digit = label.charAt(i) - '0';
      if (digit < 0 || digit > 9 || i > 2) {
        return -1;
      }
      value = value * 10 + digit;
    }
    return value <= 255 ? value : -1;
  }
}
