package io.lanyard.dns;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * The messages of an authoritative server whose zones have addresses and names of addresses.
 *
 * <p>Thread: the network's loop only.
 */
final class OwnAnswers {
  /** How long guests may keep names of the network, which change with the leases, in seconds. */
  static final long TTL = 10;

  private final Name gateway;
  private final Name hostmaster;

  /**
   * Makes messages of one server.
   *
   * @param domain the zone whose hostmaster is named
   * @param gateway the server's name
   */
  OwnAnswers(Name domain, Name gateway) {
    this.gateway = gateway;
    this.hostmaster = OwnNames.absolute("hostmaster", domain);
  }

  static boolean isAddress(int type) {
    return type == Type.A || type == Type.AAAA || type == Type.ANY;
  }

  /** Addresses, or that there is none of the type asked for: NODATA (RFC 2308 section 2.2). */
  Message addresses(Message query, Record asked, List<InetAddress> all, Name zone) {
    int type = asked.getType();
    Message response = response(query, Rcode.NOERROR);
    boolean some = false;
    for (InetAddress each : all) {
      boolean four = each instanceof Inet4Address;
      if (isAddress(type) && type != (four ? Type.AAAA : Type.A)) {
        some = true;
        response.addRecord(
            four
                ? new ARecord(asked.getName(), DClass.IN, TTL, each)
                : new AAAARecord(asked.getName(), DClass.IN, TTL, each),
            Section.ANSWER);
      }
    }
    return some ? response : denial(query, Rcode.NOERROR, zone);
  }

  /**
   * Records of a name that the configuration has, of the type asked for.
   *
   * @param all the name's records
   * @return null where there is none of that type
   */
  @Nullable Message records(Message query, Record asked, List<Record> all) {
    Message response = response(query, Rcode.NOERROR);
    for (Record each : all) {
      if (each.getType() == asked.getType() || asked.getType() == Type.ANY) {
        response.addRecord(each, Section.ANSWER);
      }
    }
    return response.getSection(Section.ANSWER).isEmpty() ? null : response;
  }

  /**
   * A name that stands for another one.
   *
   * @param chain the aliases, one after the other
   * @param last the answer for the name at the end; null where it is none of the network's
   */
  Message alias(Message query, List<CNAMERecord> chain, @Nullable Message last) {
    Message response = response(query, last == null ? Rcode.NOERROR : last.getRcode());
    chain.forEach(each -> response.addRecord(each, Section.ANSWER));
    if (last != null) {
      for (int section : new int[] {Section.ANSWER, Section.AUTHORITY}) {
        last.getSection(section).forEach(each -> response.addRecord(each, section));
      }
    }
    return response;
  }

  /** The name of an address. */
  Message pointer(Message query, Record asked, Name name, Name target, Name zone) {
    if (asked.getType() != Type.PTR && asked.getType() != Type.ANY) {
      return denial(query, Rcode.NOERROR, zone);
    }
    Message response = response(query, Rcode.NOERROR);
    response.addRecord(new PTRRecord(name, DClass.IN, TTL, target), Section.ANSWER);
    return response;
  }

  /** The records of a zone's apex. */
  Message apex(Message query, Record asked, Name zone) {
    int type = asked.getType();
    Message response = response(query, Rcode.NOERROR);
    if (type == Type.SOA || type == Type.ANY) {
      response.addRecord(soa(zone), Section.ANSWER);
    }
    if (type == Type.NS || type == Type.ANY) {
      response.addRecord(new NSRecord(zone, DClass.IN, TTL, gateway), Section.ANSWER);
    }
    return response.getSection(Section.ANSWER).isEmpty()
        ? denial(query, Rcode.NOERROR, zone)
        : response;
  }

  /** That there is no such name (NXDOMAIN), or nothing of the type asked for (NOERROR). */
  Message denial(Message query, int rcode, Name zone) {
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
    return new SOARecord(zone, DClass.IN, TTL, gateway, hostmaster, 1, 3600, 600, 86400, TTL);
  }
}
