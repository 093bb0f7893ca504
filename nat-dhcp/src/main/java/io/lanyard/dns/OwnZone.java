package io.lanyard.dns;

import io.lanyard.dhcp.Lease;
import io.lanyard.dhcp.LeaseListener;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.NameTooLongException;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/**
 * The names that a network has itself: its domain, the reverse names of its subnet, and {@code
 * localhost}.
 *
 * <p>The zone is authoritative for all of its domain and subnet: what it does not know is denied,
 * and never asked upstream. Fixed names come before those of leases.
 *
 * <p>Thread: the network's loop only.
 */
final class OwnZone implements LeaseListener {
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

  private static final Name HOSTMASTER = Name.fromConstantString("hostmaster");
  private static final int REVERSE_LABELS = 3; // in-addr, arpa, and the root

  private final DnsSettings settings;
  private final Name domain;
  private final Name gateway;
  private final long ttl;
  private final Map<Name, Integer> fixed = new HashMap<>();
  private final Map<Integer, Name> fixedReverse = new HashMap<>();

  /** The addresses of wildcards (RFC 4592), by the name that the wildcard is below. */
  private final Map<Name, Integer> wild = new HashMap<>();

  private final Map<Name, Integer> leased = new HashMap<>();
  private final Map<Integer, Name> leasedReverse = new HashMap<>();

  /** Names that have none of their own records, but names below them: they exist (RFC 8020). */
  private final Set<Name> nonTerminals = new HashSet<>();

  OwnZone(DnsSettings settings) {
    this.settings = settings;
    this.ttl = settings.ownTtl().toSeconds();
    this.domain = absolute(settings.domain(), null);
    this.gateway = absolute("gateway", domain);
    fix(gateway, settings.gateway());
    if (settings.host() != null) {
      fix(absolute("host", domain), settings.host());
    }
    settings
        .hosts()
        .forEach(
            (name, address) -> fix(absolute(name, isBelowDomain(name) ? domain : null), address));
  }

  /** A name without a dot is the domain's, a wildcard's own dot not counted. */
  private static boolean isBelowDomain(String name) {
    return !(name.startsWith("*.") ? name.substring(2) : name).contains(".");
  }

  private static Name absolute(String name, @Nullable Name origin) {
    try {
      return Name.fromString(name, origin == null ? Name.root : origin);
    } catch (TextParseException e) {
      throw new IllegalArgumentException("not a domain name: " + name, e);
    }
  }

  private void fix(Name name, int address) {
    if (name.isWild()) {
      wild.put(new Name(name, 1), address);
    } else {
      fixed.putIfAbsent(name, address);
      fixedReverse.putIfAbsent(address, name);
    }
    for (int n = 1; name.subdomain(domain) && n < name.labels() - domain.labels(); n++) {
      nonTerminals.add(new Name(name, n));
    }
  }

