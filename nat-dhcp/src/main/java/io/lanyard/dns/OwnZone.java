package io.lanyard.dns;

import io.lanyard.dhcp.Lease;
import io.lanyard.dhcp.LeaseListener;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.HashSet;
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
  private static final Name HOSTMASTER = Name.fromConstantString("hostmaster");
  private static final int REVERSE_LABELS = 3; // in-addr, arpa, and the root

  private final DnsSettings settings;
  private final Name domain;
  private final Name gateway;
  private final long ttl;
  private final Map<Name, Integer> fixed = new HashMap<>();
  private final Map<Integer, Name> fixedReverse = new HashMap<>();
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
            (name, address) -> fix(absolute(name, name.contains(".") ? null : domain), address));
  }

  private static Name absolute(String name, @Nullable Name origin) {
    try {
      return Name.fromString(name, origin == null ? Name.root : origin);
    } catch (TextParseException e) {
      throw new IllegalArgumentException("not a domain name: " + name, e);
    }
  }

  private void fix(Name name, int address) {
    fixed.putIfAbsent(name, address);
    fixedReverse.putIfAbsent(address, name);
    for (int n = 1; name.subdomain(domain) && n < name.labels() - domain.labels(); n++) {
      nonTerminals.add(new Name(name, n));
    }
  }

  @Override
  public void leaseAdded(Lease lease) {
    String hostname = lease.hostname();
    if (hostname != null) {
      Name name = absolute(hostname, domain);
      leased.put(name, lease.address());
      leasedReverse.put(lease.address(), name);
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
      leased.remove(name, lease.address());
      leasedReverse.remove(lease.address(), name);
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
   * @return the response, or null if upstream is to be asked
   */
  @Nullable Message answer(Message query, Record asked) {
    int dclass = asked.getDClass();
    if (dclass != DClass.IN && dclass != DClass.ANY) {
      return null;
    }
    Name name = asked.getName();
    if (name.subdomain(domain)) {
      return forward(query, asked, name, domain);
    }
    if (name.subdomain(REVERSE)) {
      return reverse(query, asked, name);
    }
    boolean address = isAddress(asked.getType());
    if (name.subdomain(LOCALHOST)) {
      return address ? localhost(query, asked) : denial(query, Rcode.NOERROR, LOCALHOST);
    }
    if (!address) {
      return null;
    }
    if (name.labels() == 2) {
      return bareLabel(query, asked, name);
    }
    Integer at = fixed.get(name);
    return at == null ? null : addresses(query, asked, at, name);
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

  private Message forward(Message query, Record asked, Name name, Name zone) {
    Integer at = lookup(name);
    if (at != null) {
      return addresses(query, asked, at, zone);
    }
    if (name.equals(domain)) {
      return apex(query, asked);
    }
    return denial(query, nonTerminals.contains(name) ? Rcode.NOERROR : Rcode.NXDOMAIN, zone);
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

  /** An address, or that there is none of the type asked for: NODATA (RFC 2308 section 2.2). */
  private Message addresses(Message query, Record asked, int address, Name zone) {
    if (asked.getType() == Type.AAAA || !isAddress(asked.getType())) {
      return denial(query, Rcode.NOERROR, zone);
    }
    Message response = response(query, Rcode.NOERROR);
    response.addRecord(new ARecord(asked.getName(), DClass.IN, ttl, inet(address)), Section.ANSWER);
    return response;
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

  private @Nullable Message reverse(Message query, Record asked, Name name) {
    int octets = Math.min(name.labels() - REVERSE_LABELS, 4);
    int first = name.labels() - REVERSE_LABELS - octets;
    int address = 0;
    for (int i = 0; i < octets; i++) {
      int octet = octet(name.getLabelString(first + octets - 1 - i));
      if (octet < 0) {
        return null;
      }
      address |= octet << (24 - 8 * i);
    }
    if (octets == 0
        || 8 * octets < settings.subnet().prefix()
        || !settings.subnet().contains(address)) {
      return null; // Not all of it is ours.
    }
    Name zone = new Name(name, first + Math.max(0, octets - 3));
    if (octets < 4) {
      return denial(query, Rcode.NOERROR, zone);
    }
    Name target = fixedReverse.get(address);
    if (target == null) {
      target = leasedReverse.get(address);
    }
    if (target == null || first > 0) {
      return denial(query, Rcode.NXDOMAIN, zone);
    }
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