  @Override
  public void leaseAdded(Lease lease) {
    String hostname = lease.hostname();
    if (hostname != null) {
      Name name = absolute(hostname, domain);
      leased.put(name, lease.address().ipv4());
      leasedReverse.put(lease.address().ipv4(), name);
    }
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
      leased.remove(name, lease.address().ipv4());
      leasedReverse.remove(lease.address().ipv4(), name);
    }
  }

  int size() {
    return fixed.size() + leased.size();
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
    Name name = asked.getName();
    if (name.subdomain(domain)) {
      return forward(query, asked, name, hosts);
    }
    if (name.subdomain(REVERSE)) {
      return reverse(query, asked, name, hosts);
    }
    if (name.subdomain(REVERSE6)) {
      Name target = hosts.reverse(name);
      return target == null
          ? localReverse(query, asked, name)
          : pointer(query, asked, name, target, name);
    }
    for (Name local : UNKNOWN_EVERYWHERE) {
      if (name.subdomain(local)) {
        return denial(query, Rcode.NXDOMAIN, local);
      }
    }
    if (name.subdomain(RESOLVER)) {
      return denial(query, Rcode.NOERROR, RESOLVER);
    }
    boolean address = isAddress(asked.getType());
    if (name.subdomain(LOCALHOST)) {
      return address ? localhost(query, asked) : denial(query, Rcode.NOERROR, LOCALHOST);
    }
    if (!address) {
      return null;
    }
    Message known =
        name.labels() == 2 ? bareLabel(query, asked, name) : elsewhere(query, asked, name);
    List<InetAddress> listed = known == null ? hosts.addresses(name) : null;
    return listed == null ? known : addresses(query, asked, listed, name);
  }

  /** A name of another domain, that the configuration has an address for. */
  private @Nullable Message elsewhere(Message query, Record asked, Name name) {
    Integer at = fixed.get(name);
    if (at == null) {
      at = wildcard(name);
    }
    return at == null ? null : addresses(query, asked, at, name);
  }

  /** The closest wildcard's address for a name that does not exist (RFC 4592 section 3.3.1). */
  private @Nullable Integer wildcard(Name name) {
    if (wild.isEmpty() || nonTerminals.contains(name)) {
      return null;
    }
    for (int n = 1; n < name.labels(); n++) {
      Name encloser = new Name(name, n);
      Integer at = wild.get(encloser);
      if (at != null) {
        return at;
      }
      if (lookup(encloser) != null || nonTerminals.contains(encloser)) {
        return null; // The closest name that exists has no wildcard below it.
      }
    }
    return null;
  }

  private static boolean isAddress(int type) {
    return type == Type.A || type == Type.AAAA || type == Type.ANY;
  }

  /** A guest's resolver without a search list asks for the first label alone. */
  private @Nullable Message bareLabel(Message query, Record asked, Name name) {
    try {
      Integer at = lookup(Name.concatenate(name.relativize(Name.root), domain));
      return at == null ? null : addresses(query, asked, at, domain);
    } catch (NameTooLongException e) {
      return null;
    }
  }

  private @Nullable Integer lookup(Name name) {
    Integer at = fixed.get(name);
    return at != null ? at : leased.get(name);
  }

  private Message forward(Message query, Record asked, Name name, HostsFile hosts) {
    Integer at = lookup(name);
    if (at != null) {
      return addresses(query, asked, at, domain);
    }
    if (name.equals(domain)) {
      return apex(query, asked);
    }
    List<InetAddress> listed = hosts.addresses(name);
    if (listed != null) {
      return addresses(query, asked, listed, domain);
    }
    Integer below = wildcard(name);
    if (below != null) {
      return addresses(query, asked, below, domain);
    }
    return denial(query, nonTerminals.contains(name) ? Rcode.NOERROR : Rcode.NXDOMAIN, domain);
  }

  private Message apex(Message query, Record asked) {
    int type = asked.getType();
    Message response = response(query, Rcode.NOERROR);
    if (type == Type.SOA || type == Type.ANY) {
      response.addRecord(soa(domain), Section.ANSWER);
    }
    if (type == Type.NS || type == Type.ANY) {
      response.addRecord(new NSRecord(domain, DClass.IN, ttl, gateway), Section.ANSWER);
    }
    return response.getSection(Section.ANSWER).isEmpty()
        ? denial(query, Rcode.NOERROR, domain)
        : response;
  }

  private Message addresses(Message query, Record asked, int address, Name zone) {
    return addresses(query, asked, List.of(inet(address)), zone);
  }

  /** Addresses, or that there is none of the type asked for: NODATA (RFC 2308 section 2.2). */
  private Message addresses(Message query, Record asked, List<InetAddress> all, Name zone) {
    int type = asked.getType();
    Message response = response(query, Rcode.NOERROR);
    boolean some = false;
    for (InetAddress each : all) {
      boolean four = each instanceof Inet4Address;
      if (isAddress(type) && type != (four ? Type.AAAA : Type.A)) {
        some = true;
        response.addRecord(
            four
                ? new ARecord(asked.getName(), DClass.IN, ttl, each)
                : new AAAARecord(asked.getName(), DClass.IN, ttl, each),
            Section.ANSWER);
      }
    }
    return some ? response : denial(query, Rcode.NOERROR, zone);
  }

  private Message localhost(Message query, Record asked) {
    // RFC 6761 section 6.3: a caching server answers itself, with the loopback address.
    Message response = response(query, Rcode.NOERROR);
    Name name = asked.getName();
    if (asked.getType() != Type.AAAA) {
      response.addRecord(new ARecord(name, DClass.IN, ttl, inet(0x7f000001)), Section.ANSWER);
    }
    if (asked.getType() != Type.A) {
      byte[] one = new byte[16];
      one[15] = 1;
      response.addRecord(new AAAARecord(name, DClass.IN, ttl, inet(one)), Section.ANSWER);
    }
    return response;
  }

  private @Nullable Message reverse(Message query, Record asked, Name name, HostsFile hosts) {
    Name listed = hosts.reverse(name);
    int octets = Math.min(name.labels() - REVERSE_LABELS, 4);
    int first = name.labels() - REVERSE_LABELS - octets;
    int address = 0;
    for (int i = 0; i < octets; i++) {
      int octet = octet(name.getLabelString(first + octets - 1 - i));
      if (octet < 0) {
        return localReverse(query, asked, name);
      }
      address |= octet << (24 - 8 * i);
    }
    if (octets == 0
        || 8 * octets < settings.subnet().prefix()
        || !settings.subnet().contains(address)) {
      // Not all of it is ours.
      return listed == null
          ? localReverse(query, asked, name)
          : pointer(query, asked, name, listed, name);
    }
    Name zone = new Name(name, first + Math.max(0, octets - 3));
    if (octets < 4) {
      return denial(query, Rcode.NOERROR, zone);
    }
    Name target = fixedReverse.get(address);
    if (target == null) {
      target = leasedReverse.getOrDefault(address, listed);
    }
    if (target == null || first > 0) {
      return denial(query, Rcode.NXDOMAIN, zone);
    }
    return pointer(query, asked, name, target, zone);
  }

  /** A name of an address that nobody else can know: RFC 6303 section 3. */
  private @Nullable Message localReverse(Message query, Record asked, Name name) {
    Name zone = LocalReverse.zoneOf(name);
    if (zone == null) {
      return null;
    }
    return LocalReverse.isLoopback(name)
        ? pointer(query, asked, name, LOCALHOST, zone)
        : denial(query, LocalReverse.isEmpty(name, zone) ? Rcode.NOERROR : Rcode.NXDOMAIN, zone);
  }

  private Message pointer(Message query, Record asked, Name name, Name target, Name zone) {
    if (asked.getType() != Type.PTR && asked.getType() != Type.ANY) {
      return denial(query, Rcode.NOERROR, zone);
    }
    Message response = response(query, Rcode.NOERROR);
    response.addRecord(new PTRRecord(name, DClass.IN, ttl, target), Section.ANSWER);
    return response;
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

  private Message denial(Message query, int rcode, Name zone) {
    Message response = response(query, rcode);
    response.addRecord(soa(zone), Section.AUTHORITY);
    return response;
  }

  /** A response with the authoritative bit, to which records are added. */
  private static Message response(Message query, int rcode) {
    Message response = new Message(query.getHeader().getID());
    Header header = response.getHeader();
    header.setFlag(Flags.QR);
    header.setFlag(Flags.AA);
    header.setFlag(Flags.RA);
    for (int flag : new int[] {Flags.RD, Flags.CD}) {
      if (query.getHeader().getFlag(flag)) {
        header.setFlag(flag);
      }
    }
    header.setRcode(rcode);
    response.addRecord(query.getSection(Section.QUESTION).getFirst(), Section.QUESTION);
    return response;
  }

  private SOARecord soa(Name zone) {
    // Nobody transfers this zone, so only the last field matters: how long a denial holds.
    return new SOARecord(
        zone,
        DClass.IN,
        ttl,
        gateway,
        absolute(HOSTMASTER.toString(), domain),
        1,
        3600,
        600,
        86400,
        ttl);
  }

  private static InetAddress inet(int address) {
    return inet(
        new byte[] {
          (byte) (address >>> 24), (byte) (address >>> 16), (byte) (address >>> 8), (byte) address
        });
  }

  private static InetAddress inet(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four or sixteen bytes are an address", e);
    }
  }
}
